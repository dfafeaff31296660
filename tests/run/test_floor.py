"""The floor of a score: a constant answer, from the labels that are scored."""

from __future__ import annotations

from contextlib import nullcontext

import pytest

from isogloss.common.distributed import ALONE
from isogloss.examples import Choice, Example, LabelledText, Question, TaggedSentence
from isogloss.recipe.names import TASKS
from isogloss.run.evaluation import Evaluator

TAGGED = [("NOUN", "NOUN"), ("DET", "NOUN", "VERB")]
CHUNKS = [("O", "B-PER"), ("O", "O")]


def text(label: str) -> LabelledText:
    return LabelledText("1", "en", "a", None, label)


@pytest.mark.parametrize(
    ("task", "labels", "examples", "metric", "floor"),
    [
        ("pos", (), [TaggedSentence("1", "en", ("a",) * len(t), t, "p", 1) for t in TAGGED], "accuracy", 3 / 5),
        ("ner", (), [TaggedSentence("1", "en", ("a",) * len(t), t, "p", 1) for t in CHUNKS], "f1", 0.0),
        ("topic", ("a", "b"), [text("a"), text("b"), text("b")], "accuracy", 2 / 3),
        # F1 of b is 2 · (2/3 · 1) / (5/3) = 0.8, of a 0.
        ("topic", ("a", "b"), [text("a"), text("b"), text("b")], "macro_f1", 0.4),
        ("choice", (), [Choice("1", "en", "c", "q", ("x", "y"), one) for one in "011"], "accuracy", 2 / 3),
    ],
)
def test_the_most_frequent_label_is_always_answered(
    task: str, labels: tuple[str, ...], examples: list[Example], metric: str, floor: float
):
    evaluator = Evaluator(TASKS[task].build(labels), None, 32, 4, nullcontext, ALONE)
    assert evaluator.floor(examples)[metric] == pytest.approx(floor)


def test_answers_in_a_text_have_no_constant():
    evaluator = Evaluator(TASKS["qa"].build(()), None, 32, 4, nullcontext, ALONE)
    assert evaluator.floor([Question("1", "en", "en", "q", "context", (("context", 0),))]) == {}

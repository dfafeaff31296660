"""Scores from sums over examples are those of the libraries and scripts, to the last bit."""

from __future__ import annotations

import random
import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
import seqeval.metrics
import sklearn.metrics

from isogloss.examples import Prediction
from isogloss.tasks import Classification, MultipleChoice, Spans, Task, named_entities, part_of_speech

POS = ("NOUN", "VERB", "SYM", "SCONJ", "DET")
ENTITIES = ("O", "B-PER", "I-PER", "B-LOC", "I-LOC")
LABELS = ("a", "b", "c", "d")
SEEDS = range(10)


def tagged(generator: random.Random, tags: Sequence[str]) -> tuple[list[Prediction], list[Prediction]]:
    gold = [tuple(generator.choice(tags) for _ in range(generator.randint(1, 12))) for _ in range(30)]
    guess = [tuple(tag if generator.random() < 0.7 else generator.choice(tags) for tag in one) for one in gold]
    return list(gold), list(guess)


def labelled(generator: random.Random) -> tuple[list[Prediction], list[Prediction]]:
    # The last label is neither gold nor predicted.
    gold = [generator.choice(LABELS[:3]) for _ in range(30)]
    return list(gold), [label if generator.random() < 0.7 else generator.choice(LABELS[:3]) for label in gold]


def answered(generator: random.Random) -> tuple[list[Prediction], list[Prediction]]:
    words = ("der", "Hund", "des", "Königs", "bellt", "1984")
    text = lambda: " ".join(generator.choices(words, k=generator.randint(1, 4)))  # noqa: E731
    return [(text(), text()) for _ in range(30)], [text() for _ in range(30)]


@pytest.mark.parametrize("seed", SEEDS)
def test_tags(seed: int):
    gold, guess = tagged(random.Random(seed), ENTITIES)
    lists = [[list(tags) for tags in side] for side in (gold, guess)]
    assert named_entities().score(gold, guess) == {
        "f1": seqeval.metrics.f1_score(*lists),
        "precision": seqeval.metrics.precision_score(*lists),
        "recall": seqeval.metrics.recall_score(*lists),
        "accuracy": seqeval.metrics.accuracy_score(*lists),
    }
    gold, guess = tagged(random.Random(seed), POS)
    lists = [[[("S-" if tag[0] == "S" else "I-") + tag for tag in tags] for tags in side] for side in (gold, guess)]
    assert part_of_speech().score(gold, guess) == {
        "accuracy": seqeval.metrics.accuracy_score(*lists),
        "f1_xtreme": seqeval.metrics.f1_score(*lists),
    }


@pytest.mark.parametrize("seed", SEEDS)
def test_labels(seed: int):
    gold, guess = labelled(random.Random(seed))
    accuracy = sklearn.metrics.accuracy_score(gold, guess)
    macro = sklearn.metrics.f1_score(gold, guess, labels=list(LABELS), average="macro", zero_division=0)
    assert Classification("topic", LABELS).score(gold, guess) == {"accuracy": accuracy, "macro_f1": macro}
    assert MultipleChoice("choice").score(gold, guess) == {"accuracy": accuracy}


CASES = [
    (part_of_speech(POS), lambda generator: tagged(generator, POS)),
    (named_entities(ENTITIES), lambda generator: tagged(generator, ENTITIES)),
    (Classification("topic", LABELS), labelled),
    (MultipleChoice("choice"), labelled),
    (Spans("qa"), answered),
]


@pytest.mark.parametrize(("task", "draw"), CASES, ids=[task.name for task, _ in CASES])
def test_sums_weighted_by_how_often_an_example_is_drawn_are_scores_of_the_draw(task: Task, draw: Any):
    gold, guess = draw(random.Random(0))
    drawn = np.random.default_rng(0).integers(len(gold), size=(3, len(gold)))
    weights = np.stack([np.bincount(row, minlength=len(gold)) for row in drawn])
    measures = task.measures("de")
    assert tuple(measures) == task.metrics
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        expected = [task.score([gold[i] for i in row], [guess[i] for i in row], "de") for row in drawn]
        for name, measure in measures.items():
            found = measure.score(weights @ measure.counts(gold, guess))
            assert found.tolist() == pytest.approx([scores[name] for scores in expected], rel=1e-12)
            assert len(set(found.tolist())) > 1

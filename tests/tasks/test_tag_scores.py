from __future__ import annotations

import random

import pytest
from seqeval.metrics import f1_score

from isogloss.tasks import entity_scores, token_scores
from isogloss.tasks.tag_scores import f1_xtreme

UNIVERSAL = (
    "ADJ ADP ADV AUX CCONJ DET INTJ NOUN NUM PART PRON PROPN PUNCT SCONJ SYM VERB X".split()  # noqa: SIM905
)


def old_chunks(sentences: list[list[str]]) -> set[tuple[str, int, int]]:
    """The chunk rule of seqeval 0.0.12: prefix is the first letter, type is what follows the last hyphen."""
    tags = [tag for sentence in sentences for tag in [*sentence, "O"]]
    chunks, begin, last, last_type = set(), 0, "O", ""
    for i, tag in enumerate([*tags, "O"]):
        prefix, kind = tag[0], tag.split("-")[-1]
        ends = last in "ES" or (last in "BI" and prefix in "BSO") or (last not in "O." and last_type != kind)
        begins = prefix in "BS" or (last in "ESO" and prefix in "EI") or (prefix not in "O." and last_type != kind)
        if ends:
            chunks.add((last_type, begin, i - 1))
        if begins:
            begin = i
        last, last_type = prefix, kind
    return chunks


def old_f1(gold: list[list[str]], predicted: list[list[str]]) -> float:
    truth, guess = old_chunks(gold), old_chunks(predicted)
    correct = len(truth & guess)
    precision = correct / len(guess) if guess else 0
    recall = correct / len(truth) if truth else 0
    return 2 * precision * recall / (precision + recall) if precision + recall else 0


@pytest.mark.parametrize(
    ("gold", "predicted", "expected"),
    [
        ("NOUN VERB", "NOUN VERB", 1.0),
        ("NOUN VERB", "VERB NOUN", 0.0),
        ("DET NOUN NOUN", "DET NOUN VERB", 0.4),  # 1 of 2 gold chunks, 1 of 3 predicted
        ("NOUN NOUN NOUN", "NOUN NOUN NOUN", 1.0),
        ("SYM SYM", "SYM SYM", 1.0),
        ("SYM SYM", "SYM NOUN", 0.5),  # two chunks each, one right
        ("INTJ INTJ", "INTJ NOUN", 0.0),  # one gold chunk, two predicted, none right
        ("SCONJ SCONJ NOUN", "SCONJ SYM NOUN", 2 / 3),
    ],
)
def test_xtreme_f1_by_hand(gold: str, predicted: str, expected: float) -> None:
    assert f1_xtreme([gold.split()], [predicted.split()]) == pytest.approx(expected)


def test_chunks_do_not_cross_sentences() -> None:
    assert f1_xtreme([["NOUN"], ["NOUN"]], [["NOUN"], ["VERB"]]) == pytest.approx(0.5)


@pytest.mark.parametrize("seed", range(20))
def test_xtreme_f1_is_that_of_the_old_rule(seed: int) -> None:
    generator = random.Random(seed)
    few = [*generator.sample(UNIVERSAL, 4), "SYM", "INTJ"]
    gold = [[generator.choice(few) for _ in range(generator.randint(1, 12))] for _ in range(8)]
    predicted = [[tag if generator.random() < 0.7 else generator.choice(few) for tag in tags] for tags in gold]
    assert f1_xtreme(gold, predicted) == pytest.approx(old_f1(gold, predicted), abs=1e-12)


@pytest.mark.filterwarnings("ignore:.*seems not to be NE tag:UserWarning")
@pytest.mark.parametrize(
    ("gold", "predicted", "old", "new"),
    [
        ("NOUN CCONJ NOUN SCONJ VERB", "NOUN SCONJ NOUN SCONJ VERB", 0.8, 1.0),  # both are of type CONJ
        ("CCONJ SCONJ VERB", "VERB SCONJ VERB", 2 / 3, 0.8),  # gold: three chunks, or two, the CCONJ being lost
        ("DET NOUN NOUN", "DET NOUN VERB", 0.4, 0.4),
    ],
)
def test_bare_tags_in_the_newer_seqeval_are_another_score(gold: str, predicted: str, old: float, new: float) -> None:
    """What XTREME's evaluation gives depends on the seqeval beside it; ours is that of 0.0.12."""
    tags = [gold.split()], [predicted.split()]
    assert f1_xtreme(*tags) == pytest.approx(old) == old_f1(*tags)
    assert f1_score(*tags) == pytest.approx(new)


def test_token_scores() -> None:
    scores = token_scores.compute([("DET", "NOUN", "NOUN")], [("DET", "NOUN", "VERB")])
    assert tuple(scores) == token_scores.metrics == ("accuracy", "f1_xtreme")
    assert scores == {"accuracy": pytest.approx(2 / 3), "f1_xtreme": pytest.approx(0.4)}


def test_entity_scores() -> None:
    gold = [("B-PER", "I-PER", "O", "B-LOC"), ("O", "B-ORG")]
    predicted = [("B-PER", "I-PER", "O", "O"), ("B-LOC", "B-ORG")]
    scores = entity_scores.compute(gold, predicted)
    assert tuple(scores) == entity_scores.metrics
    expected = {"f1": 2 / 3, "precision": 2 / 3, "recall": 2 / 3, "accuracy": 4 / 6}
    assert scores == {name: pytest.approx(value) for name, value in expected.items()}


def test_an_inside_tag_without_a_beginning_begins_an_entity() -> None:
    assert entity_scores.compute([("B-PER", "O")], [("I-PER", "O")])["f1"] == 1.0


def test_no_entities_at_all_score_zero_without_a_warning() -> None:
    scores = entity_scores.compute([("O", "O")], [("O", "O")])
    assert scores == {"f1": 0.0, "precision": 0.0, "recall": 0.0, "accuracy": 1.0}


def test_tags_that_are_no_entities_do_not_warn() -> None:
    assert 0 <= entity_scores.compute([("B-PER", "X")], [("B-PER", "O")])["f1"] <= 1

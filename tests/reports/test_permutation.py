"""Permutation tests: exact on small numbers, and of the stated level on simulated data."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from isogloss.common.errors import IsoglossError
from isogloss.reports.permutation import p_of_signs, p_of_swaps, swapped
from isogloss.reports.resampling import Counted
from isogloss.tasks import entity_scores

IDS = tuple(f"{number:03}" for number in range(40))


def accuracy(sums: np.ndarray) -> np.ndarray:
    found: np.ndarray = sums[..., 0] / len(IDS)
    return found


def test_swaps_of_three_sentences_are_all_there_are():
    ids, score = ("a", "b", "c"), entity_scores.measures["f1"].score
    one, other = np.array([[2, 2, 3], [0, 1, 1], [1, 1, 1]]), np.array([[1, 2, 3], [1, 1, 1], [0, 0, 1]])
    expected = set()
    for swaps in itertools.product((False, True), repeat=3):
        mine = np.where(np.array(swaps)[:, None], other, one).sum(axis=0)
        rest = np.where(np.array(swaps)[:, None], one, other).sum(axis=0)
        expected.add(round(float(score(mine) - score(rest)), 9))
    found = swapped({0: (Counted(ids, one, score), Counted(ids, other, score))}, draws=300)[0]
    assert {round(value, 9) for value in found.tolist()} == expected


def test_swaps_that_give_the_real_difference_again_are_as_large():
    """Answers are right in part, and half of the swaps of the two that differ change the sign alone, or nothing."""
    shares = np.random.default_rng(3).random((40, 1))
    other = shares.copy()
    other[:2] *= 0.7
    one, worse = Counted(IDS, shares, accuracy), Counted(IDS, other, accuracy)
    real = float(accuracy(shares.sum(axis=0)) - accuracy(other.sum(axis=0)))
    assert p_of_swaps(real, swapped({0: (one, worse)}, draws=2000)[0]) == pytest.approx(0.5, abs=0.04)


def test_pairs_of_the_same_sentences_are_swapped_together():
    random = np.random.default_rng(0)
    one, other = (Counted(IDS, random.integers(2, size=(40, 1)), accuracy) for _ in range(2))
    elsewhere = Counted(tuple(f"x{own}" for own in IDS), one.counts, accuracy)
    pairs = {
        "there": (one, other),
        "back": (other, one),
        "else": (elsewhere, Counted(elsewhere.ids, other.counts, accuracy)),
    }
    found = swapped(pairs, draws=50)
    assert (found["there"] == -found["back"]).all()
    assert (found["there"] != found["else"]).any()
    assert (swapped(pairs, draws=50)["there"] == found["there"]).all()
    assert (swapped(pairs, draws=50, seed=1)["there"] != found["there"]).any()


def test_other_sentences_are_refused():
    one = Counted(("a",), np.array([[1]]), accuracy)
    with pytest.raises(IsoglossError, match="same sentences, but those of k differ"):
        swapped({"k": (one, Counted(("b",), np.array([[1]]), accuracy))})
    with pytest.raises(IsoglossError, match="at least 1, found 0"):
        swapped({"k": (one, one)}, draws=0)


def test_signs_are_counted_exactly():
    assert p_of_signs(np.array([1.0, 2.0, 3.0])) == 2 / 8
    assert (
        p_of_signs(np.array([1.0, -1.0, 0.5, 0.5]))
        == 1.0 - sum(abs(a - b + c / 2 + d / 2) < 1 - 1e-9 for a, b, c, d in itertools.product((1, -1), repeat=4)) / 16
    )
    assert 0 < p_of_signs(np.ones(20)) < 0.001


def test_the_level_is_the_stated_one():
    random = np.random.default_rng(2)
    # Sentences of shared difficulty, three seeds that agree on most of them.
    difficulty = random.normal(1, 2, (300, 1, 1, 40)) + random.normal(0, 1, (300, 2, 1, 40))
    right = (random.random((300, 2, 3, 40)) < 1 / (1 + np.exp(-difficulty))).astype(np.int64)
    scored = [[[Counted(IDS, own[:, None], accuracy) for own in method] for method in one] for one in right]
    pairs = {(e, s): (scored[e][0][s], scored[e][1][s]) for e in range(300) for s in range(3)}
    found = swapped(pairs, draws=400)
    real = (right[:, 0] - right[:, 1]).mean(axis=(1, 2))
    p = [p_of_swaps(real[e], np.mean([found[e, s] for s in range(3)], axis=0)) for e in range(300)]
    # Two standard errors of 0.05 over 300 experiments are 0.025.
    assert 0.015 <= np.mean(np.array(p) <= 0.05) <= 0.075

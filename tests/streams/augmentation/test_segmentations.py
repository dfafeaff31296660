"""All ways to cut a word, enumerated, have the probabilities that they are drawn with."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator

import numpy as np
import pytest

from isogloss.streams.augmentation.subword_sampling import Segmentations

SCORES = {"a": -2.0, "b": -1.5, "c": -2.5, "ab": -1.0, "bc": -3.0, "abc": -4.0, "ca": -0.5}


def _all(word: str) -> Iterator[tuple[str, ...]]:
    if not word:
        yield ()
    for stop in range(1, len(word) + 1):
        if word[:stop] in SCORES:
            yield from ((word[:stop], *rest) for rest in _all(word[stop:]))


@pytest.mark.parametrize("alpha", [0.0, 0.3, 1.0, 4.0])
@pytest.mark.parametrize("word", ["abc", "abcabca"])
def test_segmentations_are_drawn_by_their_probability(word: str, alpha: float):
    weights = {ways: math.exp(alpha * sum(SCORES[piece] for piece in ways)) for ways in _all(word)}
    ways, random, draws = Segmentations(SCORES, alpha), np.random.default_rng(0), 3000
    found = Counter(tuple(ways.draw(word, random)) for _ in range(draws))
    assert found.keys() <= weights.keys()
    for one, weight in weights.items():
        share = weight / sum(weights.values())
        assert abs(found[one] / draws - share) < 4 * math.sqrt(share * (1 - share) / draws) + 1e-9


def test_a_word_that_cannot_be_written_has_none():
    assert Segmentations(SCORES, 1.0).draw("abd", np.random.default_rng(0)) == []

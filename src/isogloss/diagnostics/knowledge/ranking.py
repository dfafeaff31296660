"""Where the right one of many candidates ranks.

Shapes: n queries, c candidates, d components of a vector.
"""

from __future__ import annotations

from collections.abc import Collection, Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import normalize

from isogloss.common.errors import IsoglossError

Thing = TypeVar("Thing", bound=Hashable)

AT_ONCE = 256
"""Queries whose scores are in memory at a time."""


@dataclass(frozen=True)
class Ranked:
    """The rank of the right candidate of each query, and among how many.

    Attributes:
        ranks: From 1 ``[n]``; candidates that are as near as the right one come before it.
        candidates: Number of candidates ``[n]``.

    Example:
        >>> ranked = Ranked(np.array([1, 4]), np.array([4, 4]))
        >>> ranked.hits.tolist(), ranked.reciprocal.tolist(), ranked.guessed_hits.tolist()
        ([1.0, 0.0], [1.0, 0.25], [0.25, 0.25])
        >>> ranked.guessed_reciprocal.round(4).tolist()  # (1 + 1/2 + 1/3 + 1/4) / 4
        [0.5208, 0.5208]
    """

    ranks: np.ndarray
    candidates: np.ndarray

    @property
    def hits(self) -> np.ndarray:
        """1 where the right one ranks first ``[n]``; their mean is the accuracy@1."""
        return np.asarray(self.ranks == 1, float)

    @property
    def reciprocal(self) -> np.ndarray:
        """1 / rank ``[n]``; their mean is the MRR."""
        return np.asarray(1 / self.ranks)

    @property
    def guessed_hits(self) -> np.ndarray:
        """What a random order gives: 1 / c ``[n]``."""
        return np.asarray(1 / self.candidates)

    @property
    def guessed_reciprocal(self) -> np.ndarray:
        """What a random order gives on average: (1 + 1/2 + ... + 1/c) / c ``[n]``."""
        sums = np.cumsum(1 / np.arange(1, self.candidates.max() + 1))
        return np.asarray(sums[self.candidates - 1] / self.candidates)

    def of(self, chosen: np.ndarray) -> Ranked:
        """Those of some queries."""
        return Ranked(self.ranks[chosen], self.candidates[chosen])


def rank_by_frequency(
    frequencies: Sequence[Mapping[Thing, int]],
    places: Mapping[Thing, int],
    right: Sequence[Thing],
    left_out: Sequence[Collection[Thing]],
) -> Ranked:
    """Ranks where every query gets the most frequent answers to queries of its kind: what no query need be read for.

    rank_i = 1 + |{c not left out : f_i(c) > f_i(right_i), or as high and c comes first}|

    with f_i(c) how often c is an answer.

    Args:
        frequencies: How often each thing is an answer, of each query; queries of a kind share one mapping.
        places: The candidates, each with its place.
        right: The right candidate of each query.
        left_out: Other candidates of each query that are no wrong answers.

    Example:
        >>> places = {"writer": 0, "painter": 1, "king": 2}
        >>> seen = {"writer": 5, "painter": 2}
        >>> rank_by_frequency([seen, seen], places, ["painter", "king"], [["writer"], []]).ranks.tolist()
        [1, 3]
        >>> rank_by_frequency([{}, {}], places, ["writer", "king"], [[], []]).ranks.tolist()
        [1, 3]
    """
    counted: dict[int, np.ndarray] = {}
    ranks, numbers = [], []
    for frequency, one, others in zip(frequencies, right, left_out, strict=True):
        if id(frequency) not in counted:
            counted[id(frequency)] = np.array([frequency.get(thing, 0) for thing in places])
        own, place = counted[id(frequency)], places[one]
        before = own > own[place]
        before[:place] |= own[:place] == own[place]
        rest = [places[thing] for thing in {*others} - {one} if thing in places]
        before[rest] = False
        ranks.append(1 + int(before.sum()))
        numbers.append(len(places) - len(rest))
    return Ranked(np.array(ranks), np.array(numbers))


def rank(queries: Tensor, candidates: Tensor, right: Sequence[int], left_out: Sequence[Sequence[int]]) -> Ranked:
    """Ranks by cosine, in double precision.

    rank_i = 1 + |{j ≠ right_i, j not left out : cos(q_i, c_j) ≥ cos(q_i, c_right_i)}|

    Args:
        queries: Vectors ``[n, d]``.
        candidates: Vectors ``[c, d]``.
        right: The right candidate of each query.
        left_out: Other candidates of each query that are no wrong answers.

    Raises:
        IsoglossError: A vector is not finite.

    Example:
        >>> rank(torch.eye(2), torch.tensor([[1.0, 0.0], [1.0, 1.0], [0.0, 3.0]]), [0, 1], [[], []]).ranks.tolist()
        [1, 2]
    """
    if not (torch.isfinite(queries).all() and torch.isfinite(candidates).all()):
        raise IsoglossError("vectors must be finite to be compared, and the model makes some that are not")
    sides = [normalize(side.to(torch.float64), dim=1) for side in (queries, candidates)]
    ranks = []
    for start in range(0, len(right), AT_ONCE):
        scores = sides[0][start : start + AT_ONCE] @ sides[1].T
        for own, place, others in zip(scores, right[start:], left_out[start:], strict=False):
            score = own[place].clone()
            own[list({place, *others})] = -torch.inf
            ranks.append(1 + int((own >= score).sum()))
    numbers = [len(candidates) - len(set(others) - {place}) for place, others in zip(right, left_out, strict=True)]
    return Ranked(np.array(ranks), np.array(numbers))

"""Scores of test sets drawn anew from the sentences of one."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from isogloss.common.errors import IsoglossError
from isogloss.common.randomness import generator

DRAWS = 10_000
"""Test sets drawn by default: the ends of an interval of 95 % move by 1 to 2 % of its width from seed to seed."""

_CELLS_AT_ONCE = 500_000

_CELLS_IN_REACH = 32_000
"""Sentences drawn at once: more, and what is counted no longer lies in the cache of a core."""

Key = TypeVar("Key", bound=Hashable)


@dataclass(frozen=True)
class Counted:
    """What each sentence adds to a score.

    Attributes:
        ids: Identifiers of the n sentences, sorted; scores of the same ids are drawn together.
        counts: What each sentence adds ``[n, k]``.
        score: From sums over sentences ``[..., k]`` the scores ``[...]``.
    """

    ids: tuple[str, ...]
    counts: np.ndarray
    score: Callable[[np.ndarray], np.ndarray]


def resample(sentences: Mapping[Key, Counted], *, draws: int = DRAWS, seed: int = 0) -> dict[Key, np.ndarray]:
    """The scores of ``draws`` test sets, each of n sentences drawn from the n with replacement (the bootstrap).

    Scores whose sentences have the same ids are scores of the same draws, whichever run, method or language they are
    of. So differences of methods are paired by sentence, and in a mean over languages the translations of a sentence
    come and go together. Languages that merely number their sentences alike and are no translations share their draws
    too, which makes no difference on average: the sentences that are drawn together have nothing to do with each other.

    Args:
        sentences: What is scored, by any key.
        draws: Number of test sets.
        seed: Seed of the draws, which depend on it and on the ids only.

    Returns:
        By key the scores of the test sets ``[draws]``, the b-th of all keys with the same ids from the same sentences.

    Raises:
        IsoglossError: There are no draws, or no sentences to draw from.

    Example:
        >>> right = Counted(("1", "2"), np.array([[1], [0]]), lambda sums: sums[..., 0] / 2)
        >>> wrong = Counted(("1", "2"), np.array([[0], [1]]), lambda sums: sums[..., 0] / 2)
        >>> scores = resample({"right": right, "wrong": wrong}, draws=4)
        >>> (scores["right"] + scores["wrong"]).tolist()
        [1.0, 1.0, 1.0, 1.0]

    Reference:
        Efron, *Bootstrap Methods: Another Look at the Jackknife*, Annals of Statistics 7(1), 1979.
    """
    if draws < 1:
        raise IsoglossError(f"draws must be at least 1, found {draws}")
    found: dict[Key, np.ndarray] = {}
    for ids, keys in groups_of(sentences).items():
        scores = _scores(ids, [sentences[key] for key in keys], draws, seed)
        found |= dict(zip(keys, scores, strict=True))
    return found


def groups_of(sentences: Mapping[Key, Counted]) -> dict[tuple[str, ...], list[Key]]:
    """The keys of what is scored on the same sentences, by their ids.

    Raises:
        IsoglossError: There are no sentences.
    """
    together: dict[tuple[str, ...], list[Key]] = {}
    for key, own in sentences.items():
        if not own.ids:
            raise IsoglossError(f"no sentence to draw from in {key}")
        together.setdefault(own.ids, []).append(key)
    return together


def _scores(ids: tuple[str, ...], scored: Sequence[Counted], draws: int, seed: int) -> np.ndarray:
    """The scores ``[len(scored), draws]`` of test sets drawn from the sentences that all of them have."""
    n = len(ids)
    random = generator("drawn sentences", seed, "\n".join(ids))
    # Sums of whole numbers are exact in float32 up to 2**24, more tokens than a test set has.
    counts = np.concatenate([own.counts for own in scored], axis=1).astype(np.float32)
    ends = np.cumsum([own.counts.shape[1] for own in scored])[:-1]
    rows = max(1, _CELLS_AT_ONCE // max(n, counts.shape[1]))
    parts = []
    for start in range(0, draws, rows):
        number = min(rows, draws - start)
        sums = (_weights(random, number, n) @ counts).astype(np.float64)
        parts.append([own.score(mine) for own, mine in zip(scored, np.split(sums, ends, axis=1), strict=True)])
    return np.concatenate(parts, axis=1)


def _weights(random: np.random.Generator, draws: int, n: int) -> np.ndarray:
    """How often each of n sentences is in each of so many test sets ``[draws, n]``."""
    found = np.empty((draws, n), dtype=np.float32)
    rows = max(1, _CELLS_IN_REACH // n)
    for start in range(0, draws, rows):
        number = min(rows, draws - start)
        drawn = random.integers(n, size=(number, n))
        drawn += np.arange(number)[:, None] * n
        found[start : start + number] = np.bincount(drawn.ravel(), minlength=number * n).reshape(number, n)
    return found

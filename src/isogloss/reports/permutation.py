"""Permutation tests of paired scores: what two methods said is swapped, sentence by sentence, or signs of seeds are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

import numpy as np

from isogloss.common.errors import IsoglossError
from isogloss.common.randomness import generator
from isogloss.reports.resampling import DRAWS, Counted, groups_of

ROUNDING = 1e-12
"""By how much a permuted difference may fall short of the real one and still count as large, for rounding's sake."""

MOST_SEEDS = 16
"""Seeds up to which all 2ⁿ signs are looked at; of more, as many signs as these have are drawn."""

_CELLS_AT_ONCE = 500_000

Key = TypeVar("Key")


def swapped(
    pairs: Mapping[Key, tuple[Counted, Counted]], *, draws: int = DRAWS, seed: int = 0
) -> dict[Key, np.ndarray]:
    """The differences of two methods after what they said was swapped in a random half of the sentences.

    If the methods are equally good on sentences of this kind, it does not matter which of them said what of a
    sentence, so the real difference is one of these. Pairs whose sentences have the same ids are swapped together: so a
    mean over seeds swaps all seeds of a sentence at once, and one over languages all translations of it. The test
    takes the models as they are: it says nothing of other seeds.

    Args:
        pairs: What the sentences add to the scores of a method and of the one it is compared with, by any key.
        draws: Number of random swaps.
        seed: Seed of the swaps, which depend on it and on the ids only.

    Returns:
        By key the differences ``[draws]``, the b-th of all keys with the same ids from the same swaps.

    Raises:
        IsoglossError: There are no draws, or the two of a pair are of other sentences.

    Example:
        >>> right = Counted(("1", "2"), np.array([[1], [1]]), lambda sums: sums[..., 0] / 2)
        >>> wrong = Counted(("1", "2"), np.array([[0], [0]]), lambda sums: sums[..., 0] / 2)
        >>> sorted(set(swapped({"lead": (right, wrong)}, draws=50)["lead"].tolist()))
        [-1.0, 0.0, 1.0]

    Reference:
        Noreen, *Computer-Intensive Methods for Testing Hypotheses*, 1989 (approximate randomisation). Yeh, *More
        Accurate Tests for the Statistical Significance of Result Differences*, COLING 2000 (for F1).
    """
    if draws < 1:
        raise IsoglossError(f"draws must be at least 1, found {draws}")
    for key, (one, other) in pairs.items():
        if one.ids != other.ids:
            raise IsoglossError(f"methods are compared on the same sentences, but those of {key} differ")
    found: dict[Key, np.ndarray] = {}
    for ids, keys in groups_of({key: one for key, (one, _) in pairs.items()}).items():
        differences = _differences(ids, [pairs[key] for key in keys], draws, seed)
        found |= dict(zip(keys, differences, strict=True))
    return found


def p_of_swaps(difference: float, permuted: np.ndarray) -> float:
    """The share of random swaps, the real one among them, after which a difference is at least as large.

    Args:
        difference: The real difference.
        permuted: The same after swaps ``[draws]``.

    Example:
        >>> p_of_swaps(0.5, np.array([0.1, -0.7, 0.2]))
        0.5
    """
    return (1 + int((np.abs(permuted) >= abs(difference) - ROUNDING).sum())) / (1 + len(permuted))


def p_of_signs(differences: np.ndarray) -> float:
    """The share of all signs of paired differences with which their mean is at least as large.

    If two methods are equally good with seeds of this kind, a difference could as well have had the other sign. The
    test takes the sentences as they are, and with n seeds p is at least 2 / 2ⁿ: 0.25 with three, 0.06 with five.

    Args:
        differences: Paired differences by seed ``[seeds]``.

    Example:
        >>> p_of_signs(np.array([1.0, 2.0, 3.0]))
        0.25

    Reference:
        Fisher, *The Design of Experiments*, 1935.
    """
    number = len(differences)
    if number <= MOST_SEEDS:
        bits = np.arange(2**number)[:, None] >> np.arange(number) & 1
    else:
        bits = generator("drawn signs", number).integers(2, size=(2**MOST_SEEDS, number))
        bits[0] = 1
    means = (2 * bits - 1) @ differences
    return float((np.abs(means) >= abs(differences.sum()) - ROUNDING).mean())


def _differences(ids: tuple[str, ...], pairs: list[tuple[Counted, Counted]], draws: int, seed: int) -> np.ndarray:
    """The differences ``[len(pairs), draws]`` after swaps in the sentences that all of them have."""
    n = len(ids)
    random = generator("swapped sentences", seed, "\n".join(ids))
    gains = np.concatenate([other.counts - one.counts for one, other in pairs], axis=1)
    # Sums of whole numbers are exact in float32 up to 2**24, more tokens than a test set has; those of fractions (F1 of
    # answers) are not, and swaps that give the real difference again would fall short of it.
    exact = np.float32 if (gains == np.rint(gains)).all() else np.float64
    gains = gains.astype(exact)
    mine, both = (np.concatenate(sums) for sums in zip(*(_sums(*pair) for pair in pairs), strict=True))
    ends = np.cumsum([one.counts.shape[1] for one, _ in pairs])[:-1]
    rows = max(1, _CELLS_AT_ONCE // max(n, gains.shape[1]))
    parts = []
    for start in range(0, draws, rows):
        coins = random.integers(256, size=(min(rows, draws - start), -(-n // 8)), dtype=np.uint8)
        swaps = np.unpackbits(coins, axis=1, count=n)
        sums = mine + (swaps.astype(exact) @ gains).astype(np.float64)
        halves = zip(pairs, np.split(sums, ends, axis=1), np.split(both - sums, ends, axis=1), strict=True)
        parts.append([one.score(own) - other.score(rest) for (one, other), own, rest in halves])
    return np.concatenate(parts, axis=1)


def _sums(one: Counted, other: Counted) -> tuple[np.ndarray, np.ndarray]:
    """Over sentences the sums of a method, and of both."""
    own = one.counts.sum(axis=0)
    return own, own + other.counts.sum(axis=0)

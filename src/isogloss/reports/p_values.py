"""How surprising differences would be if methods were equal: the interval that decides, turned round, and Holm."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.special import stdtrit

from isogloss.common.errors import IsoglossError

_LEAST = 1e-12
"""A share of a tail that no interval is asked for."""

_HALVINGS = 60
"""From `_LEAST` to 1/2 these leave nothing but rounding."""


def p_values(differences: np.ndarray, redrawn: np.ndarray | None = None) -> np.ndarray:
    """The p-values that belong to `isogloss.reports.statistics.crossed_interval`, of several differences at once.

    p is the largest share for which the interval of confidence 1 - p still holds zero: p ≤ 0.05 where, and only where,
    the interval of 95 % leaves zero out. Without draws it is that of Student's paired t-test. No draw of sentences
    says anything of rarer events than one in their number, so with draws p is at least 1 / (draws + 1).

    Args:
        differences: Paired differences by seed ``[lines, seeds]``, at least two seeds, in any unit.
        redrawn: The mean differences over the seeds on test sets drawn anew ``[lines, draws]``; None: sentences are
            held fixed.

    Returns:
        p, in (0, 1], ``[lines]``; 1 where a mean difference is zero.

    Raises:
        IsoglossError: There is one seed alone, or the two are not of the same lines.

    Example:
        >>> p_values(np.array([[1.0, 2.0, 3.0], [-1.0, 0.0, 1.0]])).round(3).tolist()
        [0.074, 1.0]

    Reference:
        As `isogloss.reports.statistics.crossed_interval`.
    """
    lines, seeds = differences.shape
    if seeds < 2:
        raise IsoglossError(f"a p-value needs differences of at least 2 seeds, found {seeds}")
    if redrawn is not None and len(redrawn) != lines:
        raise IsoglossError(f"differences of {lines} lines and draws of {len(redrawn)}: they must be of the same")
    centre = differences.mean(axis=1)
    error = differences.std(axis=1, ddof=1) / np.sqrt(seeds)
    # What lies between the difference and zero is the lower part of the interval, or of its mirror image the same.
    towards = None if redrawn is None else np.sort(np.where(centre < 0, -1, 1)[:, None] * redrawn, axis=1)
    middles = 0.0 if towards is None else towards.mean(axis=1)
    rare, usual = np.full(lines, np.log(_LEAST)), np.full(lines, np.log(0.5))
    for _ in range(_HALVINGS):
        middle = (rare + usual) / 2
        tail = np.exp(middle)
        reach = -stdtrit(seeds - 1, tail) * error
        if towards is not None:
            reach = np.hypot(reach, middles - _quantiles(towards, tail))
        holds_zero = reach >= np.abs(centre)
        rare, usual = np.where(holds_zero, middle, rare), np.where(holds_zero, usual, middle)
    least = 0.0 if redrawn is None else 1 / (redrawn.shape[1] + 1)
    found: np.ndarray = np.where(centre == 0, 1.0, np.clip(2 * np.exp(usual), least, 1.0))
    return found


def holm(p: Sequence[float]) -> list[float]:
    """P-values corrected for their number, such that a family of true null hypotheses is rarely rejected in any part.

    With p₍₁₎ ≤ … ≤ p₍m₎, the i-th becomes max over j ≤ i of min(1, (m - j + 1) · p₍j₎). Those up to α reject a true
    hypothesis of the family with a probability of at most α, however they depend on each other.

    Args:
        p: The p-values of the family, in [0, 1].

    Returns:
        The corrected ones, in the same order.

    Raises:
        IsoglossError: One is not in [0, 1].

    Example:
        >>> holm([0.01, 0.04, 0.03])
        [0.03, 0.06, 0.06]

    Reference:
        Holm, *A Simple Sequentially Rejective Multiple Test Procedure*, Scandinavian Journal of Statistics 6(2), 1979.
    """
    for index, value in enumerate(p):
        if not 0 <= value <= 1:
            raise IsoglossError(f"a p-value must lie in [0, 1], found {value!r} at index {index}")
    found, largest = [0.0] * len(p), 0.0
    for rank, index in enumerate(sorted(range(len(p)), key=lambda index: p[index])):
        largest = max(largest, min(1.0, (len(p) - rank) * p[index]))
        found[index] = largest
    return found


def _quantiles(ordered: np.ndarray, shares: np.ndarray) -> np.ndarray:
    """The quantile of each row ``[lines, draws]`` of ordered values at a share of its own ``[lines]``."""
    last = ordered.shape[1] - 1
    place = shares * last
    below = np.minimum(place.astype(int), max(last - 1, 0))
    lines = np.arange(len(ordered))
    low, high = ordered[lines, below], ordered[lines, np.minimum(below + 1, last)]
    found: np.ndarray = low + (place - below) * (high - low)
    return found

"""Statistics over seeds: a mean with its range, and a paired difference with its confidence interval."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import mean, stdev

from scipy.stats import t as student_t

from isogloss.errors import IsoglossError


@dataclass(frozen=True, slots=True)
class Summary:
    """Several values in short.

    Attributes:
        mean: Their mean.
        low: The smallest.
        high: The largest.
        n: How many there are.
    """

    mean: float
    low: float
    high: float
    n: int


@dataclass(frozen=True, slots=True)
class Interval:
    """A mean difference and how well it is known.

    Attributes:
        mean: Mean of the differences.
        low: Lower end of the confidence interval; None where n = 1, as one difference says nothing about its spread.
        high: Upper end of the interval; None where n = 1.
        n: Number of differences.
    """

    mean: float
    low: float | None
    high: float | None
    n: int


def summarise(values: Sequence[float]) -> Summary:
    """Mean and range of ``values``.

    Args:
        values: One value per seed, at least one, in any unit.

    Raises:
        IsoglossError: There is no value, or one is not finite.

    Example:
        >>> summarise([0.5, 0.75, 1.0])
        Summary(mean=0.75, low=0.5, high=1.0, n=3)
    """
    _require_finite(values, "value")
    # The standard library's mean is exact before its one rounding, so it never leaves the range of the values.
    return Summary(mean(values), min(values), max(values), len(values))


def paired_interval(differences: Sequence[float], confidence: float = 0.95) -> Interval:
    """Mean of paired differences with Student's t-interval.

    d̄ ± t(n-1; (1 + confidence) / 2) · s / √n, with s the standard deviation over n - 1 degrees of freedom. A pair is
    two runs with the same seed, which share data order and initial weights: what the seed does to both cancels out. It
    assumes that the differences are roughly normal. Differences that are all equal give an interval of width zero;
    where that means that the seed changed nothing, the interval says nothing about other seeds.

    Args:
        differences: One difference per seed, at least one, in any unit.
        confidence: Share of repetitions in which such an interval holds the true mean difference, in (0, 1); 0.95 by
            the custom of the field.

    Raises:
        IsoglossError: There is no difference, one is not finite, or ``confidence`` is not in (0, 1).

    Example:
        >>> interval = paired_interval([1.0, 2.0, 3.0])
        >>> round(interval.low, 3), interval.mean, round(interval.high, 3)
        (-0.484, 2.0, 4.484)
        >>> paired_interval([1.0])
        Interval(mean=1.0, low=None, high=None, n=1)

    Reference:
        Student, *The Probable Error of a Mean*, Biometrika 6(1), 1908.
    """
    _require_finite(differences, "difference")
    if not 0.0 < confidence < 1.0:
        raise IsoglossError(f"confidence must lie strictly between 0 and 1, found {confidence!r}")
    n = len(differences)
    centre = mean(differences)
    if n == 1:
        return Interval(centre, None, None, n)
    half_width = float(student_t.ppf((1.0 + confidence) / 2.0, n - 1)) * stdev(differences) / math.sqrt(n)
    return Interval(centre, centre - half_width, centre + half_width, n)


def _require_finite(values: Sequence[float], noun: str) -> None:
    if not values:
        raise IsoglossError(f"at least one {noun} is needed, found none")
    for index, value in enumerate(values):
        if not math.isfinite(value):
            raise IsoglossError(f"every {noun} must be a finite number, found {value!r} at index {index}")

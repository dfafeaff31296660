"""Statistics over seeds: a mean with its range, and a paired difference with its two confidence intervals."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import mean, stdev

import numpy as np
from scipy.special import stdtrit

from isogloss.common.errors import IsoglossError


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
    """Mean of paired differences with Student's t-interval, which speaks of new seeds on the same test sentences.

    d̄ ± t(n-1; (1 + confidence) / 2) · s / √n, with s the standard deviation over n - 1 degrees of freedom. A pair is
    two runs with the same seed: what the seed does to both alike cancels out, such as the weights of a fresh head,
    few-shot examples, and the order of data where both draw batches in the same way (see ``docs/protocol.md``). It
    assumes that the differences are roughly normal. Differences that are all equal give an interval of width zero;
    where that means that the seed changed nothing, the interval says nothing about other seeds.

    All seeds are scored on the same sentences, so what these sentences have against one of the methods is in every
    difference, and the interval does not see it: it can leave out zero where the methods are equally good on all
    sentences of their kind. `crossed_interval` speaks of new sentences, too.

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
    half_width = float(stdtrit(n - 1, (1.0 + confidence) / 2.0)) * stdev(differences) / math.sqrt(n)
    return Interval(centre, centre - half_width, centre + half_width, n)


def crossed_interval(differences: Sequence[float], redrawn: np.ndarray, confidence: float = 0.95) -> Interval:
    """Mean of paired differences with an interval that speaks of new seeds and new test sentences.

    With [d̄ - t⁻, d̄ + t⁺] the t-interval over seeds, and b⁻, b⁺ how far the quantiles (1 ∓ confidence) / 2 of d̄ over
    bootstrap draws of the test sentences lie from the mean of these,

        d̄ - √(t⁻² + b⁻²)   to   d̄ + √(t⁺² + b⁺²),

    which is the MOVER interval of a sum of two independent parts: what the seeds did and what the sentences did. All
    seeds and both methods are scored on the same sentences, so seeds and sentences are crossed, and every draw of
    sentences must be one for all seeds and both methods. Draws of their own for each seed (sentences nested in seeds)
    would average away what the sentences have against a method. Seeds are not drawn: three to five are too few for a
    bootstrap, while the t distribution allows for their number.

    What seeds and sentences do together is in both parts, so the interval errs on the wide side, and it always holds
    the t-interval.

    Args:
        differences: One difference per seed, at least one, in any unit.
        redrawn: The mean difference over the seeds on test sets drawn anew ``[draws]``, see
            `isogloss.reports.resampling.resample`, in the same unit.
        confidence: Share of repetitions in which such an interval holds the true mean difference, in (0, 1); 0.95 by
            the custom of the field.

    Raises:
        IsoglossError: There is no difference or no draw, one is not finite, or ``confidence`` is not in (0, 1).

    Example:
        >>> interval = crossed_interval([1.0, 2.0, 3.0], np.array([0.0, 4.0]))
        >>> round(interval.low, 3), interval.mean, round(interval.high, 3)
        (-1.127, 2.0, 5.127)

    Reference:
        Zou and Donner, *Construction of Confidence Limits about Effect Measures*, Statistics in Medicine 27(10), 2008
        (MOVER). Owen, *The Pigeonhole Bootstrap*, Annals of Applied Statistics 1(2), 2007 (crossed draws).
    """
    over_seeds = paired_interval(differences, confidence)
    _require_finite(redrawn.tolist(), "redrawn difference")
    if over_seeds.low is None or over_seeds.high is None:
        return over_seeds
    centre = float(redrawn.mean())
    low, high = np.quantile(redrawn, [(1 - confidence) / 2, (1 + confidence) / 2]).tolist()
    below = math.hypot(over_seeds.mean - over_seeds.low, centre - low)
    above = math.hypot(over_seeds.high - over_seeds.mean, high - centre)
    return Interval(over_seeds.mean, over_seeds.mean - below, over_seeds.mean + above, over_seeds.n)


def _require_finite(values: Sequence[float], noun: str) -> None:
    if not values:
        raise IsoglossError(f"at least one {noun} is needed, found none")
    for index, value in enumerate(values):
        if not math.isfinite(value):
            raise IsoglossError(f"every {noun} must be a finite number, found {value!r} at index {index}")

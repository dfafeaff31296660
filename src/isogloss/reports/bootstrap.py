"""What runs drawn anew say of a mean or a correlation: the bootstrap over runs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from isogloss.common.errors import IsoglossError
from isogloss.common.randomness import generator
from isogloss.reports.resampling import DRAWS

FEWEST = 5
"""Runs below which there is no interval: so few runs drawn anew are mostly copies of each other (five: our choice)."""

_ROUNDING = 1e-9
"""Draws that differ by less agree; an interval without width would claim that nothing is uncertain."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """A number from several runs and how well it is known.

    Attributes:
        value: The number; None where it does not exist, such as a correlation with what does not vary.
        low: Lower end of the interval; None where there is none.
        high: Upper end of the interval; None where there is none.
        n: Number of runs.
    """

    value: float | None
    low: float | None
    high: float | None
    n: int


def mean_over_runs(values: Sequence[float], *, draws: int = DRAWS, seed: int = 0, confidence: float = 0.95) -> Estimate:
    """The mean of values of runs, with the percentile interval over runs drawn with replacement.

    Args:
        values: One value a run, at least one.
        draws: Number of times that runs are drawn.
        seed: Seed of the draws.
        confidence: Share of the draws between the ends of the interval, in (0, 1); 0.95 by the custom of the field.

    Returns:
        The mean; without an interval where there are fewer than `FEWEST` runs, or all are equal.

    Raises:
        IsoglossError: There is no value.

    Example:
        >>> mean_over_runs([1.0, 0.5])
        Estimate(value=0.75, low=None, high=None, n=2)
    """
    if not values:
        raise IsoglossError("a mean over runs needs at least one run, found none")
    return _estimate(np.array([values]).T, lambda drawn: drawn[..., 0].mean(axis=-1), draws, seed, confidence)


def rank_correlation(
    left: Sequence[float],
    right: Sequence[float],
    *,
    draws: int = DRAWS,
    seed: int = 0,
    confidence: float = 0.95,
) -> Estimate:
    """Spearman's ρ between two values of runs, with the percentile interval over runs drawn with replacement.

    ρ is the correlation of the ranks; equal values share the mean of theirs. Draws in which one of the two does not
    vary have no ρ and are left out. Runs are taken to be independent, which runs of one method are not quite: the
    interval is then too narrow.

    Args:
        left: One value a run.
        right: The other value of the same runs.
        draws: Number of times that runs are drawn.
        seed: Seed of the draws.
        confidence: Share of the draws between the ends of the interval, in (0, 1); 0.95 by the custom of the field.

    Returns:
        ρ, None where one of the two does not vary; without an interval where there are fewer than `FEWEST` runs, or ρ
        is ±1, as it then is in every draw.

    Raises:
        IsoglossError: There are other numbers of left than of right values.

    Example:
        >>> rank_correlation([1.0, 2.0, 9.0], [0.3, 0.4, 0.5])
        Estimate(value=1.0, low=None, high=None, n=3)

    Reference:
        Spearman, *The Proof and Measurement of Association between Two Things*, American Journal of Psychology 15(1),
        1904. Efron, *Bootstrap Methods: Another Look at the Jackknife*, Annals of Statistics 7(1), 1979.
    """
    if len(left) != len(right):
        raise IsoglossError(f"a correlation needs pairs of values, found {len(left)} and {len(right)}")
    return _estimate(np.stack([left, right], axis=-1), _spearman, draws, seed, confidence)


def _estimate(
    runs: np.ndarray, number: Callable[[np.ndarray], np.ndarray], draws: int, seed: int, confidence: float
) -> Estimate:
    """The number of the runs ``[n, k]``, and its interval from runs drawn anew ``[draws, n, k]``."""
    n = len(runs)
    value = float(number(runs))
    if not np.isfinite(value):
        return Estimate(None, None, None, n)
    if n < FEWEST:
        return Estimate(value, None, None, n)
    drawn = number(runs[generator("drawn runs", seed).integers(n, size=(draws, n))])
    drawn = drawn[np.isfinite(drawn)]
    if np.ptp(drawn) < _ROUNDING:
        return Estimate(value, None, None, n)
    ends = np.quantile(drawn, [(1 - confidence) / 2, (1 + confidence) / 2])
    return Estimate(value, float(ends[0]), float(ends[1]), n)


def _spearman(pairs: np.ndarray) -> np.ndarray:
    """ρ of pairs ``[..., n, 2]``; NaN where one of the two does not vary."""
    if pairs.shape[-2] == 0:
        return np.full(pairs.shape[:-2], np.nan)
    from scipy.stats import rankdata  # half a second, which most callers need not

    ranks = rankdata(pairs, axis=-2)
    centred = ranks - ranks.mean(axis=-2, keepdims=True)
    together = centred.prod(axis=-1).sum(axis=-1)
    spread = np.sqrt(np.square(centred).sum(axis=-2).prod(axis=-1))
    rho: np.ndarray = np.divide(together, spread, out=np.full(spread.shape, np.nan), where=spread > 0)
    return rho

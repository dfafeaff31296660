"""Shares of sources of different sizes, flattened by a temperature."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from isogloss.common.errors import IsoglossError


def shares(sizes: Sequence[int], temperature: float) -> np.ndarray:
    """Probability of each source, p_t = N_t^(1/T) / sum_u N_u^(1/T).

    Args:
        sizes: Number of training examples N_t of each source, all positive.
        temperature: T > 0. 1 is proportional to size, infinity uniform; q = 1/T in the Sequential Reptile literature.

    Returns:
        Probabilities ``[m]``, summing to 1.

    Raises:
        IsoglossError: A size or the temperature is not positive.

    Example:
        >>> shares([900, 100], 1.0).round(2).tolist(), shares([900, 100], 2.0).round(2).tolist()
        ([0.9, 0.1], [0.75, 0.25])
    """
    if not temperature > 0:
        raise IsoglossError(f"temperature must be positive, found {temperature}")
    if min(sizes, default=0) < 1:
        raise IsoglossError(f"every source needs at least one example, found sizes {list(sizes)}")
    logs = np.log(np.asarray(sizes, dtype=np.float64))
    with np.errstate(over="ignore"):  # a temperature near 0: all but the largest go to -infinity
        weights: np.ndarray = np.exp((logs - logs.max()) / temperature)
    return np.asarray(weights / weights.sum())

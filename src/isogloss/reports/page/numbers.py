"""Numbers as short as a picture needs them, and curves with as many points as a screen can show."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from statistics import fmean
from typing import TypeVar

T = TypeVar("T")

DIGITS = 4
"""Significant digits that are kept: more than a chart of 1,000 pixels can show."""


def short(value: float) -> float | None:
    """A number with few digits; None where it is not finite, which JSON cannot hold.

    Example:
        >>> short(0.123456), short(1234567.0), short(float("nan"))
        (0.1235, 1235000.0, None)
    """
    return float(f"{value:.{DIGITS}g}") if math.isfinite(value) else None


def thinned(values: Sequence[T], number: int) -> list[T]:
    """At most ``number`` of the values, evenly spaced, the first and the last among them.

    Args:
        values: The values.
        number: How many stay, at least 2.

    Example:
        >>> thinned(range(10), 4), thinned([1, 2], 4)
        ([0, 3, 6, 9], [1, 2])
    """
    last = len(values) - 1
    if last < number:
        return list(values)
    return [values[round(place * last / (number - 1))] for place in range(number)]


def binned(curve: Mapping[int, float], number: int) -> dict[int, float]:
    """A curve of at most ``number`` points: means over neighbours, each at the last of their steps.

    Example:
        >>> binned({1: 4.0, 2: 2.0, 3: 1.0, 4: 0.0}, 2)
        {2: 3.0, 4: 0.5}
    """
    steps = sorted(curve)
    width = math.ceil(len(steps) / number)
    parts = [steps[start : start + width] for start in range(0, len(steps), width)] if width else []
    return {part[-1]: fmean(curve[step] for step in part) for part in parts}


def mean_curve(curves: Sequence[Mapping[int, float]]) -> dict[int, float]:
    """The mean of curves at the steps that all of them have.

    Example:
        >>> mean_curve([{1: 2.0, 2: 1.0}, {1: 4.0}])
        {1: 3.0}
    """
    common = set.intersection(*(set(curve) for curve in curves)) if curves else set()
    return {step: fmean(curve[step] for curve in curves) for step in sorted(common)}

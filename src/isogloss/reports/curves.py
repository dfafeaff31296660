"""Curves over the steps of a run, and what can be said of their hill in four numbers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, fields
from itertools import pairwise

from isogloss.common.errors import IsoglossError


@dataclass(frozen=True, slots=True)
class Curve:
    """Values at some steps, with straight lines between them and nothing outside.

    Attributes:
        steps: The steps of the n looks, rising.
        values: What was seen at each.

    Raises:
        IsoglossError: There is no look, other numbers of steps and values, a step does not rise, or a value is not
            finite.
    """

    steps: tuple[int, ...]
    values: tuple[float, ...]

    def __post_init__(self) -> None:
        """Check the numbers."""
        if not self.steps or len(self.steps) != len(self.values):
            raise IsoglossError(
                f"a curve needs a value for each of its steps, found {len(self.steps)} steps and {len(self.values)} "
                "values"
            )
        for before, after in pairwise(self.steps):
            if after <= before:
                raise IsoglossError(f"the steps of a curve must rise, found {after} after {before}")
        for step, value in zip(self.steps, self.values, strict=True):
            if not math.isfinite(value):
                raise IsoglossError(f"the values of a curve must be finite, found {value!r} at step {step}")

    def smoothed(self, looks: int) -> Curve:
        """The moving average over ``looks`` looks, the own one in their middle; at the borders over those there are.

        Raises:
            IsoglossError: The number of looks is not odd or less than 1.

        Example:
            >>> Curve((1, 2, 3), (0.0, 3.0, 6.0)).smoothed(3).values
            (1.5, 3.0, 4.5)
        """
        if looks < 1 or looks % 2 == 0:
            raise IsoglossError(f"smooth: the number of looks must be odd and at least 1, found {looks}")
        half = looks // 2
        windows = [self.values[max(0, place - half) : place + half + 1] for place in range(len(self.values))]
        return Curve(self.steps, tuple(sum(window) / len(window) for window in windows))


@dataclass(frozen=True, slots=True)
class Features:
    """A curve's hill in four numbers.

    Attributes:
        peak: The largest value, in the curve's unit.
        step_of_peak: The first step with that value.
        area: ∫ of the curve from its first to its last look (trapezia), in its unit times steps.
        width: Steps around the peak for which the curve stays at or above half of it (full width at half maximum). Its
            ends are where the straight lines between looks cross the half; where a side stays above to the border, the
            border is the end, and the width is too small by what is not seen. Other hills do not count.
    """

    peak: float
    step_of_peak: int
    area: float
    width: float


FEATURES = tuple(field.name for field in fields(Features))


def features_of(curve: Curve) -> Features:
    """Peak, its step, area and width of a curve of values that are not negative, such as traces.

    Raises:
        IsoglossError: There are fewer than two looks, or a value is negative.

    Example:
        A triangle of height 6 over 8 steps:

        >>> features_of(Curve((0, 2, 8), (0.0, 6.0, 0.0)))
        Features(peak=6.0, step_of_peak=2, area=24.0, width=4.0)
    """
    steps, values = curve.steps, curve.values
    if len(steps) < 2:
        raise IsoglossError(f"a curve's features need at least two looks, found {len(steps)}")
    if min(values) < 0:
        raise IsoglossError(f"a curve's features need values of at least 0, found {min(values)!r}")
    peak = max(values)
    top = values.index(peak)
    area = sum(
        (after - before) * (low + high) / 2
        for (before, low), (after, high) in pairwise(zip(steps, values, strict=True))
    )
    left = _end(steps[top::-1], values[top::-1], peak / 2)
    right = _end(steps[top:], values[top:], peak / 2)
    return Features(peak, steps[top], area, right - left)


def _end(steps: Sequence[int], values: Sequence[float], level: float) -> float:
    """Where a curve that begins at or above a level first falls below it, or its border."""
    looks = list(zip(steps, values, strict=True))
    for (inside, above), (outside, below) in pairwise(looks):
        if below < level:
            return inside + (outside - inside) * (above - level) / (above - below)
    return float(steps[-1])

"""The features of hand-made curves."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from isogloss.common.errors import IsoglossError
from isogloss.reports.curves import Curve, Features, features_of


def curve(*values: float, every: int = 10) -> Curve:
    return Curve(tuple(range(every, every * (len(values) + 1), every)), values)


def test_a_triangle():
    # Height 8 at step 20, from 0 at step 0 to 0 at step 60: half of it at 10 and at 40, which are no looks.
    found = features_of(Curve((0, 20, 60), (0.0, 8.0, 0.0)))
    assert found == Features(peak=8.0, step_of_peak=20, area=240.0, width=30.0)
    # Looks on its sides change nothing.
    assert features_of(Curve((0, 15, 20, 30, 60), (0.0, 6.0, 8.0, 6.0, 0.0))) == found


def test_a_rectangle_is_as_wide_as_what_is_seen_of_it():
    assert features_of(curve(3.0, 3.0, 3.0)) == Features(peak=3.0, step_of_peak=10, area=60.0, width=20.0)


def test_at_a_border_the_hill_ends():
    # It still rises at the end: half of 8 is crossed at step 20, and the border is at 30.
    assert features_of(curve(0.0, 4.0, 8.0)) == Features(peak=8.0, step_of_peak=30, area=80.0, width=10.0)
    assert features_of(curve(8.0, 4.0, 0.0)).width == 10.0


def test_only_the_hill_of_the_peak_is_wide_and_the_first_of_equal_peaks_counts():
    lower = features_of(curve(0.0, 8.0, 0.0, 6.0, 6.0, 0.0))
    assert (lower.step_of_peak, lower.width) == (20, 10.0)
    assert features_of(curve(0.0, 8.0, 2.0, 8.0, 8.0, 0.0)).step_of_peak == 20


@given(st.lists(st.floats(0, 1e3), min_size=2, max_size=20), st.floats(0.5, 4.0))
def test_features_scale_with_the_curve(values: list[float], factor: float):
    plain, scaled = features_of(curve(*values)), features_of(curve(*(factor * value for value in values)))
    assert scaled.peak == pytest.approx(factor * plain.peak)
    assert scaled.area == pytest.approx(factor * plain.area)
    assert 0 <= plain.width <= 10 * (len(values) - 1)
    assert 10 * (len(values) - 1) * plain.peak >= plain.area * (1 - 1e-12)


def test_a_moving_average():
    assert curve(0.0, 9.0, 0.0, 3.0).smoothed(3).values == (4.5, 3.0, 4.0, 1.5)
    assert curve(1.0, 2.0).smoothed(1) == curve(1.0, 2.0)
    for looks in (0, 2, -1):
        with pytest.raises(IsoglossError, match=f"smooth: .*odd and at least 1, found {looks}"):
            curve(1.0, 2.0).smoothed(looks)


@pytest.mark.parametrize(
    ("steps", "values", "message"),
    [
        ((), (), "found 0 steps and 0 values"),
        ((1, 2), (0.5,), "found 2 steps and 1 values"),
        ((1, 3, 3), (0.0, 0.0, 0.0), "must rise, found 3 after 3"),
        ((1, 2), (0.0, float("nan")), "must be finite, found nan at step 2"),
    ],
)
def test_no_curve(steps: tuple[int, ...], values: tuple[float, ...], message: str):
    with pytest.raises(IsoglossError, match=message):
        Curve(steps, values)


def test_no_features():
    with pytest.raises(IsoglossError, match="at least two looks, found 1"):
        features_of(Curve((1,), (2.0,)))
    with pytest.raises(IsoglossError, match=r"at least 0, found -1\.0"):
        features_of(curve(2.0, -1.0))

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from isogloss.common.errors import IsoglossError
from isogloss.reports import Interval, Summary, crossed_interval, paired_interval, summarise

numbers = st.floats(min_value=-1e6, max_value=1e6)


def test_summary_by_hand():
    assert summarise([0.25, 1.0, 0.25]) == Summary(mean=0.5, low=0.25, high=1.0, n=3)


@given(st.lists(numbers, min_size=1))
def test_mean_lies_in_the_range(values: list[float]):
    summary = summarise(values)
    assert summary.low <= summary.mean <= summary.high
    assert summary.n == len(values)


@pytest.mark.parametrize("confidence", [0.5, 0.9, 0.95, 0.99])
@pytest.mark.parametrize("n", [2, 3, 5, 30])
def test_interval_is_that_of_the_paired_t_test(n: int, confidence: float):
    generator = np.random.default_rng(n)
    left, right = generator.normal(0.7, 0.02, n), generator.normal(0.68, 0.05, n)
    expected = stats.ttest_rel(left, right).confidence_interval(confidence)
    found = paired_interval((left - right).tolist(), confidence)
    assert (found.low, found.high) == pytest.approx((expected.low, expected.high), rel=1e-9)
    assert found.mean == pytest.approx(float((left - right).mean()), rel=1e-9)
    assert found.n == n


@given(st.lists(numbers, min_size=2, max_size=10), numbers)
def test_moving_all_differences_moves_the_interval(differences: list[float], shift: float):
    before = paired_interval(differences)
    after = paired_interval([difference + shift for difference in differences])
    assert before.low is not None and before.high is not None
    expected = (before.mean + shift, before.low + shift, before.high + shift)
    # Adding the shift rounds every difference by up to 1e-10; t at n = 2 is 12.7.
    assert (after.mean, after.low, after.high) == pytest.approx(expected, rel=1e-9, abs=1e-7)


@given(st.lists(numbers, min_size=2, max_size=10))
def test_swapping_the_methods_mirrors_the_interval(differences: list[float]):
    forth, back = paired_interval(differences), paired_interval([-difference for difference in differences])
    assert forth.low is not None and forth.high is not None
    assert (back.mean, back.low, back.high) == (-forth.mean, -forth.high, -forth.low)


def test_interval_covers_the_true_difference_as_often_as_it_says():
    generator = np.random.default_rng(0)
    repetitions, truth = 2000, 0.3
    hits = 0
    for sample in generator.normal(truth, 1.0, (repetitions, 5)).tolist():
        interval = paired_interval(sample)
        assert interval.low is not None and interval.high is not None
        hits += interval.low <= truth <= interval.high
    # Three standard errors of a share of 0.95 over 2000 repetitions are 0.015.
    assert hits / repetitions == pytest.approx(0.95, abs=0.015)


def test_one_difference_has_no_interval():
    assert paired_interval([0.5]) == Interval(mean=0.5, low=None, high=None, n=1)


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_a_value_that_is_not_finite_is_named(value: float):
    with pytest.raises(IsoglossError, match=rf"found {value!r} at index 1"):
        paired_interval([0.1, value, 0.2])
    with pytest.raises(IsoglossError, match=rf"found {value!r} at index 1"):
        summarise([0.1, value])


def test_nothing_has_no_mean():
    with pytest.raises(IsoglossError, match="at least one value"):
        summarise([])
    with pytest.raises(IsoglossError, match="at least one difference"):
        paired_interval([])


@pytest.mark.parametrize("confidence", [0.0, 1.0, 95.0, math.nan])
def test_confidence_is_a_share(confidence: float):
    with pytest.raises(IsoglossError, match="strictly between 0 and 1"):
        paired_interval([0.1, 0.2], confidence)


@given(st.lists(numbers, min_size=2, max_size=10), st.lists(numbers, min_size=1, max_size=10))
def test_an_interval_over_seeds_and_sentences_holds_that_over_seeds(differences: list[float], redrawn: list[float]):
    inner, outer = paired_interval(differences), crossed_interval(differences, np.array(redrawn))
    assert inner.low is not None and inner.high is not None and outer.low is not None and outer.high is not None
    assert (outer.mean, outer.n) == (inner.mean, inner.n)
    assert outer.low <= inner.low + 1e-6 and inner.high - 1e-6 <= outer.high


def test_seeds_and_sentences_by_hand():
    drawn = np.linspace(-1, 1, 2001)
    # Equal differences: what remains is the bootstrap, wherever it is centred; equal draws: what remains is t.
    assert crossed_interval([0.5, 0.5, 0.5], drawn + 7, 0.9) == Interval(
        0.5, pytest.approx(0.5 - 0.9), pytest.approx(0.5 + 0.9), 3
    )
    found, over_seeds = crossed_interval([1.0, 2.0, 3.0], np.zeros(5)), paired_interval([1.0, 2.0, 3.0])
    assert (found.low, found.high) == pytest.approx((over_seeds.low, over_seeds.high))
    assert crossed_interval([0.5], drawn) == Interval(0.5, None, None, 1)
    with pytest.raises(IsoglossError, match="redrawn difference must be a finite number, found nan at index 1"):
        crossed_interval([0.5, 0.6], np.array([0.0, math.nan]))
    with pytest.raises(IsoglossError, match="at least one redrawn difference is needed"):
        crossed_interval([0.5, 0.6], np.array([]))

"""Runs drawn anew: means and rank correlations with their intervals."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from isogloss.common.errors import IsoglossError
from isogloss.reports.bootstrap import FEWEST, Estimate, mean_over_runs, rank_correlation


def test_rho_is_spearmans():
    random = np.random.default_rng(5)
    left = random.normal(size=14).round(1)
    right = (left + random.normal(size=14)).round(1)
    assert len(set(left)) < 14  # ties share their ranks
    found = rank_correlation(left.tolist(), right.tolist())
    assert found.value == pytest.approx(float(stats.spearmanr(left, right).statistic))
    assert found.low is not None and found.high is not None and found.value is not None
    assert -1 <= found.low < found.value < found.high <= 1
    assert rank_correlation(left.tolist(), (-right).tolist()).value == pytest.approx(-found.value)


def test_the_interval_is_that_of_runs_drawn_one_by_one():
    left, right = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0], [2.0, 1.0, 4.0, 3.0, 6.0, 8.0, 5.0, 7.0]
    random = np.random.default_rng(0)
    drawn = [stats.spearmanr(*np.array([left, right])[:, random.integers(8, size=8)]).statistic for _ in range(3000)]
    found = rank_correlation(left, right)
    assert (found.low, found.high) == pytest.approx(np.quantile(drawn, [0.025, 0.975]), abs=0.04)


def test_draws_are_seeded():
    values = [0.1, 0.5, 0.3, 0.9, 0.2, 0.4]
    first = mean_over_runs(values, draws=50, seed=1)
    assert mean_over_runs(values, draws=50, seed=1) == first
    assert mean_over_runs(values, draws=50, seed=2) != first
    assert rank_correlation(values, values[::-1], seed=3) == rank_correlation(values, values[::-1], seed=3)


def test_a_mean_by_hand():
    found = mean_over_runs([1.0, 2.0, 3.0, 4.0, 5.0])
    assert found.value == 3.0 and found.n == 5
    # The standard deviation of a mean of five drawn anew is √2 / √5 = 0.63.
    assert (found.low, found.high) == pytest.approx((3 - 1.96 * 0.632, 3 + 1.96 * 0.632), abs=0.15)


def test_draws_that_all_agree_are_no_interval():
    assert mean_over_runs([0.7] * 5) == Estimate(pytest.approx(0.7), None, None, 5)
    assert rank_correlation(range(9), range(9)) == Estimate(pytest.approx(1.0), None, None, 9)


def test_few_runs_have_no_interval():
    few = FEWEST - 1
    assert mean_over_runs([1.0] * few) == Estimate(1.0, None, None, few)
    assert rank_correlation(range(few), range(few)) == Estimate(pytest.approx(1.0), None, None, few)
    assert rank_correlation([1, 2, 3, 5, 4], range(FEWEST)).low is not None


def test_what_does_not_vary_has_no_correlation():
    assert rank_correlation([1.0] * 6, [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]) == Estimate(None, None, None, 6)
    assert rank_correlation([], []) == Estimate(None, None, None, 0)
    # It varies, but not in all draws: these are left out.
    found = rank_correlation([0.0, 0.0, 0.0, 0.0, 1.0], [0.0, 0.2, 0.1, 0.3, 0.4])
    assert found.low is not None and found.high is not None
    assert 0 < found.low < found.high <= 1 + 1e-12


def test_errors():
    with pytest.raises(IsoglossError, match="at least one run, found none"):
        mean_over_runs([])
    with pytest.raises(IsoglossError, match="pairs of values, found 2 and 1"):
        rank_correlation([1.0, 2.0], [1.0])

from __future__ import annotations

import numpy as np
import pytest

from isogloss.reports.differences import difference
from isogloss.reports.statistics import paired_interval


@pytest.mark.parametrize("drawn", [False, True])
def test_equal_differences_give_no_verdict_whatever_rounding_does(drawn: bool):
    scores, reference = {0: 0.8, 1: 0.9, 2: 0.7}, {0: 0.7, 1: 0.8, 2: 0.6}
    interval = paired_interval([scores[seed] - reference[seed] for seed in scores])
    assert interval.low is not None and interval.high is not None and 0 < interval.high - interval.low < 1e-12
    draws = {seed: np.linspace(0.09, 0.11, 50) for seed in scores} if drawn else {}
    still = {seed: np.zeros(50) for seed in draws}
    found = difference(scores, reference, (draws, still), 0.95)
    assert found is not None and found.verdict is None


def test_differences_that_vary_give_one():
    found = difference({0: 0.8, 1: 0.9, 2: 0.71}, {0: 0.7, 1: 0.8, 2: 0.6}, ({}, {}), 0.95)
    assert found is not None and found.verdict == 1

"""P-values of the interval that decides, and their correction: by definition, and on simulated data."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import ttest_rel

from isogloss.common.errors import IsoglossError
from isogloss.reports.p_values import holm, p_values
from isogloss.reports.statistics import crossed_interval

EXPERIMENTS, LANGUAGES, SENTENCES, SEEDS, DRAWS = 300, 8, 60, 4, 200


def test_without_draws_it_is_the_t_test():
    random = np.random.default_rng(0)
    one, other = random.normal(size=(2, 20, 5))
    assert p_values(one - other) == pytest.approx(ttest_rel(one, other, axis=1).pvalue, abs=1e-9)


def test_the_interval_of_one_minus_p_ends_at_zero():
    random = np.random.default_rng(1)
    differences = random.normal(0.3, 1, size=(30, 4))
    redrawn = differences.mean(axis=1)[:, None] + random.gamma(2, 0.3, size=(30, 500)) - 0.6
    found = p_values(differences, redrawn)
    inside = (found > 1 / 501) & (found < 1)
    assert inside.sum() > 20
    for row, draws, p in zip(differences[inside], redrawn[inside], found[inside], strict=True):
        interval = crossed_interval(row.tolist(), draws, 1 - float(p))
        assert interval.low is not None and interval.high is not None
        assert min(abs(interval.low), abs(interval.high)) < 1e-6


def test_draws_say_nothing_of_what_is_rarer_than_one_of_them():
    differences, redrawn = np.array([[5.0, 5.000001, 4.999999]]), np.full((1, 99), 5.0)
    assert p_values(differences, redrawn) == pytest.approx([0.01])
    assert p_values(np.zeros((1, 3)), np.zeros((1, 99))).tolist() == [1.0]


def test_one_seed_has_no_p_value():
    with pytest.raises(IsoglossError, match="at least 2 seeds, found 1"):
        p_values(np.array([[1.0]]))
    with pytest.raises(IsoglossError, match="of 1 lines and draws of 2"):
        p_values(np.array([[1.0, 2.0]]), np.zeros((2, 9)))


def test_holm_by_hand():
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.9, 0.8]) == [1.0, 1.0]
    assert holm([]) == []
    with pytest.raises(IsoglossError, match=r"must lie in \[0, 1\], found 1.5 at index 1"):
        holm([0.1, 1.5])


def simulated(lead: float, experiments: int) -> tuple[np.ndarray, np.ndarray]:
    """Differences ``[experiments x languages, seeds]`` and the same on sentences drawn anew ``[..., draws]``.

    Two methods give a sentence a score each, with something that the sentence, the seed and both have against one of
    them; ``lead`` is the true difference.
    """
    random = np.random.default_rng(experiments)
    lines = experiments * LANGUAGES
    apart = lead + random.normal(0, 0.5, (lines, 1, SENTENCES)) + random.normal(0, 0.05, (lines, SEEDS, 1))
    apart = (apart + random.normal(0, 0.3, (lines, SEEDS, SENTENCES))).astype(np.float32)
    weights = random.multinomial(SENTENCES, [1 / SENTENCES] * SENTENCES, size=DRAWS).astype(np.float32) / SENTENCES
    return apart.mean(axis=2).astype(float), (apart.mean(axis=1) @ weights.T).astype(float)


@pytest.fixture(scope="module")
def under_the_null() -> np.ndarray:
    """P-values ``[experiments, languages]`` of methods that differ in nothing."""
    return p_values(*simulated(0.0, EXPERIMENTS)).reshape(EXPERIMENTS, LANGUAGES)


def test_the_stated_share_of_true_hypotheses_is_rejected_at_most(under_the_null: np.ndarray):
    # Two standard errors of 0.05 over 2,400 lines are 0.009; that it is not far below says that it is of some use.
    assert 0.01 <= (under_the_null <= 0.05).mean() <= 0.059


def test_a_family_of_true_hypotheses_is_rarely_touched(under_the_null: np.ndarray):
    least = np.array([min(holm(row.tolist())) for row in under_the_null])
    # Two standard errors of 0.05 over 300 families are 0.025.
    assert (least <= 0.05).mean() <= 0.075
    assert (under_the_null.min(axis=1) <= 0.05).mean() > 0.1, "without the correction it would be touched often"


def test_what_is_there_is_found():
    p = p_values(*simulated(0.5, 60)).reshape(60, LANGUAGES)
    assert np.mean([np.mean(np.array(holm(row.tolist())) <= 0.05) for row in p]) > 0.8

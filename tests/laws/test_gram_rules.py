"""The rules of TorchJD by inner products alone are their aggregations of gradients; observing changes no answer."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torchjd import aggregation

from isogloss.diagnostics.conflicts import cosines
from isogloss.gradients import Add, GradVac, GramRule, Observed
from tests.laws import literal_weightings as literal
from tests.laws.grams import GROUPS, NAMES, SEED, drawn, grams_of, met

RULES: dict[str, Callable[[], aggregation.Aggregator]] = {
    "IMTLG": aggregation.IMTLG,
    "AlignedMTL": aggregation.AlignedMTL,
    "MGDA": aggregation.MGDA,
}


@pytest.mark.parametrize("name", RULES)
def test_a_rule_of_torchjd_is_its_aggregation_of_gradients(name: str):
    weighting = GramRule(getattr(aggregation, f"{name}Weighting")(), SEED)
    for step in range(5):
        gradients = drawn(step)
        torch.testing.assert_close(met(weighting, step, gradients), RULES[name]()(gradients))


def test_aligned_mtl_is_its_formula():
    for step in range(5):
        gradients = drawn(step)
        for scale, pick in (("min", torch.amin), ("rmse", torch.mean), ("median", torch.median)):
            weighting = GramRule(aggregation.AlignedMTLWeighting(scale_mode=scale), SEED)
            expected = literal.aligned_mtl(gradients, pick)
            torch.testing.assert_close(met(weighting, step, gradients), expected)


def test_imtl_g_is_its_formula():
    for step in range(5):
        gradients = drawn(step)
        found = met(GramRule(aggregation.IMTLGWeighting(), SEED), step, gradients)
        torch.testing.assert_close(found, literal.imtl_g(gradients))


def test_mgda_is_nearly_the_shortest_of_all_means():
    for step in range(5):
        gradients = drawn(step, number=2)
        # Of two: the foot of the perpendicular from the origin to the line between them, or the nearer end.
        between = gradients[1] - gradients[0]
        share = float((-(gradients[0] @ between) / (between @ between)).clamp(0, 1))
        expected = gradients[0] + share * between
        found = met(GramRule(aggregation.MGDAWeighting(), SEED), step, gradients)
        assert float(found.norm()) == pytest.approx(float(expected.norm()), rel=1e-2)
        torch.testing.assert_close(found, expected, rtol=0.02, atol=0.02)


def test_equal_projections_of_imtl_g():
    gradients = drawn(2)
    found = met(GramRule(aggregation.IMTLGWeighting(), SEED), 0, gradients)
    projections = gradients @ found / gradients.norm(dim=1)
    torch.testing.assert_close(projections, projections[:1].expand(4))


def test_a_rule_that_draws_leaves_the_global_state_alone():
    weighting = GramRule(aggregation.RandomWeighting(), SEED)
    torch.manual_seed(9)
    expected = torch.rand(3)
    torch.manual_seed(9)
    first, again, other = (met(weighting, step, drawn(0)) for step in (4, 4, 5))
    assert torch.equal(torch.rand(3), expected)
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


def test_observed_answers_as_its_weighting_and_remembers_what_it_saw():
    seen, gradients = Observed(GradVac(SEED, beta=0.4), ["low", "high"]), drawn(0)
    alone = GradVac(SEED, beta=0.4)
    for step in range(3):
        assert torch.equal(met(seen, step, gradients, GROUPS), met(alone, step, gradients, GROUPS))
    assert seen.names == NAMES
    torch.testing.assert_close(seen.grams, grams_of(gradients, GROUPS))
    unit = gradients[:, GROUPS[1]] / gradients[:, GROUPS[1]].norm(dim=1, keepdim=True)
    torch.testing.assert_close(cosines(seen.grams)[1], unit @ unit.T)
    again = Observed(GradVac(SEED, beta=0.4), ["low", "high"])
    again.load_state_dict(seen.state_dict())
    assert torch.equal(met(again, 3, gradients, GROUPS), met(alone, 3, gradients, GROUPS))


def test_observing_a_sum():
    seen, gradients = Observed(Add(), ["model"]), drawn(0)
    torch.testing.assert_close(met(seen, 0, gradients), gradients.sum(dim=0))
    assert seen.state_dict() == {}
    seen.load_state_dict({})

"""PCGrad and GradVac by inner products alone do to gradients what their papers do."""

from __future__ import annotations

import math

import pytest
import torch

from isogloss import IsoglossError
from isogloss.gradients import GradVac, PCGrad
from isogloss.gradients.pcgrad import orders
from isogloss.protocols import Weighting
from tests.laws import literal_weightings as literal
from tests.laws.grams import GROUPS, NAMES, SEED, drawn, grams_of, met


def test_pcgrad_is_the_projection_of_gradients():
    weighting = PCGrad(SEED)
    for step in range(30):
        gradients = drawn(step)
        expected = literal.pcgrad(gradients, orders(SEED, step, 4))
        torch.testing.assert_close(met(weighting, step, gradients), expected)
        parts = [literal.pcgrad(gradients[:, group], orders(SEED, step, 4)) for group in GROUPS]
        torch.testing.assert_close(met(weighting, step, gradients, GROUPS), torch.cat(parts))


def test_pcgrad_of_two_by_hand():
    # <g, h> = -1, ||g||² = 1, ||h||² = 2: g' = g + h / 2 = (1/2, 1/2), h' = h + g = (0, 1).
    gradients = torch.tensor([[1.0, 0.0], [-1.0, 1.0]], dtype=torch.float64)
    torch.testing.assert_close(met(PCGrad(0), 0, gradients), torch.tensor([0.5, 1.5], dtype=torch.float64))


@pytest.mark.parametrize("weighting", [PCGrad(SEED), GradVac(SEED)])
def test_without_conflict_gradients_are_added_up(weighting: Weighting):
    gradients = drawn(0).abs()
    torch.testing.assert_close(met(weighting, 0, gradients), gradients.sum(dim=0), rtol=0, atol=0)


def test_a_projected_pair_has_no_conflict_left():
    for step in range(10):
        gradients = drawn(step, number=2)
        found = met(PCGrad(SEED), step, gradients)
        assert (gradients @ found > -1e-12).all()


def test_orders_leave_out_oneself_and_are_a_function_of_seed_and_step():
    found = [orders(seed, step, 5) for seed in range(3) for step in range(20)]
    assert found == [orders(seed, step, 5) for seed in range(3) for step in range(20)]
    assert all(sorted([i, *order]) == list(range(5)) for rows in found for i, order in enumerate(rows))
    assert len({str(rows) for rows in found}) == len(found)


@pytest.mark.parametrize("groups", [(slice(None),), GROUPS])
@pytest.mark.parametrize("agreement", [0.0, 0.7])
def test_gradvac_is_the_bending_of_gradients(groups: tuple[slice, ...], agreement: float):
    weighting = GradVac(SEED, beta=0.2)
    targets: list[dict[tuple[int, int], float]] = [{} for _ in groups]
    bent = 0
    for step in range(25):
        gradients = drawn(step, agreement=agreement)
        parts = [
            literal.gradvac(gradients[:, group], orders(SEED, step, 4), own, 0.2)
            for group, own in zip(groups, targets, strict=True)
        ]
        found = met(weighting, step, gradients, groups)
        torch.testing.assert_close(found, torch.cat(parts))
        bent += not torch.allclose(found, gradients.sum(dim=0))
    assert bent > 10
    state = weighting.state_dict()["targets"]
    for (i, j), target in targets[0].items():
        assert float(state[NAMES[i], NAMES[j]][0]) == pytest.approx(target)


def test_gradvac_raises_a_cosine_to_its_target():
    gradients = torch.tensor([[1.0, 0.0], [-0.3, 2.0]], dtype=torch.float64)
    for target in (-0.1, 0.0, 0.4, 0.9):
        weighting = GradVac(SEED)
        pair = torch.tensor([target], dtype=torch.float64)
        weighting.load_state_dict({"targets": {("en", "de"): pair, ("de", "en"): torch.full_like(pair, -0.99)}})
        weights = weighting(0, ("en", "de"), grams_of(gradients), torch.ones(2))
        bent = weights[0] @ gradients - gradients[1]  # the second is below its own target, and stays as it is
        cosine = bent @ gradients[1] / (bent.norm() * gradients[1].norm())
        assert float(cosine) == pytest.approx(max(target, -0.3 / math.hypot(0.3, 2.0)))


def test_gradvac_with_targets_of_zero_is_pcgrad():
    for step in range(10):
        gradients = drawn(step)
        torch.testing.assert_close(met(GradVac(SEED), step, gradients), met(PCGrad(SEED), step, gradients))


def test_gradvac_keeps_targets_by_name():
    weighting = GradVac(SEED, beta=0.5)
    gradients = torch.eye(2, dtype=torch.float64) + 0.2
    weighting(0, ("en", "de"), grams_of(gradients), torch.ones(2))
    weighting(1, ("sw", "en"), grams_of(gradients), torch.ones(2))
    assert set(weighting.state_dict()["targets"]) == {("en", "de"), ("de", "en"), ("sw", "en"), ("en", "sw")}


@pytest.mark.parametrize("weighting", [PCGrad(SEED), GradVac(SEED)])
def test_a_gradient_of_zero_is_left_alone(weighting: Weighting):
    gradients = drawn(1)
    gradients[2] = 0
    # It is orthogonal to all: the others meet as if it were not there.
    order = [[j for j in own if j != 2] for i, own in enumerate(orders(SEED, 1, 4)) if i != 2]
    without = gradients[[0, 1, 3]]
    expected = literal.pcgrad(without, [[j - (j > 2) for j in own] for own in order])
    torch.testing.assert_close(met(weighting, 1, gradients), expected)
    torch.testing.assert_close(met(weighting, 2, torch.zeros(4, 12, dtype=torch.float64)), torch.zeros(12).double())


def test_a_gradient_of_zero_teaches_gradvac_nothing():
    weighting, gradients = GradVac(SEED, beta=0.5), drawn(1)
    met(weighting, 0, gradients)
    before = weighting.state_dict()["targets"]
    gradients[2] = 0
    met(weighting, 1, gradients)
    after = weighting.state_dict()["targets"]
    assert {pair for pair in before if torch.equal(before[pair], after[pair])} == {
        pair for pair in before if NAMES[2] in pair
    }


def test_almost_opposite_gradients_do_not_break_gradvac():
    gradients = torch.tensor([[1.0, 0.0], [-1.0, 1e-9]], dtype=torch.float64)
    weighting = GradVac(SEED, beta=1.0)
    for step in range(4):
        found = met(weighting, step, gradients)
        # Cosines are cut at 0.999, so what is added is at most some twenty times a gradient.
        assert found.isfinite().all() and float(found.norm()) < 50


@pytest.mark.parametrize("beta", [0.0, 1.5, -0.1])
def test_beta_out_of_range(beta: float):
    with pytest.raises(IsoglossError, match=r"beta must be in \(0, 1\]"):
        GradVac(0, beta)

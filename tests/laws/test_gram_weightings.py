"""Weightings that see inner products alone do to the gradients what their papers do to the gradients."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest
import torch
from torch import Tensor
from torchjd import aggregation

from isogloss import IsoglossError
from isogloss.diagnostics.conflicts import cosines
from isogloss.gradients import Add, CAGrad, GradNorm, GradVac, GramRule, Observed, PCGrad
from isogloss.gradients.gradnorm import SMALLEST_WEIGHT
from isogloss.gradients.pcgrad import orders
from isogloss.protocols import Weighting
from tests.laws import literal_weightings as literal

NAMES = ("en", "de", "sw", "tr")
SEED = 3
GROUPS = (slice(0, 5), slice(5, 12))
"""Two groups of parameters among twelve."""


def drawn(step: int, number: int = 4, size: int = 12, *, agreement: float = 0.0) -> Tensor:
    """Gradients ``[m, n]`` of a step; without agreement, half of all pairs conflict."""
    random = torch.Generator().manual_seed(step)
    common = torch.randn(size, generator=random, dtype=torch.float64)
    return torch.randn(number, size, generator=random, dtype=torch.float64) + agreement * common


def grams_of(gradients: Tensor, groups: tuple[slice, ...] = (slice(None),)) -> Tensor:
    return torch.stack([gradients[:, group] @ gradients[:, group].T for group in groups])


def met(weighting: Weighting, step: int, gradients: Tensor, groups: tuple[slice, ...] = (slice(None),)) -> Tensor:
    """The gradient ``[n]`` of a step under a weighting."""
    weights = weighting(step, NAMES[: len(gradients)], grams_of(gradients, groups), torch.ones(len(gradients)))
    return torch.cat([row @ gradients[:, group] for row, group in zip(weights, groups, strict=True)])


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


def walk_gradnorm(weighting: GradNorm, gradients: Tensor, losses: list[Tensor]) -> list[Tensor]:
    """The weights of successive steps."""
    grams = grams_of(gradients, GROUPS)
    found = [weighting(step, NAMES, grams, loss) for step, loss in enumerate(losses)]
    assert all(torch.equal(weights[0], weights[1]) for weights in found)
    return [weights[0] for weights in found]


def test_gradnorm_goes_down_the_gradient_of_its_loss():
    gradients, rate, alpha = drawn(5), 0.05, 1.5
    losses = [torch.rand(4, generator=torch.Generator().manual_seed(n), dtype=torch.float64) + 0.5 for n in range(20)]
    found = walk_gradnorm(GradNorm(1, alpha=alpha, learning_rate=rate, initial_batches=5), gradients, losses)
    assert all(torch.equal(weights, torch.ones(4).double()) for weights in found[:6])
    initial, weights = torch.stack(losses[:5]).mean(dim=0), torch.ones(4, dtype=torch.float64)
    layer = gradients[:, GROUPS[1]]
    for step in range(5, 19):
        slope = literal.gradnorm(weights, layer, losses[step], initial, alpha)
        weights = (weights - rate * slope / layer.norm(dim=1).mean()).clamp(min=SMALLEST_WEIGHT)
        weights = 4 * weights / weights.sum()
        torch.testing.assert_close(found[step + 1], weights)
        assert float(found[step + 1].sum()) == pytest.approx(4)
    assert not torch.allclose(weights, torch.ones(4).double(), atol=0.1)


def test_gradnorm_keeps_equal_sources_equal():
    gradient = drawn(0, number=1).expand(4, -1)
    losses = [torch.full((4,), 0.1 * n + 0.3, dtype=torch.float64) for n in range(30)]
    for weights in walk_gradnorm(GradNorm(1, initial_batches=3), gradient, losses):
        torch.testing.assert_close(weights, torch.ones(4).double(), rtol=0, atol=1e-12)


def test_gradnorm_gives_weight_to_a_slow_source_and_to_short_gradients():
    gradients = torch.ones(4, 12, dtype=torch.float64)
    slow = [torch.tensor([1.0, 1.0, 1.0, 1.0 if n < 2 else 2.0], dtype=torch.float64) for n in range(6)]
    weights = walk_gradnorm(GradNorm(1, initial_batches=2), gradients, slow)[-1]
    assert weights[3] > weights[0]
    gradients[2] *= 0.1
    weights = walk_gradnorm(GradNorm(1, initial_batches=2), gradients, [torch.ones(4).double()] * 6)[-1]
    assert weights[2] > weights[0]


def test_gradnorm_balances_lengths_and_stays_above_zero():
    gradients = torch.ones(4, 12, dtype=torch.float64) * torch.tensor([1.0, 2.0, 4.0, 8.0]).unsqueeze(1)
    weighting = GradNorm(1, alpha=0.0, learning_rate=0.01, initial_batches=1)
    weights = walk_gradnorm(weighting, gradients, [torch.ones(4).double()] * 800)[-1]
    lengths = weights * torch.tensor([1.0, 2.0, 4.0, 8.0])
    assert float(lengths.max() / lengths.min()) < 1.3
    wild = walk_gradnorm(GradNorm(1, learning_rate=100.0, initial_batches=1), gradients, [torch.ones(4).double()] * 9)
    assert all((weights > 0).all() and float(weights.sum()) == pytest.approx(4) for weights in wild)


def test_gradnorm_goes_on_from_its_state():
    gradients, losses = drawn(5), [torch.rand(4).double() + 0.5 for _ in range(12)]
    expected = walk_gradnorm(GradNorm(1, initial_batches=3), gradients, losses)
    first, second = GradNorm(1, initial_batches=3), GradNorm(1, initial_batches=3)
    for cut in (2, 7):
        first = GradNorm(1, initial_batches=3)
        walk_gradnorm(first, gradients, losses[:cut])
        second.load_state_dict(first.state_dict())
        assert all(map(torch.equal, walk_gradnorm(second, gradients, losses[cut:]), expected[cut:]))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"alpha": -1.0}, "alpha must be at least 0, found -1"),
        ({"learning_rate": 0.0}, "learning_rate must be above 0, found 0"),
        ({"initial_batches": 0}, "initial_batches must be at least 1, found 0"),
    ],
)
def test_arguments_of_gradnorm(arguments: dict, message: str):
    with pytest.raises(IsoglossError, match=message):
        GradNorm(0, **arguments)


def test_gradnorm_needs_losses_and_gradients():
    with pytest.raises(IsoglossError, match=r"mean loss of source 'sw' over its first 2 batches is 0.*above 1e-08"):
        walk_gradnorm(GradNorm(1, initial_batches=2), drawn(0), [torch.tensor([1.0, 1.0, 0.0, 1.0]).double()] * 3)
    with pytest.raises(IsoglossError, match=r"all gradients of the last layer are zero"):
        walk_gradnorm(GradNorm(1, initial_batches=1), torch.zeros(4, 12).double(), [torch.ones(4).double()] * 2)


@pytest.mark.parametrize("c", [0.2, 0.5, 0.9])
def test_cagrad_serves_the_worst_off_source_best(c: float):
    random = torch.Generator().manual_seed(1)
    for step in range(8):
        gradients = drawn(step, agreement=0.3 * (step % 3))
        found, mean = met(CAGrad(c), step, gradients), gradients.mean(dim=0)
        assert float((found - mean).norm()) == pytest.approx(c * float(mean.norm()))
        worst = (gradients @ found).min()
        assert worst > (gradients @ mean).min()
        around = torch.randn(3000, 12, generator=random, dtype=torch.float64)
        far, near = (
            mean + scale * c * mean.norm() * around / around.norm(dim=1, keepdim=True) + (1 - scale) * (found - mean)
            for scale in (1.0, 0.05)
        )
        for others in (far, near):
            assert ((others - mean).norm(dim=1) <= c * mean.norm() * (1 + 1e-9)).all()
            assert (others @ gradients.T).amin(dim=1).max() <= worst + 1e-8


def test_cagrad_of_two_is_its_literal_dual():
    shares = torch.linspace(0, 1, 20001, dtype=torch.float64)[:, None]
    for step in range(5):
        gradients = drawn(step, number=2)
        mean = gradients.mean(dim=0)
        mixed = shares * gradients[0] + (1 - shares) * gradients[1]
        mixed = mixed[(mixed @ mean + 0.5 * mean.norm() * mixed.norm(dim=1)).argmin()]
        expected = mean + 0.5 * mean.norm() / mixed.norm() * mixed
        torch.testing.assert_close(met(CAGrad(0.5), step, gradients), expected, rtol=1e-3, atol=1e-3)


def test_cagrad_without_room_is_the_mean_and_scales_with_gradients():
    gradients = drawn(3)
    torch.testing.assert_close(met(CAGrad(0.0), 0, gradients), gradients.mean(dim=0))
    for scale in (1e-8, 1e6):
        torch.testing.assert_close(met(CAGrad(), 0, scale * gradients), scale * met(CAGrad(), 0, gradients))
    by_group = torch.cat([met(CAGrad(), 0, gradients[:, group]) for group in GROUPS])
    torch.testing.assert_close(met(CAGrad(), 0, gradients, GROUPS), by_group)


def test_cagrad_where_nothing_serves_all():
    opposite = torch.tensor([[1.0, 0.0], [-2.0, 0.0]], dtype=torch.float64)
    assert met(CAGrad(), 0, opposite).isfinite().all()
    torch.testing.assert_close(met(CAGrad(), 0, torch.zeros(4, 12).double()), torch.zeros(12).double())
    with pytest.raises(IsoglossError, match=r"c must be in \[0, 1\), found 1"):
        CAGrad(1)


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

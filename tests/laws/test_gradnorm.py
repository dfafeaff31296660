"""GradNorm by inner products alone goes down the gradient of its paper's loss."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from isogloss import IsoglossError
from isogloss.gradients import GradNorm
from isogloss.gradients.gradnorm import SMALLEST_WEIGHT
from tests.laws import literal_weightings as literal
from tests.laws.grams import GROUPS, NAMES, drawn, grams_of


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

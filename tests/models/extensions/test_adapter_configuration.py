"""What a configuration may hold, and what its parts mean."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from isogloss.common.errors import IsoglossError
from isogloss.models.extensions.adapters import HOULSBY, PARALLEL, PFEIFFER, PFEIFFER_INV, AdapterConfig, Invertible
from isogloss.models.extensions.adapters.bottleneck import Bottleneck


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"reduction_factor": 0}, "reduction_factor: must be a number > 0, or one for each layer, found 0"),
        ({"reduction_factor": {"default": "x"}}, "reduction_factor: must be a number > 0"),
        ({"non_linearity": "rellu"}, "non_linearity: no activation 'rellu'; did you mean 'relu'"),
        ({"non_linearity": "prelu"}, "non_linearity: no activation 'prelu'"),
        ({"scaling": "much"}, "scaling: must be a number, 'learned' or 'channel', found 'much'"),
        ({"inv_adapter": "glow"}, "inv_adapter: must be 'nice' or none, found 'glow'"),
        ({"inv_adapter": "nice"}, "inv_adapter_reduction_factor: must be a number > 0, found None"),
        ({"init_weights": "zero"}, "init_weights: must be one of 'bert', 'houlsby', 'mam_adapter', found 'zero'"),
        ({"dropout": 1}, r"dropout: must be a number in \[0, 1\), found 1"),
        ({"leave_out": 3}, "leave_out: must be numbers of layers, found 3"),
        ({"residual_before_ln": "after"}, "residual_before_ln: must be true, false or 'post_add', found 'after'"),
        ({"residual_before_ln": "post_add", "original_ln_before": False}, "has a meaning only with original_ln_before"),
    ],
)
def test_values_that_are_not_valid(change: dict[str, Any], message: str) -> None:
    with pytest.raises(IsoglossError, match=message):
        replace(PFEIFFER, **change)


def test_values_are_those_it_is_built_from() -> None:
    configuration = replace(PFEIFFER_INV, leave_out=(0, 2), reduction_factor={"1": 2, "default": 4}, scaling=2)
    assert AdapterConfig(**configuration.values()) == configuration


def test_a_bottleneck_is_never_empty() -> None:
    assert replace(PFEIFFER, reduction_factor=1000).width(16, layer=0) == 1
    assert replace(PFEIFFER, reduction_factor=0.5).width(16, layer=0) == 32


H, R = torch.randn(2, 3, 8, generator=torch.Generator().manual_seed(0)), torch.linspace(-1, 1, 48).reshape(2, 3, 8)
NORM = nn.LayerNorm(8)


@pytest.mark.parametrize(
    ("configuration", "base", "read"),
    [
        (PFEIFFER, H, NORM(H + R)),
        (replace(PFEIFFER, residual_before_ln=False), NORM(H + R), NORM(H + R)),
        (replace(PFEIFFER, residual_before_ln="post_add"), H + R, NORM(H + R)),
        (HOULSBY, H, H),
        (replace(PARALLEL, scaling=1.0), H, R),
    ],
)
def test_what_is_read_and_what_it_is_added_to(configuration: AdapterConfig, base: Tensor, read: Tensor) -> None:
    bottleneck = Bottleneck(configuration, 8, 4, torch.Generator().manual_seed(1))
    nn.init.normal_(bottleneck.up.weight, generator=torch.Generator().manual_seed(2))
    change = bottleneck.up(bottleneck.activation(bottleneck.down(read)))
    torch.testing.assert_close(bottleneck(H, R, NORM), base + change)


@pytest.mark.parametrize(("scaling", "size"), [("learned", 1), ("channel", 8)])
def test_scaling_that_is_learned_starts_at_one(scaling: Any, size: int) -> None:
    learned = Bottleneck(replace(PFEIFFER, scaling=scaling), 8, 4, torch.Generator().manual_seed(1))
    constant = Bottleneck(PFEIFFER, 8, 4, torch.Generator().manual_seed(1))
    assert torch.equal(learned(H, R, NORM), constant(H, R, NORM))
    assert learned.get_parameter("scaling").shape == (size,)


@pytest.mark.parametrize(
    ("way", "deviation", "most"),
    [("bert", 0.02, 0.2), ("houlsby", 0.0088, 0.02), ("mam_adapter", 1 / 3**0.5 / 20, 0.05)],
)
def test_how_fresh_weights_are_drawn(way: Any, deviation: float, most: float) -> None:
    """Cut at two standard deviations a normal one has 0.88 of its own; Linear's are uniform in ±1/√400."""
    bottleneck = Bottleneck(replace(PFEIFFER, init_weights=way), 400, 100, torch.Generator().manual_seed(0))
    assert bottleneck.down.weight.std().item() == pytest.approx(deviation, rel=0.02)
    assert bottleneck.down.weight.abs().max().item() <= most
    assert bottleneck.up.weight.std().item() == pytest.approx(0.0 if way == "mam_adapter" else deviation, rel=0.02)
    assert not bottleneck.down.bias.any() and not bottleneck.up.bias.any()


@pytest.mark.parametrize("size", [8, 7])
@pytest.mark.parametrize("activation", ["relu", "gelu"])
def test_the_inverse_is_one(size: int, activation: str) -> None:
    coupling = Invertible(replace(PFEIFFER_INV, non_linearity=activation), size, torch.Generator().manual_seed(0))
    for number, parameter in enumerate(coupling.parameters()):
        nn.init.normal_(parameter, generator=torch.Generator().manual_seed(number))
    x = torch.randn(3, 5, size, generator=torch.Generator().manual_seed(9))
    torch.testing.assert_close(coupling.inverse(coupling(x)), x, atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(coupling(coupling.inverse(x)), x, atol=1e-5, rtol=1e-5)
    assert not torch.allclose(coupling(x), x, atol=0.1)

"""An invertible adapter: it changes the embeddings, and its inverse undoes the change before a masked-LM head."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from isogloss.models.extensions.adapters.bottleneck import activation, linear
from isogloss.models.extensions.adapters.configuration import AdapterConfig


class Invertible(nn.Module):
    """Additive coupling (NICE) of the two halves of a vector x = (x₁, x₂): y₁ = x₁ + F(x₂), y₂ = x₂ + G(y₁).

    F and G are bottlenecks, with the activation of the adapter; they need no inverse themselves.

    Args:
        configuration: The adapter's configuration, with ``inv_adapter`` set.
        size: Size of the vectors, e.
        generator: What fresh weights are drawn from.

    Example:
        >>> from isogloss.models.extensions.adapters.configuration import PFEIFFER_INV
        >>> coupling = Invertible(PFEIFFER_INV, size=8, generator=torch.Generator().manual_seed(0))
        >>> x = torch.arange(8.0)[None]
        >>> torch.allclose(coupling.inverse(coupling(x)), x, atol=1e-5)
        True

    Reference:
        Dinh, Krueger, Bengio, *NICE*, ICLR 2015 workshop; Pfeiffer et al., *MAD-X*, EMNLP 2020.
    """

    def __init__(self, configuration: AdapterConfig, size: int, generator: torch.Generator) -> None:
        super().__init__()
        self._first = size // 2
        self.F = _between(configuration, size - self._first, self._first, generator)
        self.G = _between(configuration, self._first, size - self._first, generator)

    def forward(self, x: Tensor) -> Tensor:
        """Y ``[..., e]`` of x ``[..., e]``."""
        first, second = x[..., : self._first], x[..., self._first :]
        first = first + self.F(second)
        return torch.cat([first, second + self.G(first)], dim=-1)

    def inverse(self, y: Tensor) -> Tensor:
        """X ``[..., e]`` of y ``[..., e]``."""
        first, second = y[..., : self._first], y[..., self._first :]
        second = second - self.G(first)
        return torch.cat([first - self.F(second), second], dim=-1)


def _between(configuration: AdapterConfig, source: int, target: int, generator: torch.Generator) -> nn.Sequential:
    width = max(1, int(source // (configuration.inv_adapter_reduction_factor or 1)))
    down, up = linear(source, width, "bert", generator), linear(width, target, "bert", generator)
    return nn.Sequential(down, activation(configuration), up)

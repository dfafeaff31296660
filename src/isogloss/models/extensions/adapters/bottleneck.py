"""A bottleneck: down to few dimensions, an activation, up again, and added to what it stands beside."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from transformers.activations import get_activation

from isogloss.models.extensions.adapters.configuration import ACTIVATIONS, AdapterConfig


class Bottleneck(nn.Module):
    """The adapter of one block of one layer; see `AdapterConfig` for what it computes.

    Args:
        configuration: Its configuration.
        hidden: Size of the hidden states, d.
        width: Size of the bottleneck.
        generator: What fresh weights are drawn from.

    Example:
        Fresh parallel adapters change nothing, since their way up starts at zero:

        >>> from isogloss.models.extensions.adapters.configuration import PARALLEL
        >>> bottleneck = Bottleneck(PARALLEL, hidden=4, width=2, generator=torch.Generator().manual_seed(0))
        >>> branch, residual = torch.ones(1, 3, 4), torch.ones(1, 3, 4)
        >>> bool((bottleneck(branch, residual, None) == branch).all())
        True
    """

    def __init__(self, configuration: AdapterConfig, hidden: int, width: int, generator: torch.Generator) -> None:
        super().__init__()
        self.configuration = configuration
        self.down = linear(hidden, width, configuration.init_weights, generator)
        self.activation = activation(configuration)
        up = "zero" if configuration.init_weights == "mam_adapter" else configuration.init_weights
        self.up = linear(width, hidden, up, generator)
        self.dropout = nn.Dropout(configuration.dropout)
        self.scaling: float | nn.Parameter
        if isinstance(configuration.scaling, str):
            self.scaling = nn.Parameter(torch.ones(hidden if configuration.scaling == "channel" else 1))
        else:
            self.scaling = configuration.scaling

    def forward(self, branch: Tensor, residual: Tensor, norm: nn.Module | None) -> Tensor:
        """The branch with the adapter's change.

        Args:
            branch: Output h of the block before its residual is added ``[b, s, d]``.
            residual: The residual r ``[b, s, d]``.
            norm: The layer's own norm of h + r; None: it has none there, and the sum is read as it is.

        Returns:
            h + s·Δ ``[b, s, d]``.
        """
        configuration = self.configuration
        read = base = branch
        if configuration.is_parallel:
            read = residual
        elif configuration.original_ln_before:
            added = branch + residual
            # Past the norm's hooks: this is not where the block ends, which mixing waits for.
            read = added if norm is None else norm.forward(added)
            if configuration.residual_before_ln == "post_add":
                base = added
            elif not configuration.residual_before_ln:
                base = read
        change = self.up(self.activation(self.down(read)))
        if isinstance(self.scaling, Tensor) or self.scaling != 1:
            change = change * self.scaling
        return base + self.dropout(change)  # type: ignore[no-any-return]


def activation(configuration: AdapterConfig) -> nn.Module:
    """The activation of an adapter."""
    return get_activation(ACTIVATIONS[configuration.activation])  # type: ignore[no-any-return,no-untyped-call]


def linear(source: int, target: int, way: str, generator: torch.Generator) -> nn.Linear:
    """A linear layer whose weights are drawn as `AdapterConfig.init_weights` says, or all zero; the bias is zero.

    The global random state is left alone, which `torch.nn.Linear` by itself draws from.
    """
    layer: nn.Linear = nn.utils.skip_init(nn.Linear, source, target)  # type: ignore[no-untyped-call]
    with torch.no_grad():
        nn.init.zeros_(layer.bias)
        if way == "bert":
            nn.init.normal_(layer.weight, std=0.02, generator=generator)
        elif way == "houlsby":
            nn.init.trunc_normal_(layer.weight, std=0.01, a=-0.02, b=0.02, generator=generator)
        elif way == "mam_adapter":
            nn.init.kaiming_uniform_(layer.weight, a=math.sqrt(5), generator=generator)
        else:
            nn.init.zeros_(layer.weight)
    return layer

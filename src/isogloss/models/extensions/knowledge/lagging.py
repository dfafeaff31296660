"""A copy of the weights of encoder and heads that lags behind them: what candidates are encoded with."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from isogloss.common.errors import IsoglossError
from isogloss.models.extensions.attaching import Extension

LAGGING = "knowledge_lagging"
"""The name under which it is attached to a model."""


class LaggingCopy(Extension):
    """θ' ← m · θ' + (1 − m) · θ after each micro-batch, θ being the weights of some modules.

    The copies are buffers, not parameters: nothing trains them, and they are saved with the model's other extensions.

    Args:
        parts: The modules, by names of their own.
        momentum: m in (0, 1); He et al. have 0.999 for each step.

    Example:
        >>> linear = nn.Linear(1, 1, bias=False)
        >>> _ = nn.init.ones_(linear.weight)
        >>> lagging = LaggingCopy({"linear": linear}, 0.75)
        >>> _ = nn.init.zeros_(linear.weight)
        >>> lagging.follow()
        >>> lagging.weights("linear")["weight"]
        tensor([[0.7500]])

    Reference:
        He et al., *Momentum Contrast for Unsupervised Visual Representation Learning*, CVPR 2020.
    """

    kind: ClassVar[str] = "knowledge_lagging"
    changes_outputs: ClassVar[bool] = False

    def __init__(self, parts: Mapping[str, nn.Module], momentum: float) -> None:
        super().__init__()
        if not 0 < momentum < 1:
            raise IsoglossError(f"knowledge.momentum: must be between 0 and 1, found {momentum}")
        self.momentum = momentum
        # Not modules of this one: they train elsewhere.
        self._parts = (dict(parts),)
        for part, module in parts.items():
            for name, parameter in module.named_parameters():
                self.register_buffer(_flat(part, name), parameter.detach().clone())

    def settings(self) -> Mapping[str, Any]:
        """How slow it is."""
        return {"momentum": self.momentum}

    def weights(self, part: str) -> dict[str, Tensor]:
        """The copies of the weights of a module, by name."""
        return {name: self.get_buffer(_flat(part, name)) for name, _ in self._parts[0][part].named_parameters()}

    @torch.no_grad()
    def follow(self) -> None:
        """Take a step towards the weights of now."""
        for part, module in self._parts[0].items():
            for name, parameter in module.named_parameters():
                self.get_buffer(_flat(part, name)).lerp_(parameter.detach(), 1 - self.momentum)


def _flat(part: str, name: str) -> str:
    return f"{part}__{name.replace('.', '__')}"

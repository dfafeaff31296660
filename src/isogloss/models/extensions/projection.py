"""A linear map from the hidden states of a student to those of its teacher, beside the student."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from isogloss.models.extensions.attaching import Extension

PROJECTION = "projection"
"""The name under which it is attached to a model."""


class Projection(Extension):
    """W h + b, with which a student's states ``[..., d]`` are compared with a teacher's ``[..., g]``.

    Args:
        size: Units d of the student.
        wanted: Units g of the teacher.
        seed: Seed of the weights, which are drawn as torch does for linear layers.

    Example:
        >>> Projection(4, 6)(torch.ones(2, 3, 4)).shape
        torch.Size([2, 3, 6])
    """

    kind: ClassVar[str] = "projection"
    changes_outputs: ClassVar[bool] = False

    def __init__(self, size: int, wanted: int, *, seed: int = 0) -> None:
        super().__init__()
        self.size, self.wanted = size, wanted
        with torch.random.fork_rng(devices=[]):
            torch.default_generator.manual_seed(seed)
            self.linear = nn.Linear(size, wanted)

    def settings(self) -> Mapping[str, Any]:
        """Sizes."""
        return {"size": self.size, "wanted": self.wanted}

    def forward(self, states: Tensor) -> Tensor:
        """The states in the teacher's units ``[..., g]``."""
        projected: Tensor = self.linear(states)
        return projected

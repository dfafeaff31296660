"""What may move in a step. What never may has no place in the optimizer (`isogloss.optim.groups`)."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass

from torch import nn


@dataclass(frozen=True, slots=True)
class Always:
    """The same groups in every step.

    Args:
        opening: Names of the open groups.

    Example:
        >>> sorted(Always(frozenset({"head", "layer_12"}))(step=7, model=nn.Linear(1, 1)))
        ['head', 'layer_12']
    """

    opening: frozenset[Hashable]

    def __call__(self, step: int, model: nn.Module) -> frozenset[Hashable]:
        """The open groups of step ``step``."""
        return self.opening

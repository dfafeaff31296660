"""A wrapper around a weighting that keeps the names and Gram matrices of the last step, for probes to look at."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from isogloss.protocols import Weighting, memory_of, recall


class Add:
    """Gradients are added up: weights of one. With `Observed`, plain training whose gradients can be looked at.

    Example:
        >>> Add()(0, ("de", "en"), torch.ones(1, 2, 2), torch.ones(2))
        tensor([[1., 1.]])
    """

    def __call__(self, step: int, names: tuple[str, ...], grams: Tensor, losses: Tensor) -> Tensor:
        """Ones ``[g, m]``."""
        return torch.ones(grams.shape[:2], dtype=grams.dtype)


class Observed:
    """Another weighting, and the names and Gram matrices of the step it was last asked for.

    Args:
        weighting: The weighting that answers.
        groups: Names of the g groups of parameters.

    Attributes:
        groups: As given.
        names: The m sources of the last step; empty before the first, also after a resume.
        grams: Their Gram matrices ``[g, m, m]``.

    Example:
        >>> observed = Observed(Add(), ["model"])
        >>> observed(0, ("de", "en"), torch.tensor([[[1.0, -1.0], [-1.0, 2.0]]]), torch.ones(2))
        tensor([[1., 1.]])
        >>> observed.last()
        (('de', 'en'), ('model',), tensor([[[ 1., -1.],
                 [-1.,  2.]]]))
    """

    def __init__(self, weighting: Weighting, groups: Sequence[str]) -> None:
        self.weighting = weighting
        self.groups = tuple(groups)
        self.names: tuple[str, ...] = ()
        self.grams = torch.zeros(0, 0, 0, dtype=torch.float64)

    def __call__(self, step: int, names: tuple[str, ...], grams: Tensor, losses: Tensor) -> Tensor:
        """What the weighting answers."""
        self.names, self.grams = names, grams.clone()
        return self.weighting(step, names, grams, losses)

    def last(self) -> tuple[tuple[str, ...], tuple[str, ...], Tensor] | None:
        """Names of sources and of groups, and Gram matrices, of the last step; None before the first."""
        return (self.names, self.groups, self.grams) if self.names else None

    def state_dict(self) -> dict[str, Any]:
        """That of the weighting."""
        return memory_of(self.weighting)

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from ``state``."""
        recall(self.weighting, state)

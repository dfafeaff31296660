"""Random gradients, and what a weighting that sees inner products alone makes of them."""

from __future__ import annotations

import torch
from torch import Tensor

from isogloss.protocols import Weighting

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

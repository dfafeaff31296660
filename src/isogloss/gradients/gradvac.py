"""GradVac: gradients are bent towards the cosine that two sources usually have, not only out of conflict."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from isogloss.errors import IsoglossError
from isogloss.gradients.pcgrad import identity, orders

LARGEST = 0.999
"""Cosines are cut to at most this: the formula divides by √(1 - cosine²)."""


class GradVac:
    """Gradient vaccine: a running mean of each pair's cosine is a target, and a cosine below it is raised to it.

    For each source i, with g_i' = g_i at first and j through the other sources in a random order of its own, with
    ρ = cos(g_i', g_j) and the pair's target r (0 at first): if ρ < r, then

        g_i' += ||g_i'|| · (r √(1 - ρ²) - ρ √(1 - r²)) / (||g_j|| √(1 - r²)) · g_j,

    after which cos(g_i', g_j) = r. Then r <- (1 - β) r + β ρ, with ρ as it was. The step is Σ_i g_i'. With r = 0 this
    is PCGrad. Each group of parameters has targets of its own, and so has (j, i) beside (i, j).

    Args:
        seed: Seed of the orders, with the number of the step; the global random state is left alone.
        beta: Weight β of the newest cosine, in (0, 1]. Default 0.01.

    Raises:
        IsoglossError: β outside (0, 1].

    Reference:
        Wang, Tsvetkov, Firat, Cao, *Gradient Vaccine: Investigating and Improving Multi-task Optimization in Massively
        Multilingual Models*, ICLR 2021. See ``docs/methods/gradvac.md``.
    """

    def __init__(self, seed: int, beta: float = 0.01) -> None:
        if not 0 < beta <= 1:
            raise IsoglossError(f"beta must be in (0, 1], found {beta}")
        self._seed, self._beta = seed, beta
        self._targets: dict[tuple[str, str], Tensor] = {}

    def __call__(self, step: int, names: tuple[str, ...], grams: Tensor, losses: Tensor) -> Tensor:
        """Weights ``[g, m]``."""
        lengths = grams.diagonal(dim1=1, dim2=2).sqrt()  # [g, m]
        coefficients = identity(grams)
        for i, others in enumerate(orders(self._seed, step, len(names))):
            own = coefficients[:, i]  # of g_i' [g, m]; changes in place
            for j in others:
                length = torch.einsum("gi,gij,gj->g", own, grams, own).clamp(min=0).sqrt()
                scale = length * lengths[:, j]
                # Where a gradient is zero there is no cosine: nothing is bent, and nothing learnt.
                known = scale > 0
                cosine = ((own * grams[:, j]).sum(dim=1) / scale.where(known, 1.0)).clamp(-LARGEST, LARGEST)
                pair = names[i], names[j]
                target = self._targets.get(pair, torch.zeros_like(cosine))
                own[:, j] += bend(cosine, target, length, lengths[:, j]).where(known & (cosine < target), 0.0)
                self._targets[pair] = target.lerp(cosine, self._beta).where(known, target)
        return coefficients.sum(dim=1)

    def state_dict(self) -> dict[str, Any]:
        """The targets."""
        return {"targets": {pair: target.clone() for pair, target in self._targets.items()}}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from ``state``."""
        self._targets = dict(state["targets"])


def bend(cosine: Tensor, target: Tensor, length: Tensor, other: Tensor) -> Tensor:
    """How much of a gradient of length ``other`` raises the cosine of one of ``length`` with it to ``target``."""
    root = (1 - target.square()).sqrt()
    return length * (target * (1 - cosine.square()).sqrt() - cosine * root) / (other * root)

"""GradVac: gradients are bent towards the cosine that two sources usually have, not only out of conflict."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor

from isogloss.common.errors import IsoglossError
from isogloss.gradients.pcgrad import orders

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

    Example:
        With β = 1 the target is the last cosine. After one of 0.6, orthogonal gradients of length 1 are bent to 0.6,
        each by 0.6 / √(1 - 0.6²) = 0.75 of the other:

        >>> weighting, names = GradVac(seed=0, beta=1.0), ("de", "en")
        >>> cosines = [torch.tensor([[[1.0, cosine], [cosine, 1.0]]], dtype=torch.float64) for cosine in (0.6, 0.0)]
        >>> [weighting(step, names, grams, torch.ones(2)).tolist() for step, grams in enumerate(cosines)]
        [[[1.0, 1.0]], [[1.75, 1.75]]]

    Reference:
        Wang, Tsvetkov, Firat, Cao, *Gradient Vaccine: Investigating and Improving Multi-task Optimization in Massively
        Multilingual Models*, ICLR 2021. See ``docs/methods/gradvac.md``.
    """

    def __init__(self, seed: int, beta: float = 0.01) -> None:
        if not 0 < beta <= 1:
            raise IsoglossError(f"beta must be in (0, 1], found {beta}")
        self._seed, self._beta = seed, beta
        self._targets: dict[tuple[str, str], np.ndarray] = {}

    def __call__(self, step: int, names: tuple[str, ...], grams: Tensor, losses: Tensor) -> Tensor:
        """Weights ``[g, m]``."""
        # There are m² of the inner steps, each on a few numbers: NumPy starts them several times faster than torch.
        inner: np.ndarray = grams.numpy()
        lengths = np.sqrt(np.diagonal(inner, axis1=1, axis2=2))  # [g, m]
        weights = np.ones(inner.shape[:2])  # a gradient is one of itself, whatever it gets of others
        for i, others in enumerate(orders(self._seed, step, len(names))):
            products = inner[:, i].copy()  # <g_i', g_k> for all k [g, m]
            square = lengths[:, i] ** 2  # ||g_i'||²
            for j in others:
                length, other, product = np.sqrt(square), lengths[:, j], products[:, j]
                # Where a gradient is zero there is no cosine: nothing is bent, and nothing learnt.
                known = length * other > 0
                cosine = np.clip(product / np.where(known, length * other, 1.0), -LARGEST, LARGEST)
                pair = names[i], names[j]
                target = self._targets.get(pair)
                target = np.zeros_like(cosine) if target is None else target
                added = np.where(known & (cosine < target), bend(cosine, target, length, other), 0.0)
                self._targets[pair] = np.where(known, target + self._beta * (cosine - target), target)
                weights[:, j] += added
                square = np.maximum(square + 2 * added * product + (added * other) ** 2, 0.0)
                products += added[:, None] * inner[:, j]
        return torch.from_numpy(weights)

    def state_dict(self) -> dict[str, Any]:
        """The targets."""
        return {"targets": {pair: torch.from_numpy(target) for pair, target in self._targets.items()}}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from ``state``."""
        self._targets = {pair: target.numpy() for pair, target in state["targets"].items()}


def bend(cosine: np.ndarray, target: np.ndarray, length: np.ndarray, other: np.ndarray) -> np.ndarray:
    """How much of a gradient of length ``other`` raises the cosine of one of ``length`` with it to ``target``."""
    root = np.sqrt(1 - target**2)
    raised: np.ndarray = (
        length * (target * np.sqrt(1 - cosine**2) - cosine * root) / np.where(other > 0, other, 1.0) / root
    )
    return raised

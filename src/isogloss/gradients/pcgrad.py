"""PCGrad: where the gradients of two sources conflict, each loses the part that goes against the other."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from isogloss.common.randomness import generator

SMALLEST = np.finfo(np.float64).tiny
"""Divides where a gradient is zero, and the dividend with it."""


class PCGrad:
    """Gradient surgery: project each gradient onto the normal plane of those it conflicts with, then add up.

    For each source i, with g_i' = g_i at first and j through the other sources in a random order of its own:
    if <g_i', g_j> < 0, then g_i' -= <g_i', g_j> / ||g_j||² · g_j, with g_j as it was; the step is Σ_i g_i'. Since
    every g_i' is a sum of the original gradients, its coefficients and their Gram matrix suffice.

    Args:
        seed: Seed of the orders, with the number of the step; the global random state is left alone.

    Example:
        For g₁ = (1, 0) and g₂ = (-1, 1), g₁' = g₁ + ½ g₂ and g₂' = g₂ + g₁; so the step is 2 g₁ + 1½ g₂:

        >>> grams = torch.tensor([[[1.0, -1.0], [-1.0, 2.0]]], dtype=torch.float64)
        >>> PCGrad(seed=0)(0, ("de", "en"), grams, torch.ones(2))
        tensor([[2.0000, 1.5000]], dtype=torch.float64)

    Reference:
        Yu, Kumar, Gupta, Levine, Hausman, Finn, *Gradient Surgery for Multi-Task Learning*, NeurIPS 2020. See
        ``docs/methods/pcgrad.md`` for where its released code differs.
    """

    def __init__(self, seed: int) -> None:
        self._seed = seed

    def __call__(self, step: int, names: tuple[str, ...], grams: Tensor, losses: Tensor) -> Tensor:
        """Weights ``[g, m]``; every group projects for itself, in the same order."""
        # There are m² of the inner steps, each on a few numbers: NumPy starts them several times faster than torch.
        inner: np.ndarray = grams.numpy()
        squares = np.maximum(np.diagonal(inner, axis1=1, axis2=2), SMALLEST)  # [g, m]
        weights = np.ones(inner.shape[:2])  # a gradient is one of itself, whatever it gets of others
        for i, others in enumerate(orders(self._seed, step, len(names))):
            products = inner[:, i].copy()  # <g_i', g_k> for all k [g, m]
            for j in others:
                added = -np.minimum(products[:, j], 0.0) / squares[:, j]
                weights[:, j] += added
                products += added[:, None] * inner[:, j]
        return torch.from_numpy(weights)


def orders(seed: int, step: int, number: int) -> list[list[int]]:
    """For each of ``number`` sources the others in a random order, a function of seed and step."""
    random = generator(seed, "projections", step)
    return [random.permutation([j for j in range(number) if j != i]).tolist() for i in range(number)]

"""CAGrad: the step near the mean gradient that serves the worst-off source best."""

from __future__ import annotations

import numpy as np
import torch
from scipy.optimize import minimize
from torch import Tensor

from isogloss.common.errors import IsoglossError

SHORTEST = 1e-5
"""A g_w shorter than this, where gradients have a mean square of one, is rounding, and so is its direction."""


class CAGrad:
    """Conflict-averse gradients: max over d of min_i <g_i, d>, where ||d - g₀|| <= c ||g₀||, g₀ = 1/m Σ_i g_i.

    Its solution is d = g₀ + c ||g₀|| / ||g_w|| · g_w with g_w = Σ_i w_i g_i, where w minimises

        <g_w, g₀> + c ||g₀|| ||g_w||   over w >= 0, Σ_i w_i = 1,

    a convex problem in m numbers, given to SciPy's SLSQP. With c = 0 it is the mean. Where g_w is zero (no direction
    serves all sources), d is the mean. Each group of parameters is solved for itself.

    Args:
        c: Radius of the ball, in [0, 1); the larger, the more the worst-off source counts. Default 0.5.

    Raises:
        IsoglossError: c outside [0, 1).

    Example:
        For g₁ = (1, 0) and g₂ = (0, 3), the mean (½, 1½) serves the first worst. So g_w is g₁, of length 1, and it is
        added c ||g₀|| = ½ √2.5 = 0.79 times:

        >>> grams = torch.tensor([[[1.0, 0.0], [0.0, 9.0]]], dtype=torch.float64)
        >>> CAGrad(c=0.5)(0, ("de", "en"), grams, torch.ones(2))
        tensor([[1.2906, 0.5000]], dtype=torch.float64)

    Reference:
        Liu, Liu, Jin, Stone, Liu, *Conflict-Averse Gradient Descent for Multi-task Learning*, NeurIPS 2021.
    """

    def __init__(self, c: float = 0.5) -> None:
        if not 0 <= c < 1:
            raise IsoglossError(f"c must be in [0, 1), found {c}")
        self._c = c

    def __call__(self, step: int, names: tuple[str, ...], grams: Tensor, losses: Tensor) -> Tensor:
        """Weights ``[g, m]`` of d."""
        return torch.from_numpy(np.stack([self._weights(gram) for gram in grams.numpy()]))

    def _weights(self, gram: np.ndarray) -> np.ndarray:
        number = len(gram)
        equal = np.full(number, 1 / number)
        square = np.trace(gram) / number
        if square <= 0:
            return equal
        inner = gram / square  # d is along with the gradients, whatever their common length
        of_mean = inner @ equal
        radius = self._c * np.sqrt(max(equal @ of_mean, 0.0))

        def height(w: np.ndarray) -> tuple[float, np.ndarray]:
            product = inner @ w
            length = np.sqrt(max(w @ product, SHORTEST**4))
            return float(w @ of_mean + radius * length), of_mean + radius / length * product

        found = minimize(
            height,
            equal,
            jac=True,
            method="SLSQP",
            bounds=[(0.0, 1.0)] * number,
            constraints={"type": "eq", "fun": lambda w: w.sum() - 1.0, "jac": np.ones_like},
            options={"maxiter": 200, "ftol": 1e-16},
        )
        length = np.sqrt(max(found.x @ inner @ found.x, 0.0))
        return equal + radius / length * found.x if length > SHORTEST else equal

"""GradNorm: weights of losses that learn to make all sources train at the same pace."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from isogloss.common.errors import IsoglossError

SMALLEST_LOSS = 1e-8
SMALLEST_WEIGHT = 1e-2
"""A step on the weights could make one negative, which would turn training around."""


class GradNorm:
    """Gradient normalisation: L = Σ_i w_i L_i, with weights that balance the lengths of the gradients.

    With n_i = ||grad_W L_i|| over a layer W that all sources share, G_i = w_i n_i, their mean Ḡ, and the pace
    r_i = (L_i / L_i(0)) / mean_j (L_j / L_j(0)), the weights go down the gradient of

        L_grad = Σ_i | G_i - Ḡ r_i^α | / n̄,   with Ḡ r_i^α and the mean length n̄ held fixed,

    and are then scaled to add up to the number of sources. The division by n̄ is ours: without it the rate would have a
    unit, that of a gradient. L_i(0) is the mean loss over the first batches of a source; until all sources have seen
    as many, the weights are 1.

    Args:
        layer: Which group of the Gram matrices is W.
        alpha: Restoring force α ≥ 0; 0: equal lengths whatever the pace. Default 1.5.
        learning_rate: Rate of the weights, above 0. Default 0.025.
        initial_batches: Batches per source that L_i(0) is the mean over, at least 1. Default 50: a single batch is too
            noisy.

    Raises:
        IsoglossError: An argument outside its range, a mean loss L_i(0) that is next to zero, or a layer whose
            gradients are all zero.

    Example:
        The first step only notes losses, the second learns for the third. Of lengths 1 and 3 (mean 2) the longer one's
        weight goes down by 0.1 · 3/2, the shorter one's up by 0.1 · 1/2, and 0.85 and 1.05 are scaled to add up to 2:

        >>> weighting = GradNorm(layer=0, alpha=0.0, learning_rate=0.1, initial_batches=1)
        >>> grams = torch.tensor([[[9.0, 0.0], [0.0, 1.0]]], dtype=torch.float64)
        >>> for step in range(3):
        ...     print(weighting(step, ("de", "en"), grams, torch.ones(2)))
        tensor([[1., 1.]], dtype=torch.float64)
        tensor([[1., 1.]], dtype=torch.float64)
        tensor([[0.8947, 1.1053]], dtype=torch.float64)

    Reference:
        Chen, Badrinarayanan, Lee, Rabinovich, *GradNorm: Gradient Normalization for Adaptive Loss Balancing in Deep
        Multitask Networks*, ICML 2018. See ``docs/methods/gradnorm.md``.
    """

    def __init__(
        self, layer: int, *, alpha: float = 1.5, learning_rate: float = 0.025, initial_batches: int = 50
    ) -> None:
        ranges = [
            ("alpha", alpha, alpha >= 0, "at least 0"),
            ("learning_rate", learning_rate, learning_rate > 0, "above 0"),
            ("initial_batches", initial_batches, initial_batches >= 1, "at least 1"),
        ]
        for name, value, fits, rule in ranges:
            if not fits:
                raise IsoglossError(f"{name} must be {rule}, found {value}")
        self._layer, self._alpha, self._rate, self._batches = layer, alpha, learning_rate, initial_batches
        self._weights: dict[str, float] = {}
        self._initial: dict[str, tuple[float, int]] = {}  # sum of the first losses, and how many

    def __call__(self, step: int, names: tuple[str, ...], grams: Tensor, losses: Tensor) -> Tensor:
        """Weights ``[g, m]``, the same for every group; they learn from this step for the next."""
        weights = torch.tensor([self._weights.get(name, 1.0) for name in names], dtype=torch.float64)
        if self._measure(names, losses):
            self._learn(names, weights, grams[self._layer].diagonal().sqrt(), losses)
        return weights.expand(len(grams), -1)

    def _measure(self, names: tuple[str, ...], losses: Tensor) -> bool:
        """Note first losses; whether all of these sources had seen enough before this step."""
        done = True
        for name, loss in zip(names, losses.tolist(), strict=True):
            total, count = self._initial.get(name, (0.0, 0))
            if count < self._batches:
                self._initial[name] = total + loss, count + 1
                done = False
        return done

    def _learn(self, names: tuple[str, ...], weights: Tensor, lengths: Tensor, losses: Tensor) -> None:
        ratios = losses / torch.tensor([self._first(name) for name in names], dtype=torch.float64)
        mean = lengths.mean()
        if mean == 0:
            raise IsoglossError(
                "weighting: gradnorm: all gradients of the last layer are zero, so there are no lengths to balance; "
                "the layer must be one that trains"
            )
        pace = ratios / ratios.mean().clamp(min=SMALLEST_LOSS)
        own = weights * lengths
        excess = own - own.mean() * pace**self._alpha
        # What is equal up to rounding has no sign.
        sign = excess.sign().where(excess.abs() > 1e-9 * own.mean(), 0.0)
        learned = (weights - self._rate * sign * lengths / mean).clamp(min=SMALLEST_WEIGHT)
        learned *= len(names) / learned.sum()
        self._weights.update(zip(names, learned.tolist(), strict=True))

    def _first(self, name: str) -> float:
        total, count = self._initial[name]
        if total / count < SMALLEST_LOSS:
            raise IsoglossError(
                f"weighting: gradnorm: the mean loss of source {name!r} over its first {count} batches is "
                f"{total / count:.3g}; a pace needs a loss to start from, above {SMALLEST_LOSS:g}. Leave {name!r} out, "
                "or use another weighting"
            )
        return total / count

    def state_dict(self) -> dict[str, Any]:
        """Weights and first losses, by source."""
        return {"weights": dict(self._weights), "initial": dict(self._initial)}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from ``state``."""
        self._weights, self._initial = dict(state["weights"]), dict(state["initial"])

"""Rules of TorchJD that take a Gram matrix, as answers to how gradients meet."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from isogloss.common.randomness import derive


class GramRule:
    """A function from a Gram matrix to weights, called for each group of parameters.

    Whatever it draws, it draws under a seed of (seed, step), and the global random state is put back.

    Args:
        rule: Weights ``[m]`` from a Gram matrix ``[m, m]``; a weighting of TorchJD, without a state.
        seed: Seed of what it may draw.

    Example:
        A rule that gives each gradient a length of one, for gradients of 1 and 2:

        >>> grams = torch.tensor([[[1.0, 0.0], [0.0, 4.0]]], dtype=torch.float64)
        >>> GramRule(lambda gram: gram.diagonal().rsqrt(), seed=0)(0, ("de", "en"), grams, torch.ones(2))
        tensor([[1.0000, 0.5000]], dtype=torch.float64)
    """

    def __init__(self, rule: Callable[[Tensor], Tensor], seed: int) -> None:
        self._rule, self._seed = rule, seed

    def __call__(self, step: int, names: tuple[str, ...], grams: Tensor, losses: Tensor) -> Tensor:
        """Weights ``[g, m]``."""
        with torch.random.fork_rng(devices=[]):
            # Gram matrices are on the CPU, and so is all that a rule draws.
            torch.default_generator.manual_seed(derive(self._seed, "rule", step))
            return torch.stack([self._rule(gram) for gram in grams])

"""Two heads that project vectors of texts and of descriptions into the space where they are compared (XLM-K)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from isogloss.common.errors import IsoglossError
from isogloss.models.extensions.attaching import Extension

HEADS = "knowledge_heads"
"""The name under which they are attached to a model."""

EPSILON = 1e-12
"""ε of the norms, as in the released code."""


class ProjectionHeads(Extension):
    """A head for texts and one for descriptions, each W₂ · ReLU(norm(W₁ x)) and then a norm without weights.

    With batch norm, as in the released code, mean and variance are those of the batch at hand, in evaluation too: the
    heads are not used after pre-training. It takes away what all vectors share, which of a fresh encoder is nearly all
    of them. With layer norm what becomes of a text does not depend on the others of its batch.

    Args:
        size: Units d of the encoder.
        batch_norm: Whether the norms are over the batch, each unit apart, or over the units, each text apart.
        seed: Seed of the weights, which are drawn as torch does for linear layers.

    Example:
        >>> heads = ProjectionHeads(4, seed=0)
        >>> heads(torch.ones(3, 4), descriptions=False).shape
        torch.Size([3, 4])

    Reference:
        Jiang et al., *XLM-K*, AAAI 2022, and its released code.
    """

    kind: ClassVar[str] = "knowledge_heads"
    changes_outputs: ClassVar[bool] = False

    def __init__(self, size: int, *, batch_norm: bool = True, seed: int = 0) -> None:
        super().__init__()
        self.size, self.batch_norm = size, batch_norm
        with torch.random.fork_rng(devices=[]):
            torch.default_generator.manual_seed(seed)
            self.texts, self.descriptions = _head(size, batch_norm), _head(size, batch_norm)

    def settings(self) -> Mapping[str, Any]:
        """Size and norm."""
        return {"size": self.size, "batch_norm": self.batch_norm}

    def forward(self, vectors: Tensor, *, descriptions: bool) -> Tensor:
        """Vectors ``[n, d]`` of texts, or of descriptions, in the space where they are compared ``[n, d]``.

        Raises:
            IsoglossError: The norm is over the batch, and there are fewer than two.
        """
        if self.batch_norm and len(vectors) < 2:
            raise IsoglossError(
                f"knowledge.norm: batch needs at least 2 texts in each micro-batch of a process, found {len(vectors)}; "
                "take a larger batch_size, fewer parts (gradient_accumulation_steps), across_ranks, or norm: layer"
            )
        projected: Tensor = (self.descriptions if descriptions else self.texts)(vectors)
        return projected


def _head(size: int, batch_norm: bool) -> nn.Sequential:
    return nn.Sequential(
        nn.Linear(size, size, bias=False),
        _norm(size, batch_norm, weights=True),
        nn.ReLU(),
        nn.Linear(size, size, bias=False),
        _norm(size, batch_norm, weights=False),
    )


def _norm(size: int, batch_norm: bool, *, weights: bool) -> nn.Module:
    if batch_norm:
        return nn.BatchNorm1d(size, eps=EPSILON, affine=weights, track_running_stats=False)
    return nn.LayerNorm(size, elementwise_affine=weights)

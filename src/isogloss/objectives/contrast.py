"""InfoNCE: each vector must find its own partner among candidates.

Shapes: n queries, m candidates of a view (of all that are compared at once), k vectors of a queue, d units.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

NORM = 1e-4
"""Least norm that vectors are divided by, as in XLM-K's released code."""


@dataclass(frozen=True)
class Candidates:
    """What a query is compared with.

    Attributes:
        same: Vectors of its own view ``[m, d]``, its own among them, which is no candidate.
        other: Vectors of the other view ``[m, d]``, its partner among them.
        queue: Vectors that were seen before ``[k, d]``.
        own: Where query i is in ``same``, and its partner in ``other`` ``[n]``.
        left_out: Candidates ``[n, 2m + k]`` that do not count beside, in this order; the partner's place is not read.
    """

    same: Tensor
    other: Tensor
    queue: Tensor
    own: Tensor
    left_out: Tensor


def logits_of(queries: Tensor, candidates: Candidates, temperature: float) -> tuple[Tensor, Tensor]:
    """The inner products of queries and candidates, divided by the temperature, and the place of each partner.

    Args:
        queries: The queries ``[n, d]``.
        candidates: What they are compared with.
        temperature: T > 0.

    Returns:
        Logits ``[n, 2m + k]``, −∞ where a candidate does not count, and places ``[n]``.
    """
    every = torch.cat([candidates.same, candidates.other, candidates.queue])
    logits = queries @ every.T / temperature
    numbers, gold = torch.arange(len(queries), device=queries.device), len(candidates.same) + candidates.own
    left_out = candidates.left_out.clone()
    left_out[numbers, candidates.own] = True
    left_out[numbers, gold] = False
    return logits.masked_fill(left_out, -torch.inf), gold


def info_nce(queries: Tensor, candidates: Candidates, temperature: float) -> Tensor:
    """−log softmax(q · c / T) of each query's partner among its candidates, in float32.

    Args:
        queries: The queries q ``[n, d]``.
        candidates: The candidates c.
        temperature: T > 0.

    Returns:
        The loss of each query ``[n]``.

    Example:
        Two pairs at right angles, without queue: each query has its partner (1) and the other pair's two vectors (0),
        so it loses log(e + 2) − 1 = 0.551:

        >>> vectors, nothing = torch.eye(2), torch.zeros(2, 4, dtype=torch.bool)
        >>> candidates = Candidates(vectors, vectors, torch.zeros(0, 2), torch.arange(2), nothing)
        >>> info_nce(vectors, candidates, 1.0)
        tensor([0.5514, 0.5514])

    Reference:
        Van den Oord et al., *Representation Learning with Contrastive Predictive Coding*, 2018; Chen et al., *A Simple
        Framework for Contrastive Learning* (NT-Xent), ICML 2020.
    """
    logits, gold = logits_of(queries, candidates, temperature)
    return functional.cross_entropy(logits.float(), gold, reduction="none")


def normalised(vectors: Tensor) -> Tensor:
    """Vectors ``[n, d]`` of length 1."""
    return functional.normalize(vectors, dim=-1, eps=NORM)


def among(entities: Tensor, true: Tensor) -> Tensor:
    """Which entities ``[m]`` are among those that are true of each text ``[n, t]``, as ``[n, m]``.

    Example:
        >>> among(torch.tensor([7, 8, 9]), torch.tensor([[7, 9], [8, -1]])).int().tolist()
        [[1, 0, 1], [0, 1, 0]]
    """
    if true.shape[1] == 1:
        return entities == true
    return torch.stack([torch.isin(entities, own) for own in true]) if len(true) else entities.new_zeros(0).bool()

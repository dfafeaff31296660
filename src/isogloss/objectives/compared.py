"""Texts and descriptions of a batch, compared in both directions: who is a candidate for whom.

Shapes: b rows of this process, n rows of all processes that are compared, t entities that may be true of a text, d
units.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from isogloss.models.extensions.knowledge import CandidateQueue
from isogloss.objectives.contrast import Candidates, among, info_nce, normalised


@dataclass(frozen=True)
class Contrast:
    """How texts and descriptions are compared.

    Attributes:
        temperature: T > 0 that inner products are divided by.
        normalise: Whether vectors have length 1 when they are compared.
        bidirectional: Whether descriptions have to find their texts too.
        mask_same_entity: Whether candidates that are no wrong answers are left out: other vectors of the same entity,
            and of entities that are true of the text too.
        across_ranks: Whether the candidates are those of all processes, with gradient, as if there were one process.
        released: Whether the loss is normalised as in the released code: the mean over a micro-batch, weighed by its
            share of all sub-words that are to be found; and rows without an entity get into the queue too.
    """

    temperature: float = 0.05
    normalise: bool = True
    bidirectional: bool = True
    mask_same_entity: bool = True
    across_ranks: bool = False
    released: bool = False


@dataclass(frozen=True)
class Compared:
    """Vectors and entities of the rows of a batch, of all processes where these are compared.

    Attributes:
        texts: Vectors of texts ``[n, d]``.
        descriptions: Vectors of descriptions ``[n, d]``.
        entities: What is described ``[n]``.
        true: What is true of each text ``[n, t]``.
        valid: Which rows have an entity ``[n]``.
        own: Which rows are those of this process ``[b]``.
    """

    texts: Tensor
    descriptions: Tensor
    entities: Tensor
    true: Tensor
    valid: Tensor
    own: Tensor


def losses_of(queries: Compared, keys: Compared, queue: CandidateQueue, how: Contrast) -> tuple[Tensor, Tensor]:
    """The InfoNCE of the rows of this process, over both directions.

    A text's candidates are the other texts and all descriptions of the batch, and the queue; a description's the same
    with texts and descriptions exchanged. Rows without an entity are neither queries nor candidates.

    Args:
        queries: The rows as queries.
        keys: The same rows as candidates.
        queue: Descriptions seen before.
        how: How they are compared.

    Returns:
        The loss of each row ``[b]``, 0 where it has no entity, and the number of queries.
    """
    valid = queries.valid
    mine = valid[queries.own]  # [b]
    own = valid.cumsum(0)[queries.own[mine]] - 1  # where they are among the valid ones
    views = [_ready(vectors[valid], how) for vectors in (keys.texts, keys.descriptions)]
    asking = [_ready(vectors[queries.own[mine]], how) for vectors in (queries.texts, queries.descriptions)]
    past = _ready(queue.vectors, how)
    fitting = _fitting(queries.entities[valid], queries.true[valid], how)
    true_of = (queries.true[valid][own], queries.entities[valid][own][:, None])
    losses = views[0].new_zeros(len(mine))
    for side in range(1 + how.bidirectional):
        seen = ~queue.used.expand(len(own), -1)
        if how.mask_same_entity:
            seen = seen | among(queue.entities, true_of[side])
        left_out = torch.cat([fitting[side][own], seen], dim=1)
        candidates = Candidates(views[side], views[1 - side], past, own, left_out)
        found = info_nce(asking[side], candidates, how.temperature)
        losses = losses.index_add(0, mine.nonzero()[:, 0], found)
    return losses, mine.sum() * (1 + how.bidirectional)


def _ready(vectors: Tensor, how: Contrast) -> Tensor:
    return normalised(vectors) if how.normalise else vectors


def _fitting(entities: Tensor, true: Tensor, how: Contrast) -> tuple[Tensor, Tensor]:
    """Per direction, which candidates of the batch ``[n, 2n]`` are no wrong answers."""
    if not how.mask_same_entity:
        nothing = torch.zeros(len(entities), 2 * len(entities), dtype=torch.bool, device=entities.device)
        return nothing, nothing
    fits = among(entities, true)  # [n, n]: description j is true of text i
    equal = entities[:, None] == entities
    return torch.cat([fits, fits], dim=1), torch.cat([equal, fits.T], dim=1)

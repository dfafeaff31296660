"""A student whose table of sub-words has fewer units than its hidden states, and begins as near its teacher as it can.

Its architecture is ELECTRA's, where a linear map leads from the embeddings to the hidden states; the layers are BERT's.

Shapes: v sub-words, d units of the teacher's table, e of the student's, k directions that are kept.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor, nn
from transformers import PreTrainedModel

from isogloss.common.errors import IsoglossError
from isogloss.models.places import places
from isogloss.models.student import BERT_LIKE, fill, take_layers

_SHARED = (
    "hidden_act",
    "hidden_dropout_prob",
    "attention_probs_dropout_prob",
    "layer_norm_eps",
    "initializer_range",
    "type_vocab_size",
)
"""What configurations of these types call by the same name."""


class Directions(NamedTuple):
    """The directions of a teacher's embeddings that a student's table has room for.

    Attributes:
        basis: Orthonormal columns ``[d, k]``.
        kept: Their share of the second moment, in [0, 1].
    """

    basis: Tensor
    kept: float


class _Embeddings(NamedTuple):
    """The parts of embeddings that are a norm of a sum of rows, and perhaps a linear map."""

    words: Tensor
    places: Tensor
    types: Tensor
    norm: nn.LayerNorm
    project: nn.Linear | None


def low_rank_values(units: int) -> dict[str, Any]:
    """The values of a configuration that give a student's table so many units, e, whatever its hidden states have.

    Example:
        >>> low_rank_values(4)
        {'model_type': 'electra', 'embedding_size': 4}
    """
    return {"model_type": "electra", "embedding_size": units}


def shared_values(teacher: PreTrainedModel, units: int) -> dict[str, Any]:
    """The values of a teacher's configuration without which its layers and embeddings would compute something else.

    Args:
        teacher: The teacher's encoder.
        units: Units of a row of the student's table, e.

    Raises:
        IsoglossError: It is no model of `BERT_LIKE`, or no linear map would lead from the table to hidden states.
    """
    config = teacher.config
    if units == config.hidden_size:
        raise IsoglossError(
            f"student.embedding: {units} is what a hidden state has, so no linear map would be left that from_layers "
            "could begin with; leave it out, or give a smaller one"
        )
    if config.model_type not in BERT_LIKE:
        raise IsoglossError(
            f"student.embedding: with from_layers the teacher must be of BERT's kind, one of {', '.join(BERT_LIKE)}, "
            f"found {config.model_type!r}; leave out embedding, or from_layers"
        )
    values = {name: getattr(config, name) for name in _SHARED}
    return {**values, "max_position_embeddings": len(_embeddings(teacher).places)}


@torch.no_grad()
def principal_directions(teacher: PreTrainedModel, rows: np.ndarray, frequencies: np.ndarray, units: int) -> Directions:
    """The directions in which a teacher's embeddings, before their norm, lie most on text.

    These are the first eigenvectors of E[x xᵀ], where x = w + p + t is centred as the norm does, w a row of sub-words
    drawn by frequency, p one of places, each as often as others, both independent, and t the first type:
    E[x xᵀ] = Cov(w) + Cov(p) + m mᵀ with m = E[w] + E[p] + t.

    Args:
        teacher: The teacher's encoder.
        rows: The row of its table for each of the student's sub-words ``[v]``; below 0: none.
        frequencies: How often each of the student's sub-words is read ``[v]``, in whatever unit.
        units: Units of a row of the student's table, e: there are at most e - 1 directions.
    """
    found = _embeddings(teacher)
    known = rows >= 0
    read = torch.from_numpy(np.asarray(frequencies, dtype=np.float32)[known]).to(found.words.device)
    tables = found.words[torch.from_numpy(rows[known])], found.places, found.types
    words, positions, types = map(_centred, tables)
    mean = read @ words / read.sum() + positions.mean(0) + types[0]
    moment = torch.cov(words.T, correction=0, aweights=read) + torch.cov(positions.T, correction=0) + mean.outer(mean)
    values, vectors = torch.linalg.eigh(moment.double())  # in ascending order
    number = min(units - 1, len(moment))
    kept = values[-number:].sum() / values.sum()
    return Directions(vectors[:, -number:].flip(1).float().cpu(), float(kept))


@torch.no_grad()
def begin_low_rank(
    student: PreTrainedModel, teacher: PreTrainedModel, layers: Sequence[int], rows: np.ndarray, basis: Tensor
) -> None:
    """Give a student with a narrower table some layers of its teacher, and embeddings that come near the teacher's.

    The teacher computes g ∘ LN(w + p + t) + b. With x the centred sum, LN only scales it to length √d. A student's row
    is z = √(e/d) Q Bᵀ x, with Q `[e, k]` orthonormal and orthogonal to (1, ..., 1): its norm, of gain 1 and bias 0, has
    nothing to centre and scales z to √e, and the linear map after it is √(d/e) diag(g) B Qᵀ with the bias b. So what x
    has beside B is lost, and the rest is stretched to the same length. With e > d nothing is lost, and the embeddings
    are the teacher's. Sub-words that the teacher lacks stay random, with as large values as the others.

    Args:
        student: The student's encoder, changed in place.
        teacher: The teacher's.
        layers: The teacher's layer, from 0, for each of the student's.
        rows: The row of the teacher's table of sub-words for each of the student's ``[v]``; below 0: none.
        basis: B, as of `principal_directions`.

    Raises:
        IsoglossError: A layer of the teacher has other parameters, or places or types are others.
    """
    own, theirs = _embeddings(student), _embeddings(teacher)
    (size, number), units = basis.shape, own.words.shape[1]
    basis = basis.to(own.words.device)
    # (1, ..., 1) and columns that are orthogonal to it
    frame = torch.linalg.qr(torch.cat([torch.ones(units, 1), torch.eye(units)[:, :number]], 1))[0].to(basis)
    turn, scale = frame[:, 1:] @ basis.T, math.sqrt(units / size)  # [e, d]

    known = torch.from_numpy(np.flatnonzero(rows >= 0))
    lower = scale * _centred(theirs.words[torch.from_numpy(rows[rows >= 0])]) @ turn.T
    own.words.mul_(lower.square().mean().sqrt() / student.config.initializer_range)
    own.words[known] = lower
    fill(own.places, scale * _centred(theirs.places) @ turn.T, "position_embeddings")
    fill(own.types, scale * _centred(theirs.types) @ turn.T, "token_type_embeddings")
    nn.init.ones_(own.norm.weight)
    nn.init.zeros_(own.norm.bias)
    weight, bias = theirs.norm.weight[:, None] * turn.T / scale, theirs.norm.bias
    if theirs.project is not None:
        weight, bias = theirs.project.weight @ weight, theirs.project(bias)
    assert own.project is not None
    own.project.weight.copy_(weight)
    own.project.bias.copy_(bias)
    take_layers(student, teacher, layers)


def _embeddings(model: PreTrainedModel) -> _Embeddings:
    part = model.get_submodule("embeddings")
    words, types = (part.get_parameter(f"{name}_embeddings.weight") for name in ("word", "token_type"))
    rows, norm = places(model)["embeddings.position_embeddings.weight"], part.get_submodule("LayerNorm")
    assert isinstance(norm, nn.LayerNorm)
    return _Embeddings(words, rows, types, norm, getattr(model, "embeddings_project", None))


def _centred(rows: Tensor) -> Tensor:
    return rows - rows.mean(-1, keepdim=True)

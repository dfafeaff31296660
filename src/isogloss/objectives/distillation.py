"""Distillation: a student learns the attention relations and the hidden states of a teacher, on plain text.

Shapes: b texts, s sub-words of the student, t of the teacher, r relation heads, d units.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional
from transformers import PreTrainedModel

from isogloss.models.projections import Projections, projections
from isogloss.protocols import Batch

PART = "sources: distil"
"""What errors call the part of the recipe that is asked for here."""

STATES = "states"
"""Name of the term of hidden states; the terms of relations are named as `Projections` names them."""


@dataclass(frozen=True)
class Relations:
    """How relations of places are compared.

    Attributes:
        heads: r, relation heads; divides the hidden sizes of both models.
        layer: Layer of the teacher, from 1.
        student_layer: Layer of the student, from 1.
        weight: What the three terms are multiplied by.
    """

    heads: int
    layer: int
    student_layer: int
    weight: float = 1.0


@dataclass(frozen=True)
class States:
    """How last hidden states are compared.

    Attributes:
        distance: ``mse``, |W h − g|² / d with d the teacher's units; ``cosine``, 1 − cos(W h, g).
        projection: W, from the student's units to the teacher's, a module of the student; None: the identity.
        weight: What the term is multiplied by.
    """

    distance: Literal["mse", "cosine"] = "mse"
    projection: nn.Module | None = None
    weight: float = 1.0


class Distillation:
    """A student's relations and states against a teacher's; implements `isogloss.protocols.Objective`.

    Relations (MiniLMv2). A layer's queries, of all attention heads side by side ``[s, d]``, are cut into r relation
    heads A_a ``[s, d / r]``, whatever the number of attention heads; so are keys and values. With

        R_a = softmax(A_a A_aᵀ / √(d / r))  over the places that are no padding

    the terms ``queries``, ``keys`` and ``values`` are (1 / r) Σ_a KL(R_a of the teacher ‖ R_a of the student), averaged
    over the places of all texts that are no padding. They compare place with place, so teacher and student must read
    the same sub-words of a text.

    States. The term ``states`` is the distance of a student's last hidden state to the teacher's, averaged over places.
    Where teacher and student cut a text into other sub-words, a place of the student is compared with the mean of the
    teacher's states over the sub-words that share characters with it, and not at all where there is none.

    The teacher is in evaluation mode and gets no gradient. Losses are taken in float32, also under autocast.

    Args:
        teacher: The teacher, with or without a head, which is not used.
        relations: How relations are compared; None: they are not.
        states: How states are compared; None: they are not.

    Shape:
        ``batch`` holds what the student reads ``[b, s]``, and beside it what the teacher reads of the same texts
        ``[b, t]``. With extras ``begin`` and ``end`` ``[b, s]``, place i of the student is that of the teacher's places
        begin_i ≤ j < end_i; without, places are the same → loss ``[b]`` per term, a sum over places.

    Raises:
        ValueError: Nothing is compared, the batch has no teacher's half, or relations are compared of other sub-words.

    Example:
        A model has nothing to learn from itself:

        >>> from transformers import BertConfig, BertModel
        >>> sizes = {"num_hidden_layers": 1, "num_attention_heads": 1, "hidden_size": 4, "intermediate_size": 4}
        >>> model = BertModel(BertConfig(vocab_size=10, **sizes)).eval()
        >>> inputs = {"input_ids": torch.tensor([[5, 6]]), "attention_mask": torch.ones(1, 2).long()}
        >>> both = Batch(inputs, None, ("en",), beside=Batch(inputs, None, ("en",)))
        >>> own = Distillation(model, relations=Relations(2, layer=1, student_layer=1), states=States())
        >>> {name: round(loss.item(), 5) for name, loss in own(model, both).items()}
        {'queries': 0.0, 'keys': 0.0, 'values': 0.0, 'states': 0.0}

    Reference:
        Wang, Bao, Huang, Dong, Wei, *MiniLMv2: Multi-Head Self-Attention Relation Distillation for Compressing
        Pretrained Transformers*, Findings of ACL 2021, arXiv 2012.15828.
    """

    def __init__(
        self, teacher: PreTrainedModel, *, relations: Relations | None = None, states: States | None = None
    ) -> None:
        if relations is None and states is None:
            raise ValueError("distillation compares relations, states or both, found neither")
        self.teacher, self.relations, self.states = teacher, relations, states

    def counts(self, batch: Batch) -> dict[str, Tensor]:
        """Places of each text that are compared ``[b]``."""
        places = batch.inputs["attention_mask"].sum(dim=1)
        counts = dict.fromkeys(Projections._fields, places) if self.relations is not None else {}
        return counts if self.states is None else {**counts, STATES: _compared(batch).sum(dim=1)}

    def __call__(self, model: nn.Module, batch: Batch) -> dict[str, Tensor]:
        """Each term of each text, summed over its places ``[b]``."""
        assert isinstance(model, PreTrainedModel)
        if batch.beside is None:
            raise ValueError("distillation needs a batch beside which is what the teacher reads")
        asked, how = self.relations, self.states
        if asked is not None and "begin" in batch.extras:
            raise ValueError("relations can only be compared where both models read the same sub-words")
        with torch.no_grad():
            taught, taught_states = _read(self.teacher, batch.beside.inputs, None if asked is None else asked.layer)
        read, states = _read(model, batch.inputs, None if asked is None else asked.student_layer)
        found: dict[str, Tensor] = {}
        with torch.autocast(states.device.type, enabled=False):
            if asked is not None and taught is not None and read is not None:
                real = batch.inputs["attention_mask"].bool()
                for name, wanted, own in zip(Projections._fields, taught, read, strict=True):
                    found[name] = asked.weight * relation_loss(wanted, own, real, asked.heads)
            if how is not None:
                found[STATES] = how.weight * _state_loss(taught_states.float(), states.float(), batch, how)
        return found


def relation_loss(teacher: Tensor, student: Tensor, real: Tensor, heads: int) -> Tensor:
    """(1 / r) Σ_a Σ_i KL(R_a,i of the teacher ‖ R_a,i of the student) over the places i of each text ``[b]``.

    R_a = softmax(A_a A_aᵀ / √(d / r)), A_a being the a-th of r parts of the units; the two may have other units d.

    Args:
        teacher: Queries, keys or values ``[b, s, d]``.
        student: The same of the student ``[b, s, d']``.
        real: Which places are no padding ``[b, s]``.
        heads: r; divides d and d'.
    """
    wanted, found = (_relations(own.float(), real, heads) for own in (teacher, student))  # [b, r, s, s]
    each = functional.kl_div(found, wanted, reduction="none", log_target=True).sum(dim=-1)  # [b, r, s]
    return each.masked_fill(~real.unsqueeze(1), 0).sum(dim=(1, 2)) / heads


def aligned_states(states: Tensor, begin: Tensor, end: Tensor) -> Tensor:
    """For each place of the student the mean of the teacher's states over its sub-words; 0 where it has none.

    Args:
        states: The teacher's ``[b, t, d]``.
        begin: First of them for each place of the student ``[b, s]``.
        end: The one after the last ``[b, s]``.

    Example:
        >>> aligned_states(torch.tensor([[[1.0], [3.0], [5.0]]]), torch.tensor([[0, 2]]), torch.tensor([[2, 3]]))
        tensor([[[2.],
                 [5.]]])
    """
    places = torch.arange(states.shape[1], device=states.device)
    members = ((places >= begin.unsqueeze(2)) & (places < end.unsqueeze(2))).to(states.dtype)  # [b, s, t]
    return members @ states / members.sum(dim=2, keepdim=True).clamp(min=1)


def _relations(units: Tensor, real: Tensor, heads: int) -> Tensor:
    """Log R ``[b, r, s, s]`` of units ``[b, s, d]``."""
    parts = units.view(*units.shape[:2], heads, -1).transpose(1, 2)  # [b, r, s, d / r]
    scores = parts @ parts.transpose(2, 3) / math.sqrt(parts.shape[-1])
    return functional.log_softmax(scores.masked_fill(~real[:, None, None], torch.finfo(scores.dtype).min), dim=-1)


def _state_loss(teacher: Tensor, student: Tensor, batch: Batch, how: States) -> Tensor:
    """Distances summed over the places of each text that are compared ``[b]``."""
    own = student if how.projection is None else how.projection(student)
    if "begin" in batch.extras:
        teacher = aligned_states(teacher, batch.extras["begin"], batch.extras["end"])
    if how.distance == "mse":
        each = (own - teacher).square().mean(dim=-1)
    else:
        each = 1 - functional.cosine_similarity(own, teacher, dim=-1)
    return each.masked_fill(~_compared(batch), 0).sum(dim=1)


def _compared(batch: Batch) -> Tensor:
    """Places of the student that the teacher has a state for ``[b, s]``."""
    real = batch.inputs["attention_mask"].bool()
    return real & (batch.extras["end"] > batch.extras["begin"]) if "begin" in batch.extras else real


def _read(model: PreTrainedModel, inputs: Mapping[str, Tensor], layer: int | None) -> tuple[Projections | None, Tensor]:
    """Queries, keys and values of a layer, if one is asked for, and last hidden states ``[b, s, d]``."""
    if layer is None:
        return None, model.base_model(**inputs).last_hidden_state
    with projections(model, layer, PART) as found:
        states: Tensor = model.base_model(**inputs).last_hidden_state
    return found[0], states

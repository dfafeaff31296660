"""Distillation: a student learns a teacher's attention relations, hidden states and their mean over a text.

Shapes: b texts, s sub-words of the student, t of the teacher, r relation heads, d units.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional
from transformers import PreTrainedModel

from isogloss.common.errors import IsoglossError
from isogloss.models.projections import Projections, projections
from isogloss.protocols import Batch

PART = "sources: distil"
"""What errors call the part of the recipe that is asked for here."""

STATES, SENTENCE = "states", "sentence"
"""Names of the terms of hidden states and of their mean over a text; those of relations are named by `Projections`."""


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
    """How the student's last hidden states h are compared with the teacher's g.

    Attributes:
        distance: ``mse``, |W h − g|² / d with d the teacher's units; ``cosine``, 1 − cos(W h, g).
        projection: W, from the student's units to the teacher's, a module of the student; None: the identity.
        weight: What the term is multiplied by.
        layer: Layer of the teacher whose states are taken, from 1; None: the last. A family that norms before its
            layers (ModernBERT, XLM-R-XL) has none after an inner one, whose states are of another size than the last.
    """

    distance: Literal["mse", "cosine"] = "mse"
    projection: nn.Module | None = None
    weight: float = 1.0
    layer: int | None = None


class Distillation:
    """A student's relations, states and first places against a teacher's; implements `isogloss.protocols.Objective`.

    Relations (MiniLMv2). A layer's queries, of all attention heads side by side ``[s, d]``, are cut into r relation
    heads A_a ``[s, d / r]``, whatever the number of attention heads; so are keys and values. With

        R_a = softmax(A_a A_aᵀ / √(d / r))  over the places that are no padding

    the terms ``queries``, ``keys`` and ``values`` are (1 / r) Σ_a KL(R_a of the teacher ‖ R_a of the student), averaged
    over the places of all texts that are no padding. They compare place with place, so teacher and student must read
    the same sub-words of a text.

    States. The term ``states`` is the distance of a student's last hidden state to the teacher's of a layer, averaged
    over places.
    Where teacher and student cut a text into other sub-words, a place of the student is compared with the mean of the
    teacher's states over the sub-words that share characters with it, and not at all where there is none.

    Sentence. The term ``sentence`` is the distance of the student's last hidden state at the first place of a text,
    which heads of classification read, to the mean of the teacher's states of a layer over all places that are no
    padding. The first place is then left out of ``states``.

    The teacher is in evaluation mode and gets no gradient. Losses are taken in float32, also under autocast.

    Args:
        teacher: The teacher, with or without a head, which is not used.
        relations: How relations are compared; None: they are not.
        states: How states are compared; None: they are not.
        sentence: How the first place is compared with the mean; None: it is not.

    Shape:
        ``batch`` holds what the student reads ``[b, s]``, and beside it what the teacher reads of the same texts
        ``[b, t]``. With extras ``begin`` and ``end`` ``[b, s]``, place i of the student is that of the teacher's places
        begin_i ≤ j < end_i; without, places are the same → loss ``[b]`` per term, a sum over places.

    Raises:
        ValueError: Nothing is compared, the teacher has no such layer, the batch has no teacher's half, or relations
            are compared of other sub-words.

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
        self,
        teacher: PreTrainedModel,
        *,
        relations: Relations | None = None,
        states: States | None = None,
        sentence: States | None = None,
    ) -> None:
        if relations is None and states is None and sentence is None:
            raise ValueError("distillation compares relations, states or sentence: at least one of them; found none")
        depth = int(teacher.config.num_hidden_layers)
        for how in (states, sentence):
            if how is not None and how.layer is not None and not 1 <= how.layer <= depth:
                raise ValueError(f"layer must be from 1 to {depth}, the layers of the teacher, found {how.layer}")
        self.teacher, self.relations, self.states, self.sentence = teacher, relations, states, sentence

    def counts(self, batch: Batch) -> dict[str, Tensor]:
        """Places of each text that are compared ``[b]``."""
        places = batch.inputs["attention_mask"].sum(dim=1)
        counts = dict.fromkeys(Projections._fields, places) if self.relations is not None else {}
        if self.states is not None:
            counts[STATES] = self._compared(batch).sum(dim=1)
        if self.sentence is not None:
            counts[SENTENCE] = torch.ones_like(places)
        return counts

    def __call__(self, model: nn.Module, batch: Batch) -> dict[str, Tensor]:
        """Each term of each text, summed over its places ``[b]``."""
        assert isinstance(model, PreTrainedModel)
        if batch.beside is None:
            raise ValueError("distillation needs a batch beside which is what the teacher reads")
        asked = self.relations
        if asked is not None and "begin" in batch.extras:
            raise ValueError("relations can only be compared where both models read the same sub-words")
        inner = any(how is not None and how.layer is not None for how in (self.states, self.sentence))
        with torch.no_grad():
            taught, layers = _read(self.teacher, batch.beside.inputs, None if asked is None else asked.layer, inner)
        read, (states,) = _read(model, batch.inputs, None if asked is None else asked.student_layer)
        found: dict[str, Tensor] = {}
        with torch.autocast(states.device.type, enabled=False):
            if asked is not None and taught is not None and read is not None:
                real = batch.inputs["attention_mask"].bool()
                for name, wanted, own in zip(Projections._fields, taught, read, strict=True):
                    found[name] = asked.weight * relation_loss(wanted, own, real, asked.heads)
            if (how := self.states) is not None:
                wanted = _of_layer(layers, how)
                if "begin" in batch.extras:
                    wanted = aligned_states(wanted, batch.extras["begin"], batch.extras["end"])
                each = _distance(wanted, states.float(), how)
                found[STATES] = how.weight * each.masked_fill(~self._compared(batch), 0).sum(dim=1)
            if (how := self.sentence) is not None:
                wanted = _of_layer(layers, how)
                mean = _mean(wanted, batch.beside.inputs["attention_mask"])
                found[SENTENCE] = how.weight * _distance(mean, states[:, 0].float(), how)
        return found

    def _compared(self, batch: Batch) -> Tensor:
        """Places of the student whose states are compared with those of the teacher ``[b, s]``."""
        places = batch.inputs["attention_mask"].bool()
        if "begin" in batch.extras:
            places = places & (batch.extras["end"] > batch.extras["begin"])
        if self.sentence is not None:
            places = places & (torch.arange(places.shape[1], device=places.device) > 0)
        return places


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


def _of_layer(layers: Sequence[Tensor], how: States) -> Tensor:
    return layers[-1 if how.layer is None else how.layer].float()


def _distance(teacher: Tensor, student: Tensor, how: States) -> Tensor:
    """Distances of states ``[..., d]`` of the student, projected, to those of the teacher ``[...]``."""
    own = student if how.projection is None else how.projection(student)
    if how.distance == "mse":
        return (own - teacher).square().mean(dim=-1)
    return 1 - functional.cosine_similarity(own, teacher, dim=-1)


def _mean(states: Tensor, attended: Tensor) -> Tensor:
    """The mean ``[b, d]`` of states ``[b, t, d]`` over the places that are no padding."""
    real = attended.unsqueeze(2).to(states.dtype)
    return (states * real).sum(dim=1) / real.sum(dim=1)


def _read(
    model: PreTrainedModel, inputs: Mapping[str, Tensor], layer: int | None, inner: bool = False
) -> tuple[Projections | None, Sequence[Tensor]]:
    """Queries, keys and values of a layer, if one is asked for, and states ``[b, s, d]``.

    With ``inner`` there are states of the embeddings and of each layer, the last ones at the end; without, the last.
    """
    with projections(model, layer, PART) if layer is not None else nullcontext([None]) as found:
        output = model.base_model(**inputs, **({"output_hidden_states": True} if inner else {}))
    last: Tensor = output.last_hidden_state
    if not inner:
        return found[0], [last]
    layers = output.hidden_states
    if layers is None or len(layers) != model.config.num_hidden_layers + 1:
        raise IsoglossError(
            f"teacher: a {model.config.model_type!r} does not give the states of its layers; leave out `layer`, which "
            "takes the last ones"
        )
    return found[0], [*layers[:-1], last]

"""Texts find the descriptions of the entities that they stand for: masked entity prediction, object entailment (XLM-K).

Shapes: b rows, n rows of all processes that are compared, t entities that may be true of a text, k rows of the queue, d
units.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.func import functional_call
from torch.nn import functional

from isogloss.common.distributed import ALONE, Communicator, gathered
from isogloss.models.extensions.knowledge import CandidateQueue, LaggingCopy, ProjectionHeads
from isogloss.models.seen import seen_states
from isogloss.objectives.compared import Compared, Contrast, losses_of
from isogloss.objectives.contrast import normalised
from isogloss.objectives.masked_lm import masked_logits
from isogloss.objectives.supervised import IGNORED
from isogloss.protocols import Batch

PLACE, ENTITY, TRUE = "place", "entity", "true"
"""What a batch has among its extras: the place whose vector stands for the entity ``[b]``, −1 where there is none; the
entity that the text beside describes ``[b]``; all entities that are true of the text ``[b, t]``, −1 where there are
fewer."""

NONE = -1


class KnowledgeContrast:
    """InfoNCE between the vector of a text at a place and the vector of a description, and masked LM on the text.

    The text's vector is the state of its ``place``, the description's that of its first place, both of one layer, and
    both projected by heads of their own. Candidates of a text are the other texts and all descriptions of the
    micro-batch, and the queue; of a description, with texts and descriptions exchanged, the same. The loss of a row is
    the sum of both directions, each counts as an item. The descriptions get into the queue after the loss.

    With a lagging copy all candidates are encoded by it, without gradient, and the queue holds its vectors.

    Args:
        term: Name of the loss: ``mep`` or ``oe``; that of the masked sub-words is ``mep-mlm`` or ``oe-mlm``.
        heads: The heads.
        queue: The queue.
        how: How vectors are compared.
        layer: The module whose states are taken; None: the encoder, and so its last layer.
        weight: What the loss is multiplied by.
        masked: Whether some sub-words of the texts are to be found. Where not, no logits are computed.
        lagging: The copy of encoder and heads; None: candidates are encoded as queries are, with gradient.
        group: The processes that share every batch.

    Reference:
        Jiang, Liang, Chen, Duan, *XLM-K: Improving Cross-Lingual Language Model Pre-training with Multilingual
        Knowledge*, AAAI 2022, arXiv 2109.12573, and its released code.
    """

    def __init__(
        self,
        term: str,
        heads: ProjectionHeads,
        queue: CandidateQueue,
        how: Contrast,
        *,
        layer: nn.Module | None = None,
        weight: float = 1.0,
        masked: bool = True,
        lagging: LaggingCopy | None = None,
        group: Communicator = ALONE,
    ) -> None:
        self.term, self.heads, self.queue, self.how = term, heads, queue, how
        self.layer, self.weight, self.masked, self.lagging, self.group = layer, weight, masked, lagging, group

    def counts(self, batch: Batch) -> dict[str, Tensor]:
        """Of the contrast the number of queries of each row ``[b]`` (released: of masked places); of masked places."""
        found = (_labels(batch) != IGNORED).sum(dim=1)
        queries = (batch.extras[PLACE] >= 0).long() * (1 + self.how.bidirectional)
        own = {self.term: found if self.how.released else queries}
        return {**own, f"{self.term}-mlm": found} if self.masked else own

    def __call__(self, model: nn.Module, batch: Batch) -> dict[str, Tensor]:
        """Losses of each row, summed over its items ``[b]``."""
        if self.lagging is not None:
            self.lagging.follow()
        labels = _labels(batch)
        hidden = labels != IGNORED  # [b, s]
        with seen_states(self.layer or _encoder(model)) as seen:
            logits = masked_logits(model, batch.inputs, hidden) if self.masked else None
            if logits is None:
                _encoder(model)(**batch.inputs)
            _encoder(model)(**_beside(batch).inputs)
        then = None if self.lagging is None else self._then(model, batch, self.lagging)
        with torch.autocast(labels.device.type, enabled=False):
            queries = self._compared(batch, _vectors(batch, *seen), self.heads)
            keys = queries if then is None else self._lagged(batch, then)
            losses, items = losses_of(queries, keys, self.queue, self.how)
            losses = self.weight * losses
            if self.how.released:
                losses = losses * hidden.sum() / items.clamp(min=1)
            self._push(batch, keys)
        if logits is None:
            return {self.term: losses}
        found = functional.cross_entropy(logits.float(), labels[hidden], reduction="none")  # [m]
        rows = hidden.nonzero()[:, 0]
        return {self.term: losses, f"{self.term}-mlm": found.new_zeros(len(batch)).index_add(0, rows, found)}

    @torch.no_grad()
    def compare(self, model: nn.Module, batch: Batch) -> Compared:
        """The vectors of a batch of this process as they are compared, without learning from them."""
        with seen_states(self.layer or _encoder(model)) as seen:
            _encoder(model)(**batch.inputs)
            _encoder(model)(**_beside(batch).inputs)
        vectors = (self.heads(own.float(), descriptions=side) for side, own in enumerate(_vectors(batch, *seen)))
        texts, descriptions = (normalised(own) if self.how.normalise else own for own in vectors)
        own = torch.arange(len(batch), device=texts.device)
        extras = batch.extras
        return Compared(texts, descriptions, extras[ENTITY], extras[TRUE], extras[PLACE] >= 0, own)

    def _compared(self, batch: Batch, vectors: tuple[Tensor, Tensor], heads: Callable[..., Tensor]) -> Compared:
        """The rows of this process, or of all, projected."""
        group = self.group if self.how.across_ranks else ALONE
        # The heads come after: with batch norm the statistics are those of all rows that are compared.
        both, own = gathered(group, torch.stack([own.float() for own in vectors], dim=1))  # [n, 2, d]
        texts, descriptions = (heads(both[:, side], descriptions=bool(side)) for side in range(2))
        true = batch.extras[TRUE]
        widest = max(group.gather([true.shape[1]]))
        true = functional.pad(true, (0, widest - true.shape[1]), value=NONE)
        numbers = torch.cat([batch.extras[ENTITY][:, None], batch.extras[PLACE][:, None], true], dim=1)
        every, _ = gathered(group, numbers)
        return Compared(texts, descriptions, every[:, 0], every[:, 2:], every[:, 1] >= 0, own)

    @torch.no_grad()
    def _then(self, model: nn.Module, batch: Batch, lagging: LaggingCopy) -> tuple[Tensor, Tensor]:
        """The vectors ``[b, d]`` that the lagging encoder gives."""
        encoder, weights = _encoder(model), lagging.weights("encoder")
        with seen_states(self.layer or encoder) as seen:
            for inputs in (batch.inputs, _beside(batch).inputs):
                functional_call(encoder, weights, (), inputs)
        return _vectors(batch, *seen)

    @torch.no_grad()
    def _lagged(self, batch: Batch, vectors: tuple[Tensor, Tensor]) -> Compared:
        assert self.lagging is not None
        weights = self.lagging.weights("heads")

        def project(own: Tensor, *, descriptions: bool) -> Tensor:
            projected: Tensor = functional_call(self.heads, weights, own, {"descriptions": descriptions})
            return projected

        return self._compared(batch, vectors, project)

    def _push(self, batch: Batch, keys: Compared) -> None:
        vectors, entities, valid = keys.descriptions.detach(), keys.entities, keys.valid
        if not self.how.across_ranks and self.group.world_size > 1:
            vectors, _ = gathered(self.group, vectors)
            numbers, _ = gathered(self.group, torch.stack([entities, valid.long()], dim=1))
            entities, valid = numbers[:, 0], numbers[:, 1].bool()
        if self.how.released:
            self.queue.push(vectors, torch.where(valid, entities, NONE))
        else:
            self.queue.push(vectors[valid], entities[valid])


def _vectors(batch: Batch, texts: Tensor, descriptions: Tensor) -> tuple[Tensor, Tensor]:
    """The states of the places that stand for the entities ``[b, d]``, and of the first places of the descriptions."""
    places = batch.extras[PLACE].clamp(min=0)
    return texts[torch.arange(len(places), device=places.device), places], descriptions[:, 0]


def _encoder(model: nn.Module) -> nn.Module:
    return model.base_model  # type: ignore[return-value]


def _beside(batch: Batch) -> Batch:
    if batch.beside is None:
        raise ValueError("knowledge is learned from texts with descriptions beside them")
    return batch.beside


def _labels(batch: Batch) -> Tensor:
    if batch.labels is None:
        raise ValueError("knowledge is learned from a batch with labels, which may all be -100")
    return batch.labels

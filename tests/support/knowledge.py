"""A model whose states are rows of a table, so that vectors can be written by hand, and batches of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

import torch
from torch import Tensor, nn
from transformers import PreTrainedModel
from transformers.modeling_outputs import BaseModelOutput, MaskedLMOutput

from isogloss.models.extensions.knowledge import CandidateQueue, ProjectionHeads
from isogloss.objectives.compared import Contrast
from isogloss.objectives.knowledge import ENTITY, PLACE, TRUE, KnowledgeContrast
from isogloss.objectives.supervised import IGNORED
from isogloss.protocols import Batch


class Looked(nn.Module):
    """An encoder that looks each sub-word up."""

    def __init__(self, table: Tensor) -> None:
        super().__init__()
        self.table = nn.Embedding.from_pretrained(table.clone(), freeze=False)

    def forward(self, input_ids: Tensor, attention_mask: Tensor) -> BaseModelOutput:
        return BaseModelOutput(last_hidden_state=self.table(input_ids))


class Table(nn.Module):
    """A masked-LM model over `Looked`; how often its head was asked, and for how many places, is in ``asked``."""

    def __init__(self, table: Tensor) -> None:
        super().__init__()
        self.base_model = Looked(table)
        self.head = nn.Linear(table.shape[1], len(table), bias=False)
        nn.init.constant_(self.head.weight, 0.1)
        self.asked: list[int] = []

    def forward(self, **inputs: Tensor) -> MaskedLMOutput:
        states = self.base_model(**inputs).last_hidden_state
        self.asked.append(states.shape[:-1].numel())
        return MaskedLMOutput(logits=self.head(states))


class Identity(ProjectionHeads):
    """Heads that leave vectors as they are."""

    def forward(self, vectors: Tensor, *, descriptions: bool) -> Tensor:
        return vectors


def table(rows: Sequence[Sequence[float]]) -> PreTrainedModel:
    """The model whose sub-word i has the state ``rows[i]``."""
    return cast(PreTrainedModel, Table(torch.tensor(rows, dtype=torch.float32)))


def batch_of(
    texts: Sequence[int],
    descriptions: Sequence[int],
    entities: Sequence[int],
    *,
    masked: Sequence[int] | None = None,
    true: Sequence[Sequence[int]] | None = None,
    places: Sequence[int] | None = None,
) -> Batch:
    """Rows of a text of two sub-words (the one given, and 0) and a description of one.

    Args:
        texts: The first sub-word of each text.
        descriptions: That of each description.
        entities: What is described.
        masked: Per row, what is to be found at the second place, -100 for nothing.
        true: What is true of each text; default: its entity.
        places: The place of each text that is compared; default: the first.
    """
    number = len(texts)
    ids = torch.tensor([[text, 0] for text in texts])
    labels = torch.full_like(ids, IGNORED)
    labels[:, 1] = torch.tensor(masked if masked is not None else [IGNORED] * number)
    extras = {
        PLACE: torch.tensor(places if places is not None else [0] * number),
        ENTITY: torch.tensor(entities),
        TRUE: torch.tensor(true if true is not None else [[entity] for entity in entities]),
    }
    beside = torch.tensor(descriptions)[:, None]
    languages = ("en",) * number
    described = Batch({"input_ids": beside, "attention_mask": torch.ones_like(beside)}, None, languages)
    return Batch({"input_ids": ids, "attention_mask": torch.ones_like(ids)}, labels, languages, extras, described)


def contrast(size: int, rows: int = 0, *, masked: bool = False, random: bool = False, **how: Any) -> KnowledgeContrast:
    """The loss with heads that change nothing, at temperature 1 and without normalisation if nothing else is asked."""
    comparing = Contrast(**{"temperature": 1.0, "normalise": False, **how})
    return KnowledgeContrast("mep", Identity(size), CandidateQueue(rows, size, random=random), comparing, masked=masked)

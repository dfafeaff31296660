"""From what a recipe says of knowledge to where it comes from, the modules beside the model, and the sources."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from torch import nn
from transformers import PreTrainedModel

from isogloss.common.errors import IsoglossError
from isogloss.common.randomness import derive
from isogloss.data.apart import Apart, Listed, read_listed
from isogloss.data.knowledge import Knowledge
from isogloss.data.knowledge_files import KnowledgeFolder
from isogloss.diagnostics.collapse import CollapseProbe
from isogloss.models.extensions import attach, extensions_of, fill_stored
from isogloss.models.extensions.knowledge import (
    HEADS,
    LAGGING,
    QUEUE,
    CandidateQueue,
    LaggingCopy,
    ProjectionHeads,
)
from isogloss.models.open import Loaded, names_of
from isogloss.models.sentence_states import layer_of
from isogloss.models.shipped import located
from isogloss.objectives.compared import Contrast
from isogloss.objectives.knowledge import KnowledgeContrast
from isogloss.protocols import DataSource
from isogloss.recipe.build.text import TextSite, build_frame, build_masking
from isogloss.recipe.spec import knowledge as spec
from isogloss.store.knowledge import EncodedKnowledge
from isogloss.streams.drawn import DrawnStream, DrawTogether, independent
from isogloss.streams.facts import FactRows
from isogloss.streams.knowledge import KnowledgeRow, collate
from isogloss.streams.mentions import MentionRows
from isogloss.world.knowledge import WorldKnowledge
from isogloss.world.write import TEXT

LOOKED_AT = 64
"""Rows that are looked at for signs of a collapse, at most."""


def build_knowledge(asked: spec.Knowledge, limit: int | None) -> Knowledge:
    """Where knowledge comes from.

    Args:
        asked: The recipe's part.
        limit: Most sentences of a language; None: all, of the small world 2000.

    Raises:
        IsoglossError: There is no such folder.
    """
    if asked.corpus == spec.SMALL_WORLD:
        return WorldKnowledge(0, limit or TEXT)
    return KnowledgeFolder(Path(asked.corpus))


def build_apart(asked: spec.Knowledge) -> Apart:
    """The entities and facts that are kept apart from training.

    Raises:
        IsoglossError: Their list cannot be read.
    """
    listed = Listed() if asked.leave_out is None else read_listed(Path(asked.leave_out), "knowledge.leave_out")
    return Apart(asked.entities_apart, asked.facts_apart, listed)


@dataclass(frozen=True)
class KnowledgeSite:
    """Knowledge that has been read, and a model that has what it takes to learn from it.

    Attributes:
        asked: The recipe's part.
        knowledge: The knowledge.
        model: The model, see `with_contrast`.
    """

    asked: spec.Knowledge
    knowledge: EncodedKnowledge
    model: PreTrainedModel


def with_contrast(
    loaded: Loaded, asked: spec.Knowledge, sources: Sequence[spec.MEP | spec.OE], source: object, seed: int
) -> Loaded:
    """A model with projection heads, queues and a lagging copy beside it, as far as they are asked for.

    Args:
        loaded: The model.
        asked: The recipe's part.
        sources: What is learned.
        source: Where the model comes from: heads that an earlier run left there are gone on with.
        seed: Seed of the heads.
    """
    size = int(loaded.model.config.hidden_size)
    heads = ProjectionHeads(size, batch_norm=asked.norm == "batch", seed=derive(seed, "heads"))
    attach(loaded.model, HEADS, heads)
    fresh, notes = loaded.fresh, list(loaded.notes)
    if isinstance(source, str) and fill_stored(Path(located(source)), loaded.model, HEADS):
        notes.append(f"model {source!r}: its projection heads train on")
    else:
        fresh = fresh | names_of(loaded.model, heads)
    for kind in dict.fromkeys(_queue_of(asked, own.kind) for own in sources):
        queue = CandidateQueue(asked.queue, size, random=asked.faithful, seed=derive(seed, kind))
        attach(loaded.model, kind, queue)
        megabytes = queue.bytes_per_thousand / 1e6
        notes.append(
            f"queue: {asked.queue:,} descriptions of {size} numbers, {megabytes * asked.queue / 1000:,.1f} MB in each "
            f"process ({megabytes:.1f} MB per thousand)"
        )
    if asked.momentum:
        parts: dict[str, nn.Module] = {"encoder": loaded.model.base_model, "heads": heads}
        attach(loaded.model, LAGGING, LaggingCopy(parts, asked.momentum))
    return replace(loaded, fresh=fresh, notes=tuple(notes))


def build_knowledge_source(
    asked: spec.MEP | spec.OE, name: str, at: TextSite, site: KnowledgeSite
) -> tuple[DataSource, int]:
    """One source of knowledge, and how many sub-words a row of it has, about.

    Raises:
        IsoglossError: There is nothing to learn from, or a layer that the model does not have.
    """
    _require_rows(asked, at, site.asked)
    cut = {"rank": at.group.rank, "world_size": at.group.world_size, "accumulation": at.accumulation}
    stream = build_knowledge_stream(asked, name, at, site, batch_size=at.batch_size, **cut)
    texts = sum(len(own.ids) for own in site.knowledge.sentences.values())
    described = site.knowledge.descriptions.texts
    sentence = texts / max(1, sum(map(len, site.knowledge.sentences.values())))
    description = len(described.ids) / max(1, len(described))
    first = sentence if isinstance(asked, spec.MEP) else description
    length = min(asked.length, at.length, first) + min(asked.description_length, description)
    return DataSource(name, stream, build_contrast(asked, at, site)), round(length)


def build_contrast(asked: spec.MEP | spec.OE, at: TextSite, site: KnowledgeSite) -> KnowledgeContrast:
    """The loss of a source of knowledge; what it remembers is in the model."""
    how, found = site.asked, extensions_of(site.model)
    heads, queue, lagging = found[HEADS], found[_queue_of(how, asked.kind)], found.get(LAGGING)
    assert isinstance(heads, ProjectionHeads) and isinstance(queue, CandidateQueue)
    assert lagging is None or isinstance(lagging, LaggingCopy)
    return KnowledgeContrast(
        asked.kind,
        heads,
        queue,
        Contrast(
            temperature=how.temperature,
            normalise=how.normalise,
            bidirectional=how.bidirectional,
            mask_same_entity=how.mask_same_entity,
            across_ranks=how.across_ranks,
            released=how.faithful,
        ),
        layer=None if how.layer is None else layer_of(site.model, how.layer, "knowledge.layer"),
        weight=asked.weight,
        masked=asked.masking > 0,
        lagging=lagging,
        group=at.group,
    )


def build_collapse_probe(
    asked: spec.MEP | spec.OE,
    at: TextSite,
    site: KnowledgeSite,
    every: int,
    autocast: Any,  # noqa: ANN401 - a context
) -> CollapseProbe:
    """Who looks for signs that all descriptions have become one vector: at the same rows each time."""
    number = min(LOOKED_AT, at.batch_size)
    (batch,) = build_knowledge_stream(asked, f"{asked.kind}-collapse", at, site, batch_size=number)(0)
    return CollapseProbe(build_contrast(asked, at, site), batch, every, autocast)


def build_knowledge_stream(
    asked: spec.MEP | spec.OE, name: str, at: TextSite, site: KnowledgeSite, **cut: int
) -> DrawnStream[Any]:
    """The batches of a source of knowledge; ``cut`` is how `DrawnStream` cuts them."""
    tokenizer = at.tokenizer
    masking = build_masking(tokenizer, asked.masking)
    shared: dict[str, Any] = {
        "length": min(asked.length, at.length),
        "description_length": asked.description_length,
        "frame": build_frame(tokenizer),
        "masking": masking if asked.masking else None,
        "temperature": asked.temperature,
        "same_language": site.asked.same_language,
    }
    together: DrawTogether[KnowledgeRow]
    match asked:
        case spec.MEP(mask=mask, hide_repeats=hide_repeats):
            one: dict[str, Any] = {"mask": masking.mask, "per_piece": mask == "per_piece", "hide_repeats": hide_repeats}
            rows = MentionRows(site.knowledge, **one, **shared)
            together = rows.of_one_language if asked.one_language else independent(rows)
        case spec.OE():
            together = independent(FactRows(site.knowledge, **shared))
    batches = partial(collate, padding=masking.padding)
    return DrawnStream(together, batches, name=name, seed=at.seed, **cut)


def _queue_of(asked: spec.Knowledge, kind: str) -> str:
    """The name of the queue that a source has."""
    return QUEUE if asked.shared_queue else f"{QUEUE}_{kind}"


def _require_rows(asked: spec.MEP | spec.OE, at: TextSite, how: spec.Knowledge) -> None:
    smallest = at.batch_size // (at.accumulation * (1 if how.across_ranks else at.group.world_size))
    if how.norm == "batch" and smallest < 2:
        raise IsoglossError(
            f"knowledge.norm: batch needs at least 2 rows of {asked.kind} in each micro-batch of a process, found "
            f"{smallest} of {at.batch_size}; a larger batch_size, or norm: layer"
        )

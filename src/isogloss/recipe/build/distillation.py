"""From what a recipe says of a teacher to the model, the rows that it and its student read, and the loss."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from transformers import AutoModelForMaskedLM, PreTrainedModel, PreTrainedTokenizerBase

from isogloss.common.errors import IsoglossError
from isogloss.models.extensions import extensions_of
from isogloss.models.extensions.projection import PROJECTION
from isogloss.models.open import names_of
from isogloss.models.projections import FAMILIES
from isogloss.objectives.distillation import Distillation, Relations, States
from isogloss.protocols import DataSource
from isogloss.recipe.build.model import build_model
from isogloss.recipe.build.text import TextSite, build_frame
from isogloss.recipe.spec import distillation as spec
from isogloss.recipe.spec import model as model_spec
from isogloss.store.aligned import AlignedText
from isogloss.store.encoded import EncodedText
from isogloss.streams.drawn import DrawnStream, independent
from isogloss.streams.running_text import RunningTextRows
from isogloss.streams.taught import AlignedRows, SharedRows, TaughtRow, TwoFrames, collate

MOST_HEADS = 48
"""Relation heads at most, where a recipe says none: what implementations of MiniLMv2 take for base models."""

LONGER = 2
"""How many times as many sub-words as the student's the teacher's row of a text may have."""


@dataclass(frozen=True)
class Teacher:
    """A teacher, and what it has to do with the sub-words of a student.

    Attributes:
        encoder: The encoder, frozen and in evaluation mode.
        tokenizer: Its tokenizer.
        identity: What identifies its weights.
        ids: Its id of each of the student's sub-words ``[v]``; below 0 where it has none.
        lacking: Sub-words of the student that it does not have, special ones among them.
    """

    encoder: PreTrainedModel
    tokenizer: PreTrainedTokenizerBase
    identity: Mapping[str, Any]
    ids: np.ndarray
    lacking: tuple[str, ...]


@dataclass(frozen=True)
class DistilSite:
    """A teacher and a student, and the text that both read.

    Attributes:
        asked: The recipe's part.
        teacher: The teacher.
        student: The student, with what it needs to be compared.
        aligned: Text in the sub-words of both by language, where these differ; None: the teacher reads the student's.
    """

    asked: spec.Distil
    teacher: Teacher
    student: PreTrainedModel
    aligned: dict[str, AlignedText] | None


def encoder_of(model: PreTrainedModel) -> PreTrainedModel:
    """The encoder of a model with a head."""
    encoder = model.base_model
    assert isinstance(encoder, PreTrainedModel)
    return encoder


def build_teacher(source: str, how: model_spec.Model, tokenizer: PreTrainedTokenizerBase) -> Teacher:
    """The teacher, frozen.

    Args:
        source: Hub id or folder.
        how: How it is opened; only whether its code may run counts.
        tokenizer: That of the student.

    Raises:
        IsoglossError: It cannot be opened, or lacks weights.
    """
    plain = model_spec.Model(trust_remote_code=how.trust_remote_code, attention=how.attention)
    loaded = build_model(source, plain, AutoModelForMaskedLM, None, None, 0)
    encoder = encoder_of(loaded.model)
    lacking = sorted(loaded.fresh & names_of(loaded.model, encoder))
    if lacking:
        raise IsoglossError(
            f"teacher {source!r}: its weights lack {len(lacking)} parameters of the encoder, {lacking[0]!r} among "
            "them, so there is nothing to learn from it"
        )
    encoder.train(False).requires_grad_(False)
    ids, missing = same_pieces(tokenizer, loaded.tokenizer)
    return Teacher(encoder, loaded.tokenizer, loaded.identity, ids, missing)


def same_pieces(own: PreTrainedTokenizerBase, other: PreTrainedTokenizerBase) -> tuple[np.ndarray, tuple[str, ...]]:
    """The id in ``other`` of each sub-word of ``own`` ``[v]``, -1 for none; and which of them it lacks.

    Special sub-words are the same if they have the same part (mask, padding, ...), whatever they are called; of several
    parts one will do.
    """
    pieces, known = own.get_vocab(), other.get_vocab()
    parts: dict[str, int] = {}
    for part, name in own.special_tokens_map.items():
        number = getattr(other, f"{part}_id", None)
        if number is not None:
            parts.setdefault(name, number)
    ids = np.full(max(pieces.values()) + 1, -1, dtype=np.int64)
    for piece, number in pieces.items():
        ids[number] = known.get(piece, parts.get(piece, -1))
    return ids, tuple(piece for piece, number in pieces.items() if ids[number] < 0)


def build_distil_source(asked: spec.Distil, name: str, at: TextSite, site: DistilSite) -> DataSource:
    """One source of text that a teacher has read too, and what is compared.

    Raises:
        IsoglossError: Rows are too long for a model, or what is asked for cannot be compared.
    """
    teacher, padding = site.teacher, int(at.tokenizer.pad_token_id)
    rows = build_rows(asked, teacher, site.aligned, at.tokenizer, at.encoded, at.length)
    stream: DrawnStream[TaughtRow] = DrawnStream(
        independent(rows),
        partial(collate, padding=padding, teacher_padding=int(teacher.tokenizer.pad_token_id), length=at.length),
        name=name,
        seed=at.seed,
        batch_size=at.batch_size,
        rank=at.group.rank,
        world_size=at.group.world_size,
        accumulation=at.accumulation,
    )
    return DataSource(name, stream, build_distillation(site))


def build_rows(
    asked: spec.Distil,
    teacher: Teacher,
    aligned: dict[str, AlignedText] | None,
    tokenizer: PreTrainedTokenizerBase,
    encoded: Mapping[str, EncodedText],
    length: int,
) -> SharedRows | AlignedRows:
    """Rows of text that student and teacher read, each of one language.

    Args:
        asked: The recipe's part.
        teacher: The teacher.
        aligned: Text in the sub-words of both by language; None: the teacher reads the student's.
        tokenizer: The student's.
        encoded: Text in the student's sub-words by language.
        length: Most sub-words of the student in a row, special ones included.

    Raises:
        IsoglossError: Rows are too long for a model.
    """
    for whose, own in (("student", tokenizer), ("teacher", teacher.tokenizer)):
        if length > own.model_max_length:
            raise IsoglossError(
                f"stages: length must be at most {own.model_max_length}, the longest input of the {whose}, found "
                f"{length}"
            )
    if aligned is not None:
        return AlignedRows(aligned, frames(tokenizer, teacher, length), asked.temperature)
    own_rows = RunningTextRows(
        dict(encoded), length=length, frame=build_frame(tokenizer), temperature=asked.temperature
    )
    return SharedRows(own_rows, teacher.ids)


def frames(tokenizer: PreTrainedTokenizerBase, teacher: Teacher, length: int) -> TwoFrames:
    """How a text that both have cut becomes a row of at most ``length`` sub-words of the student."""
    longest = min(LONGER * length, teacher.tokenizer.model_max_length)
    return TwoFrames(build_frame(tokenizer), build_frame(teacher.tokenizer), length, longest)


def build_distillation(site: DistilSite) -> Distillation:
    """The loss.

    Raises:
        IsoglossError: What is asked for cannot be compared.
    """
    asked = site.asked
    return Distillation(
        site.teacher.encoder,
        relations=None if asked.relations is None else _relations(asked.relations, site),
        states=None if asked.states is None else _states(asked.states, "states", site),
        sentence=None if asked.sentence is None else _states(asked.sentence, "sentence", site),
    )


def _states(asked: spec.States, key: str, site: DistilSite) -> States:
    _require_layer(asked.layer, key, site)
    return States(asked.distance, extensions_of(site.student).get(PROJECTION), asked.weight, asked.layer)


def _require_layer(layer: int | None, key: str, site: DistilSite) -> None:
    depth = int(site.teacher.encoder.config.num_hidden_layers)
    if layer is not None and layer > depth:
        raise IsoglossError(
            f"sources: distil.{key}.layer: must be from 1 to {depth}, the layers of the teacher, found {layer}; "
            f"nearest valid: {depth}"
        )


def require_same_sub_words(asked: spec.Distil, teacher: Teacher) -> None:
    """Stop where relations would compare the places of other sub-words.

    Raises:
        IsoglossError: The student has sub-words that the teacher has not.
    """
    if asked.relations is not None and teacher.lacking:
        shown = ", ".join(map(repr, sorted(teacher.lacking)[:3]))
        raise IsoglossError(
            f"sources: distil: relations compare place with place, so the teacher must have every sub-word of the "
            f"student, found {len(teacher.lacking):,} that it has not, such as {shown}; give the student the teacher's "
            "tokenizer, or one trimmed from it, or compare states alone: {kind: distil, relations: null, states: {}}"
        )


def require_first_place(asked: spec.Distil, tokenizer: PreTrainedTokenizerBase) -> None:
    """Stop where a word would learn what its whole text is.

    Raises:
        IsoglossError: The student's tokenizer puts no special sub-word before a text.
    """
    if asked.sentence is not None and not build_frame(tokenizer).before:
        raise IsoglossError(
            "sources: distil.sentence: the first place of a text learns the mean of all, but the student's tokenizer "
            "puts no special sub-word there; compare states alone: {kind: distil, relations: null, states: {}}"
        )


def _relations(asked: spec.Relations, site: DistilSite) -> Relations:
    encoder, student = site.teacher.encoder, site.student
    sizes = [int(model.config.hidden_size) for model in (encoder, student)]
    for whose, model in (("teacher", encoder), ("student", student)):
        if model.config.model_type not in FAMILIES:
            raise IsoglossError(
                f"sources: distil.relations: queries and keys of a {model.config.model_type!r} {whose} cannot be read, "
                f"only of {', '.join(FAMILIES)}; compare states alone: {{kind: distil, relations: null, states: {{}}}}"
            )
    shared = math.gcd(*sizes)
    valid = [number for number in range(1, shared + 1) if shared % number == 0]
    heads = asked.heads or max(number for number in valid if number <= MOST_HEADS)
    if heads not in valid:
        raise IsoglossError(
            f"sources: distil.relations.heads: must divide the hidden sizes of teacher and student, {sizes[0]} and "
            f"{sizes[1]}, found {heads}; nearest valid: {min(valid, key=lambda number: abs(number - heads))}"
        )
    _require_layer(asked.layer, "relations", site)
    depth = int(encoder.config.num_hidden_layers)
    return Relations(heads, asked.layer or depth, int(student.config.num_hidden_layers), asked.weight)

"""A run in which a student learns from a teacher on text: both models, and the text as both read it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from torch import Tensor
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from isogloss.common.errors import IsoglossError
from isogloss.common.randomness import generator
from isogloss.common.shares import shares
from isogloss.data.texts import Texts
from isogloss.models.feed_forward import unit_energies
from isogloss.models.open import Loaded
from isogloss.recipe.build.distillation import (
    DistilSite,
    Teacher,
    build_distillation,
    build_rows,
    build_teacher,
    encoder_of,
    frames,
    require_first_place,
    require_same_sub_words,
)
from isogloss.recipe.build.run import build_autocast
from isogloss.recipe.build.student import build_student, with_projection, without_head
from isogloss.recipe.spec.distillation import Distil
from isogloss.recipe.spec.pretraining import Pretraining
from isogloss.run.distilled_scoring import DistilledMeasure
from isogloss.start.held_out import held_out_rows
from isogloss.start.knowledge import Known
from isogloss.store.aligned import AlignedText, align
from isogloss.store.encoded import EncodedText
from isogloss.streams.taught import TaughtRow, collate

SAMPLE = 8192
"""Sub-words of the student, in rows of text, on which the energies of the teacher's units are measured."""


@dataclass(frozen=True)
class Taught:
    """A teacher, and the text where both models cut it into other sub-words.

    Attributes:
        asked: The recipe's part.
        teacher: The teacher.
        aligned: The text by language; None: the teacher reads the student's sub-words.
    """

    asked: Distil
    teacher: Teacher
    aligned: dict[str, AlignedText] | None

    def student(
        self, recipe: Pretraining, tokenizer: PreTrainedTokenizerBase, encoded: Mapping[str, EncodedText]
    ) -> Loaded:
        """The student that the recipe describes, to read text."""
        assert recipe.student is not None
        frequencies = self._frequencies(encoded)
        # Text is encoded without those that every row has one or two of; what is unknown in it stays as often.
        frequencies[tokenizer.all_special_ids] += 1 / max(stage.length for stage in recipe.stages)
        energies = partial(self._energies, recipe, tokenizer, encoded)
        return build_student(recipe.student, self.teacher, recipe, tokenizer, frequencies, energies, recipe.seed)

    def _energies(
        self, recipe: Pretraining, tokenizer: PreTrainedTokenizerBase, encoded: Mapping[str, EncodedText]
    ) -> list[Tensor]:
        """The energy of each unit of the teacher's feed-forward blocks on rows as in training, by layer ``[u]``."""
        length = max(stage.length for stage in recipe.stages)
        draw = build_rows(self.asked, self.teacher, self.aligned, tokenizer, encoded, length)
        rows = (draw(generator(recipe.seed, "energies", number)).teacher for number in range(-(-SAMPLE // length)))
        with build_autocast(recipe, self.teacher.encoder.device)():
            return unit_energies(self.teacher.encoder, rows)

    def _frequencies(self, encoded: Mapping[str, EncodedText]) -> np.ndarray:
        """The share of each sub-word in text ``[v]``, whose languages are drawn as the recipe says."""
        texts, size = [text.ids for text in encoded.values()], len(self.teacher.ids)
        drawn = shares([len(ids) for ids in texts], self.asked.temperature)
        return sum(
            (own * np.bincount(ids, minlength=size) / len(ids) for own, ids in zip(drawn, texts, strict=True)),
            np.zeros(size),
        )

    def prepared(self, recipe: Pretraining, loaded: Loaded) -> Loaded:
        """The student without a head that nothing trains, and with what it needs to be compared."""
        own = loaded if recipe.masking is not None else without_head(loaded)
        return with_projection(own, self.asked, self.teacher, recipe.seed)

    def site(self, student: PreTrainedModel) -> DistilSite:
        """Both models."""
        return DistilSite(self.asked, self.teacher, student, self.aligned)

    def measure(
        self,
        recipe: Pretraining,
        held_out: Mapping[str, Sequence[str]],
        known: Known | None,
        loaded: Loaded,
        autocast: Callable[[], AbstractContextManager[Any]],
    ) -> DistilledMeasure:
        """The loss on held-out sentences."""
        length = max(stage.length for stage in recipe.stages)
        tokenizer, taught = loaded.tokenizer, self.teacher.tokenizer
        return DistilledMeasure(
            self._held_out(held_out, known, tokenizer, length),
            partial(collate, padding=int(tokenizer.pad_token_id), teacher_padding=int(taught.pad_token_id)),
            build_distillation(self.site(loaded.model)),
            recipe.evaluation_batch_size,
            autocast,
        )

    def notes(self, loaded: Loaded) -> list[str]:
        """What a user should know before the first step."""
        sizes = []
        for model in (self.teacher.encoder, encoder_of(loaded.model)):
            table = model.get_input_embeddings().get_parameter("weight").numel()
            others = sum(own.numel() for own in model.parameters()) - table
            config = model.config
            sizes.append(f"{config.num_hidden_layers} layers of {config.hidden_size} ({others:,} weights + {table:,})")
        lines = [f"teacher: {sizes[0]}; student: {sizes[1]}, weights of layers + table of sub-words"]
        if self.aligned is not None:
            lines.append(
                f"the student has {len(self.teacher.lacking):,} sub-words that the teacher has not, so each reads its "
                "own, and states are aligned by characters"
            )
        if self.asked.states is None and self.asked.sentence is None:
            lines.append(
                "relations alone do not train what the student's last layer does after its queries, keys and values; "
                "states do"
            )
        pooling = getattr(encoder_of(loaded.model).config, "classifier_pooling", "cls")
        if self.asked.sentence is not None and pooling != "cls":
            lines.append(
                f"the term `sentence` trains the student's first place, but its heads of classification will read the "
                f"{pooling} of all places (classifier_pooling in its configuration)"
            )
        return lines

    def _held_out(
        self,
        held_out: Mapping[str, Sequence[str]],
        known: Known | None,
        tokenizer: PreTrainedTokenizerBase,
        length: int,
    ) -> dict[str, list[TaughtRow]]:
        if self.aligned is None:
            rows = held_out_rows(held_out, known, tokenizer, length)
            ids = self.teacher.ids
            return {language: [TaughtRow(row, ids[row], language) for row in own] for language, own in rows.items()}
        both, found = frames(tokenizer, self.teacher, length), {}
        for language, sentences in held_out.items():
            text = align(sentences, tokenizer, self.teacher.tokenizer)
            found[language] = [both.of(text, number, language) for number in range(len(sentences))]
        return found


def read_taught(recipe: Pretraining, texts: Texts, tokenizer: PreTrainedTokenizerBase) -> Taught | None:
    """The teacher of a recipe, and its text as both models read it; None: it has no teacher.

    Raises:
        IsoglossError: The teacher cannot be opened, or what is asked for cannot be compared.
    """
    asked = recipe.distilling
    if asked is None or recipe.teacher is None:
        return None
    teacher = build_teacher(recipe.teacher, recipe, tokenizer)
    require_same_sub_words(asked, teacher)
    require_first_place(asked, tokenizer)
    if not teacher.lacking:
        return Taught(asked, teacher, None)
    if not recipe.text:
        raise IsoglossError(
            "text: is missing; where teacher and student have other sub-words, these are aligned by the characters of "
            "`text`, which the sentences of `knowledge` no longer have"
        )
    aligned = {language: align(own, tokenizer, teacher.tokenizer) for language, own in texts.sentences.items()}
    return Taught(asked, teacher, aligned)

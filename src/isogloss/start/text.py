"""Text without labels: read, cut into sub-words, and made into sources."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from transformers import PreTrainedTokenizerBase

from isogloss.common.uncut import uncut
from isogloss.data.overlap import Read, held_out
from isogloss.data.problems import Problems
from isogloss.data.texts import Texts, read_texts
from isogloss.models.extensions import MaskedHead
from isogloss.objectives.l2_sp import L2SP
from isogloss.protocols import DataSource, Objective
from isogloss.recipe.build.data import build_collections, build_text_set
from isogloss.recipe.build.site import Site
from isogloss.recipe.build.text import TextSite, build_text_source
from isogloss.recipe.spec.recipe import Recipe
from isogloss.recipe.spec.text import Text
from isogloss.start.unlabelled import Collate, Unlabelled, build_unlabelled_source, read_unlabelled
from isogloss.store.encoded import EncodedText
from isogloss.tasks.task import Task


@dataclass(frozen=True)
class TextBeside:
    """Text that is learned from beside a task.

    Attributes:
        texts: The sentences.
        encoded: Their sub-words, by language.
        tokenizer: The model's tokenizer.
        unlabelled: The sentences as a teacher of the task sees them, if a source learns what it answers.
    """

    texts: Texts
    encoded: Mapping[str, EncodedText]
    tokenizer: PreTrainedTokenizerBase
    unlabelled: Unlabelled | None = None

    def sources(
        self, recipe: Recipe, head: MaskedHead | None, site: Site, labelled: Objective, collate: Collate
    ) -> dict[str, DataSource]:
        """The sources that the recipe asks for: rows of ``max_length``, ``batch_size`` of them a step."""
        at = TextSite(
            encoded=dict(self.encoded),
            units=self.texts.units,
            tokenizer=self.tokenizer,
            length=recipe.max_length,
            batch_size=site.budget.batch_size,
            accumulation=site.budget.accumulation,
            seed=site.seed,
            group=site.group,
            masked=None if head is None else head.masked,
        )
        built = [build_text_source(asked, asked.kind, at) for asked in recipe.masked_sources]
        if recipe.soft_labels is not None and self.unlabelled is not None:
            built.append(build_unlabelled_source(recipe.soft_labels, at, self.unlabelled, collate))
        if isinstance(labelled, L2SP):
            built = [replace(source, objective=labelled.around(source.objective)) for source in built]
        return {source.name: source for source in built}

    def announcement(self, recipe: Recipe) -> str:
        """What a user should know of it before the first step, in a line."""
        sizes = ", ".join(f"{language} {len(text.ids):,}" for language, text in self.encoded.items())
        shares = ", ".join(f"{asked.kind} in {asked.share:.0%} of the steps" for asked in recipe.sources)
        excluded = f"; {self.texts.left_out:,} sentences left out, found in files of exclude" if recipe.exclude else ""
        return f"beside the task: {shares}; sub-words of text: {sizes}{excluded}"


def read_text_beside(recipe: Recipe, task: Task, tokenizer: PreTrainedTokenizerBase, problems: Problems) -> TextBeside:
    """The text of a recipe of `isogloss train`, of all languages that it has."""
    texts = read_recipe_texts(recipe, problems, limit=recipe.limit)
    encoded = {language: encode(own, tokenizer) for language, own in texts.sentences.items()}
    asked = recipe.soft_labels
    unlabelled = None if asked is None else read_unlabelled(asked, recipe, texts.sentences, task, tokenizer, problems)
    return TextBeside(texts, encoded, tokenizer, unlabelled)


def read_recipe_texts(
    asked: Text,
    problems: Problems,
    *,
    languages: Sequence[str] | None = None,
    apart: int = 0,
    limit: int | None = None,
) -> Texts:
    """The text of a recipe, and what is kept apart of it.

    Args:
        asked: The recipe.
        problems: Takes what is wrong with the files.
        languages: Languages to read; None: all.
        apart: Most sentences per language kept apart to measure on.
        limit: Sentences read per file; None: all.
    """
    return read_texts(
        [build_text_set(entry, f"text.{number}") for number, entry in enumerate(asked.text)],
        languages=languages,
        excluded=held_out(asked.exclude, _known(asked)),
        held_out=apart,
        limit=limit,
        problems=problems,
    )


def _known(asked: Text) -> dict[Path, Read]:
    """How the files of a run's own labelled data are read, by resolved path, where some files are excluded."""
    if not asked.exclude or not isinstance(asked, Recipe):
        return {}
    _, collections = build_collections(asked.data)
    return {
        path.resolve(): partial(own.read, language, split)
        for own in collections
        for (language, split), path in own.files().items()
    }


def encode(sentences: Sequence[str], tokenizer: PreTrainedTokenizerBase) -> EncodedText:
    """Sentences as sub-words, without special ones."""
    pieces: list[list[int]] = []
    with uncut(tokenizer.backend_tokenizer) as backend:
        for start in range(0, len(sentences), 4096):
            batch = backend.encode_batch_fast(list(sentences[start : start + 4096]), add_special_tokens=False)
            pieces += [encoding.ids for encoding in batch]
    return EncodedText.of(pieces)

"""The texts whose sub-words are counted: files by language, or the data of the run that is cut."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from pydantic import ValidationError

from isogloss.calls.templates import text_entry, with_language
from isogloss.common.errors import IsoglossError
from isogloss.data.collection import Collection
from isogloss.data.overlap import held_out
from isogloss.data.problems import Problems
from isogloss.data.texts import TextSet, read_texts
from isogloss.examples import Example, TaggedSentence
from isogloss.recipe.build.data import build_collections, build_text_set
from isogloss.recipe.explain import explain
from isogloss.recipe.spec.recipe import Recipe
from isogloss.recipe.spec.text import TextEntry
from isogloss.tasks.alignment import spaces_before
from isogloss.tasks.tagging import Tagging
from isogloss.tasks.task import Task

SPLITS = ("train", "dev")
"""The data of a run that are looked at: test data decide nothing, not even which sub-words stay."""


def texts_of_entries(
    given: Sequence[str | Mapping[str, Any] | TextEntry],
    languages: Sequence[str],
    problems: Problems,
    *,
    exclude: Sequence[str] = (),
) -> dict[str, list[str]]:
    """The texts of files, by language; of pairs both.

    Args:
        given: Templates such as ``text/{language}.txt``, or entries of a recipe's ``text``.
        languages: The languages.
        problems: Takes what is wrong with the files.
        exclude: Files whose sentences are left out, as in a recipe.

    Raises:
        IsoglossError: No file of a language, an error in one, or keys that make no entry.
    """
    sets = text_sets(given, languages)
    excluded = held_out(exclude)
    read = read_texts(
        sets, languages=languages, excluded=excluded, held_out=0, limit=None, problems=problems, pairs=True
    )
    return read.sentences


def text_sets(given: Sequence[str | Mapping[str, Any] | TextEntry], languages: Sequence[str]) -> list[TextSet]:
    """The files of texts, of which each language has one; see `texts_of_entries`.

    Raises:
        IsoglossError: No file of a language, or keys that make no entry.
    """
    sets = [
        build_text_set(_entry(one, languages).model_copy(update={"parallel": None}), f"text.{number}")
        for number, one in enumerate(given)
    ]
    _require_files([texts.collection for texts in sets], languages, ("train",), "text: name files of it")
    return sets


def texts_of_run(recipe: Recipe, task: Task, languages: Sequence[str], problems: Problems) -> dict[str, list[str]]:
    """The training and dev texts of a run, by language, as its model is shown them.

    Args:
        recipe: Its recipe.
        task: Its task.
        languages: The languages.
        problems: Takes what is wrong with the files.

    Raises:
        IsoglossError: No file of a language, or an error in one.
    """
    _, collections = build_collections(recipe.data)
    _require_files(collections, languages, SPLITS, "--text names files of it")
    texts: dict[str, list[str]] = {language: [] for language in languages}
    for collection in collections:
        for language, split in collection.files():
            if language in texts and split in SPLITS:
                texts[language] += _texts_of(collection.read(language, split, problems), task)
    problems.raise_errors()
    return texts


def _entry(given: str | Mapping[str, Any] | TextEntry, languages: Sequence[str]) -> TextEntry:
    if isinstance(given, TextEntry):
        return given
    keys = given if isinstance(given, Mapping) else text_entry(given)
    try:
        return TextEntry.model_validate(with_language(keys, languages))
    except ValidationError as error:
        raise IsoglossError(explain(error, "text", TextEntry)) from None


def _require_files(
    collections: Sequence[Collection], languages: Sequence[str], splits: Sequence[str], advice: str
) -> None:
    """Stop unless each language has a file in one of the collections; the message names what was looked for."""
    found = {language for own in collections for language, split in own.files() if split in splits}
    for language in languages:
        if language not in found:
            places = [
                str(own.path(language, split))
                for own in collections
                for split in splits
                if own.splits is None or split in own.splits
            ]
            raise IsoglossError(
                f"languages: no text for {language!r} (looked for {' or '.join(dict.fromkeys(places))}); there is text "
                f"for {', '.join(sorted(found)) or 'no language'}; {advice}"
            )


def _texts_of(examples: Iterable[Example], task: Task) -> list[str]:
    as_written = isinstance(task, Tagging) and task.as_written
    return [
        text
        for example in examples
        for text in (
            (example.text(spaces_before(example, as_written)),)
            if isinstance(example, TaggedSentence)
            else example.content
        )
    ]

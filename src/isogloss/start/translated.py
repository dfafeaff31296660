"""Machine translations in the place of texts: of the training data (translate-train), of test data (translate-test)."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence

from isogloss.common.errors import IsoglossError
from isogloss.data.collection import Collection
from isogloss.data.corpus import Cell, Corpus
from isogloss.data.pairing import ALONE, partners
from isogloss.data.problems import Problems
from isogloss.data.translations import TranslationFile, translate, translate_some
from isogloss.examples import Example, TaggedSentence
from isogloss.recipe.build.data import build_collection, build_translation
from isogloss.recipe.spec.data import DataEntry, Translation
from isogloss.recipe.spec.recipe import Recipe
from isogloss.start.reading import digest


def with_translated_training_data(recipe: Recipe, collections: Sequence[Collection], corpus: Corpus) -> Corpus:
    """The corpus with the source language's training data translated into all languages that are evaluated.

    Raises:
        IsoglossError: There are several source languages, no translations, or translations that do not fit.
    """
    if len(corpus.sources) != 1:
        raise IsoglossError(f"translate_train: needs one source language, found {', '.join(corpus.sources)}")
    source = corpus.sources[0]
    train, files = {language: list(examples) for language, examples in corpus.train.items()}, dict(corpus.files)
    targets = sorted(set(corpus.evaluated) - {source})
    asked = [entry.translations.train for entry in recipe.data if entry.translations.train is not None]
    _require_translations(asked, source, targets)
    for entry, collection in zip(recipe.data, collections, strict=True):
        if entry.translations.train is None:
            continue
        own = {str(path) for (language, split), path in collection.files().items() if split == "train"}
        originals = [example for example in corpus.train[source] if example.path in own]
        for language in targets if originals else ():
            file = build_translation(entry, entry.translations.train, language, "train")
            if not file.path.exists():
                corpus.problems.warning(file.path, None, f"no translations into {language}, which stays without")
                continue
            found = _learnable(originals, file, language, entry.translations.train, corpus.problems)
            train.setdefault(language, []).extend(found)
            files[str(file.path)] = digest(file.path) or ""
    added = tuple(language for language in train if language not in corpus.train)
    if files == corpus.files:
        raise IsoglossError(
            f"translate_train: no file of translations into {', '.join(targets)} (translations.train: "
            f"{', '.join(one.path for one in asked)})"
        )
    return dataclasses.replace(corpus, train=train, files=files, targets=(*corpus.targets, *added))


def _require_translations(asked: Sequence[Translation], source: str, targets: Sequence[str]) -> None:
    """Stop unless there can be a file for each target language."""
    if not asked:
        raise IsoglossError("translate_train: no data entry has translations.train, which names the files")
    if not targets:
        raise IsoglossError(
            f"translate_train: the training language {source!r} alone is evaluated, so there is none to translate "
            "into; evaluate_languages says which"
        )
    for one in asked:
        require_file_of_each("train", one, targets)


def require_file_of_each(role: str, asked: Translation, languages: Sequence[str]) -> None:
    """Stop where one file would be read as the translations by way of each of several languages.

    Args:
        role: ``train`` or ``back``.
        asked: The entry that names the files.
        languages: The languages.

    Raises:
        IsoglossError: Neither the name of the file nor one of its columns has the language.
    """
    by_column = asked.columns is not None and asked.columns.language is not None
    if len(languages) > 1 and "{" not in asked.path and not by_column:
        raise IsoglossError(
            f"translations.{role}.path: {asked.path!r} is one file without {{language}} in its name, and would be "
            f"read for each of {', '.join(languages)}"
        )


def _learnable(
    originals: Sequence[Example], file: TranslationFile, language: str, asked: Translation, problems: Problems
) -> list[Example]:
    """The translations that something can be learned from; a warning counts the others, if they may be skipped.

    Raises:
        IsoglossError: They may not, or there is no other.
    """
    if asked.skip_missing:
        found = translate_some(originals, file, language, problems)
    else:
        found = list(translate(originals, file, language, problems))
    good = [example for example in found if example is not None and example.labels is not None]
    if len(good) == len(found):
        return good
    place = next(place for place, one in enumerate(found) if one is None or one.labels is None)
    first, without = originals[place], sum(one is not None for one in found) - len(good)
    message = (
        f"{len(found) - len(good)} of {len(found)} training examples have no translation, or one without labels "
        f"({without}); the first is {first.path}:{first.line}, id {first.id!r}"
    )
    if not good or not asked.skip_missing:
        tags = isinstance(first, TaggedSentence)
        label = "`isogloss predict --probabilities` or `isogloss project` tags them; " if tags else ""
        raise IsoglossError(f"{file.path}: {message}; {label}translations.train.skip_missing: true leaves them out")
    problems.warning(file.path, None, f"{message}; they are left out")
    return good


def translated_cells(
    entries: Sequence[DataEntry], cells: Mapping[Cell, Sequence[Example]], sources: Sequence[str], problems: Problems
) -> dict[Cell, Sequence[Example]]:
    """The cells with their texts translated into the source language; those of source languages stay as they are.

    Raises:
        IsoglossError: An entry has no translations of the split, or they do not fit.
    """
    by_name = {build_collection(entry, "data").name: entry for entry in entries}
    found: dict[Cell, Sequence[Example]] = {}
    for cell, examples in cells.items():
        if cell.language in sources:
            found[cell] = examples
            continue
        entry = by_name[cell.data]
        translation = entry.translations.test
        if translation is None:
            raise IsoglossError(
                f"data {cell.data!r} has no translations.test, which names files with the texts translated into the "
                "source language; the view needs them"
            )
        if cell.split != "test" and "{split}" not in translation.path:
            raise IsoglossError(
                f"translations.test.path: {translation.path!r} holds the test split; with {{split}} in it, others too"
            )
        file = build_translation(entry, translation, cell.language, cell.split)
        found[cell] = translate(examples, file, cell.language, problems)
    return found


def gold_cells(
    cells: Mapping[Cell, Sequence[Example]], source: str, collections: Sequence[Collection]
) -> dict[Cell, Sequence[Example]]:
    """For each cell what its data set has in the source language under the same ids, example by example.

    Raises:
        IsoglossError: A data set has no file of the split in the source language, or an example no partner there.
    """
    sets = {str(path): own.name for own in collections for path in own.files().values()}
    found: dict[Cell, Sequence[Example]] = {}
    for cell, examples in cells.items():
        asked = None if cell.question_language is None else source
        own = dataclasses.replace(cell, language=source, question_language=asked)
        if own not in cells:
            raise IsoglossError(
                f"view with-gold-source: data {cell.data!r} has no {cell.split} file in {source!r}, whose texts would "
                "stand beside those of other languages"
            )
        places = partners(examples, cells[own], sets)
        alone = [example for example, place in zip(examples, places.tolist(), strict=True) if place == ALONE]
        if alone:
            raise IsoglossError(
                f"view with-gold-source: {len(alone)} of {len(examples)} examples of data {cell.data!r} in "
                f"{cell.language!r} have no partner of the same id in {source!r}, the first is "
                f"{alone[0].path}:{alone[0].line}, id {alone[0].id!r}"
            )
        found[cell] = [cells[own][place] for place in places.tolist()]
    return found

"""Training texts beside their originals, found by id, or beside back-translations of these: the halves of pairs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from isogloss.common.errors import IsoglossError
from isogloss.data.collection import Collection
from isogloss.data.corpus import Corpus
from isogloss.data.pairing import ALONE, partners
from isogloss.data.translations import translate
from isogloss.examples import Choice, Example, LabelledText
from isogloss.protocols import Feature
from isogloss.recipe.build.data import build_translation
from isogloss.recipe.spec.data import DataEntry
from isogloss.start.reading import digest
from isogloss.start.translated import require_file_of_each
from isogloss.store.features import example_indices
from isogloss.store.lazy import Concatenated
from isogloss.streams.bucketed import comings
from isogloss.streams.paired import Partners
from isogloss.tasks.encoding import Encoding


@dataclass(frozen=True)
class Pairs:
    """What stands beside the training texts.

    Attributes:
        source: The language of the second halves.
        beside: The second half of each training feature, by language.
        instead: What may come in its place, row by row as there; None: nothing.
        files: SHA-256 of the files of back-translations, by path.
        notes: What the user should know.
    """

    source: str
    beside: Mapping[str, Sequence[Feature]]
    instead: Mapping[str, Sequence[Feature]] | None
    files: Mapping[str, str]
    notes: tuple[str, ...]


@dataclass(frozen=True)
class _Back:
    """Texts of the source language, translated into a language and back.

    Attributes:
        examples: The back-translations.
        places: For each text of the source language where its back-translation lies ``[n]``; `ALONE`: it has none.
    """

    examples: Sequence[Example]
    places: np.ndarray


def pair(
    corpus: Corpus,
    features: Mapping[str, Sequence[Feature]],
    entries: Sequence[DataEntry],
    collections: Sequence[Collection],
    encoding: Encoding,
    *,
    first_window: bool = False,
) -> Pairs:
    """Put the text of the first training language that says the same beside each training text.

    A text without partner is its own. Texts of the first language are their own too. A piece of a long text has the
    piece of the same number beside it, or the last one where there are fewer.

    Args:
        corpus: The data.
        features: Training features by language.
        entries: The data entries.
        collections: Where their files are, entry by entry.
        encoding: How back-translations become features.
        first_window: Whether every piece has the first piece beside it, as in the released code of X-Mixup.

    Raises:
        IsoglossError: No text of another language has a partner, texts of one id have different labels, or
            back-translations do not fit.
    """
    source = corpus.sources[0]
    originals, translations = corpus.train[source], _translations(corpus, entries, collections)
    sets = {str(path): own.name for own in collections for path in own.files().values()} | translations
    learned = example_indices(features[source])
    places = {}
    for language, examples in corpus.train.items():
        own = np.arange(len(originals)) if language == source else partners(examples, originals, sets, translations)
        # A question whose answer is not in its text has no features, so nothing can stand beside another.
        places[language] = np.where(np.isin(own, learned), own, ALONE)
    notes = [f"the source of pairs is {source}, the first training language", *_alone(places, source)]
    back, files = _back_translations(corpus, entries, collections)
    beside = {
        language: _beside(features[language], features[source], own, features[language], first_window)
        for language, own in places.items()
    }
    instead = None
    if back:
        instead = dict(beside)
        for language, found in back.items():
            encoded = encoding.encode([_unlabelled_parts(example) for example in found.examples], corpus.problems)
            own = places[language]
            via = np.where(own == ALONE, ALONE, found.places[own])
            instead[language] = _beside(features[language], encoded, via, beside[language], first_window)
        notes.append(f"back-translations into {source} by way of {', '.join(back)}")
        if without := sorted(corpus.train.keys() - back.keys() - {source}):
            notes.append(f"no back-translations by way of {', '.join(without)}, which always see the original")
    return Pairs(source, beside, instead, files, tuple(notes))


def _translations(corpus: Corpus, entries: Sequence[DataEntry], collections: Sequence[Collection]) -> dict[str, str]:
    """The name of the data set of each file of translations of training data, by path."""
    return {
        str(build_translation(entry, entry.translations.train, language, "train").path): collection.name
        for entry, collection in zip(entries, collections, strict=True)
        if entry.translations.train is not None
        for language in corpus.targets
    }


def _alone(places: Mapping[str, np.ndarray], source: str) -> list[str]:
    """How many texts have no partner, by language.

    Raises:
        IsoglossError: None of the other languages has any.
    """
    others = {language: own for language, own in places.items() if language != source}
    if all((own == ALONE).all() for own in others.values()):
        raise IsoglossError(
            f"objective: pairs texts with those of {source!r} by id, but no training text of another language "
            f"({', '.join(others) or 'there is none'}) has a partner there; give parallel data sets with the same ids, "
            "or translate_train with translations.train"
        )
    return [
        f"{language}: {alone:,} of {len(own):,} training texts have no partner in {source} and are paired with "
        "themselves"
        for language, own in places.items()
        if (alone := int((own == ALONE).sum()))
    ]


def _beside(
    own: Sequence[Feature],
    others: Sequence[Feature],
    places: np.ndarray,
    otherwise: Sequence[Feature],
    first_window: bool,
) -> Sequence[Feature]:
    """The partner of each feature among others; of examples without one, what ``otherwise`` has in the same row."""
    pieces: dict[int, list[int]] = {}
    for row, example in enumerate(example_indices(others).tolist()):
        pieces.setdefault(example, []).append(row)
    wanted = example_indices(own)
    rows = []
    for row, (example, number) in enumerate(zip(wanted.tolist(), comings(wanted).tolist(), strict=True)):
        found = pieces.get(int(places[example])) if places[example] != ALONE else None
        # Rows of ``others`` come first, then those that stand in for what is not there.
        rows.append(found[0 if first_window else min(number, len(found) - 1)] if found else len(others) + row)
    return Partners(Concatenated([others, otherwise]), np.array(rows, dtype=int))


def _unlabelled_parts(example: Example) -> Example:
    """Without labels of parts of the text (tags, answers): the text is another one now; a label of the whole stays."""
    return example if isinstance(example, LabelledText | Choice) else example.without_labels()


def _back_translations(
    corpus: Corpus, entries: Sequence[DataEntry], collections: Sequence[Collection]
) -> tuple[dict[str, _Back], dict[str, str]]:
    """The originals, translated into a language and back, by that language, and the SHA-256 of the files.

    Raises:
        IsoglossError: There are to be some and there is no file, or they do not fit.
    """
    source = corpus.sources[0]
    originals = corpus.train[source]
    found: dict[str, _Back] = {}
    files: dict[str, str] = {}
    asked = [
        (entry, entry.translations.back, {str(path) for path in collection.files().values()})
        for entry, collection in zip(entries, collections, strict=True)
        if entry.translations.back is not None
    ]
    for _, back, _ in asked:
        require_file_of_each("back", back, [*corpus.train])
    for language in corpus.train:
        examples: list[Example] = []
        places = np.full(len(originals), ALONE)
        for entry, back, own in asked:
            file = build_translation(entry, back, language, "train")
            if not file.path.exists():
                continue
            here = [place for place, example in enumerate(originals) if example.path in own]
            places[here] = np.arange(len(examples), len(examples) + len(here))
            examples += translate([originals[place] for place in here], file, source, corpus.problems)
            files[str(file.path)] = digest(file.path) or ""
        if examples:
            found[language] = _Back(examples, places)
    if asked and not found:
        raise IsoglossError(
            f"translations.back: {asked[0][1].path!r} has no file for any training language ({', '.join(corpus.train)})"
        )
    return found, files

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


def pair(
    corpus: Corpus,
    features: Mapping[str, Sequence[Feature]],
    entries: Sequence[DataEntry],
    collections: Sequence[Collection],
    encoding: Encoding,
) -> Pairs:
    """Put the text of the first training language that says the same beside each training text.

    A text without partner is its own. Texts of the first language are their own too.

    Args:
        corpus: The data.
        features: Training features by language.
        entries: The data entries.
        collections: Where their files are, entry by entry.
        encoding: How back-translations become features.

    Raises:
        IsoglossError: No text of another language has a partner, texts of one id have different labels, or
            back-translations do not fit.
    """
    source = corpus.sources[0]
    originals = corpus.train[source]
    sets = {str(path): own.name for own in collections for path in own.files().values()}
    places = {
        language: np.arange(len(originals)) if language == source else partners(examples, originals, sets)
        for language, examples in corpus.train.items()
    }
    notes = []
    for language, own in places.items():
        alone = int((own == ALONE).sum())
        if alone:
            notes.append(
                f"{language}: {alone:,} of {len(own):,} training texts have no partner in {source} and are paired with "
                "themselves"
            )
    others = [own for language, own in places.items() if language != source]
    if not others or all((own == ALONE).all() for own in others):
        raise IsoglossError(
            f"objective: pairs texts with those of {source!r} by id, but no training text of another language has a "
            "partner there; give parallel data sets with the same ids, or translate_train with translations.train"
        )
    back, files = _back_translations(corpus, entries, collections)
    beside = {language: _beside(features[language], features[source], places[language]) for language in features}
    instead = None
    if back:
        encoded = {
            language: encoding.encode([_unlabelled_parts(example) for example in own], corpus.problems)
            for language, own in back.items()
        }
        instead = {
            language: _beside(features[language], encoded[language], places[language], beside[language])
            if language in encoded
            else beside[language]
            for language in features
        }
        notes.append(f"back-translations into {source} by way of {', '.join(back)}")
    return Pairs(source, beside, instead, files, tuple(notes))


def _beside(
    own: Sequence[Feature], others: Sequence[Feature], places: np.ndarray, else_: Sequence[Feature] | None = None
) -> Sequence[Feature]:
    """The partner of each feature: its partner's piece of the same number, or the last one where there are fewer."""
    pieces: dict[int, list[int]] = {}
    for row, example in enumerate(example_indices(others).tolist()):
        pieces.setdefault(example, []).append(row)
    wanted = example_indices(own)
    rows = []
    for row, (example, number) in enumerate(zip(wanted.tolist(), comings(wanted).tolist(), strict=True)):
        found = pieces.get(int(places[example])) if places[example] != ALONE else None
        # Rows of ``others`` come first, then those that stand in for what is not there.
        rows.append(found[min(number, len(found) - 1)] if found else len(others) + row)
    return Partners(Concatenated([others, own if else_ is None else else_]), np.array(rows, dtype=int))


def _unlabelled_parts(example: Example) -> Example:
    """Without labels of parts of the text (tags, answers): the text is another one now; a label of the whole stays."""
    return example if isinstance(example, LabelledText | Choice) else example.without_labels()


def _back_translations(
    corpus: Corpus, entries: Sequence[DataEntry], collections: Sequence[Collection]
) -> tuple[dict[str, list[Example]], dict[str, str]]:
    """The originals, translated into a language and back, by that language."""
    source = corpus.sources[0]
    found: dict[str, list[Example]] = {}
    files: dict[str, str] = {}
    for entry, collection in zip(entries, collections, strict=True):
        if entry.translations.back is None:
            continue
        own = {str(path) for (_, split), path in collection.files().items() if split == "train"}
        originals = [example for example in corpus.train[source] if example.path in own]
        if len(originals) != len(corpus.train[source]):
            raise IsoglossError(f"translations.back: every data entry with training data of {source!r} needs one")
        for language in corpus.train:
            file = build_translation(entry, entry.translations.back, language, "train")
            if file.path.exists():
                found[language] = list(translate(originals, file, source, corpus.problems))
                files[str(file.path)] = digest(file.path) or ""
    return found, files

"""Labelled texts and their machine translations, joined by id or by the text that was translated, never by place alone.

Benchmarks ship translations as files of their own: of the training data into each language (translate-train), of these
back again, of test data into the source language (translate-test). Their rows come in another order than those of the
data, or with some missing, so a translation that took the label of its neighbour would go unnoticed.
"""

from __future__ import annotations

import dataclasses
import unicodedata
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from isogloss.common.errors import IsoglossError
from isogloss.data.formats import Reader
from isogloss.data.pairing import require_as_many
from isogloss.data.problems import FoundErrors, Problems
from isogloss.examples import Choice, Example, LabelledText, Question, TaggedSentence

UNTRANSLATED = 0.5
"""Share of translations that equal their original above which a warning is given."""


@dataclass(frozen=True, slots=True)
class TranslationFile:
    """A file of translations.

    Attributes:
        path: The file.
        translated: Reads the translations, with ids or labels where the file has them.
        untranslated: Reads, from the same file, the texts before translation; None: rows are joined by id.
        label_map: Labels of the file to rename, as those of the originals were.
        id_ending: What ids of the file end with, and those of the originals do not.
        advice: What to do where a text is empty, for the message.
    """

    path: Path
    translated: Reader
    untranslated: Reader | None = None
    label_map: Mapping[str, str] = field(default_factory=dict)
    id_ending: str = ""
    advice: str = ""


def translate(originals: Sequence[Example], file: TranslationFile, language: str, problems: Problems) -> list[Example]:
    """The translation of each original, in its place; see `translate_some`.

    Raises:
        IsoglossError: As there, or an original has no translation.
    """
    found = translate_some(originals, file, language, problems)
    missing = [original for original, translation in zip(originals, found, strict=True) if translation is None]
    if missing:
        how = "id" if file.untranslated is None else "text"
        first = missing[0]
        raise IsoglossError(
            f"{file.path}: no translation for {len(missing)} of {len(originals)} examples, by {how}; the first is "
            f"{first.path}:{first.line}, id {first.id!r}, {_shown(first)}"
        )
    return [translation for translation in found if translation is not None]


def translate_some(
    originals: Sequence[Example], file: TranslationFile, language: str, problems: Problems
) -> list[Example | None]:
    """The translation of each original, in its place: with its id and, where the whole has one, its gold label.

    None where an original has no translation.

    A tagged sentence or a question is that of the file, with the file's own labels, if it has any.

    Joined by id where the file has no untranslated texts, else by these: white space and Unicode's forms of the same
    character do not count, and of originals that are equal the k-th gets the k-th translation. Of
    several rows with one id the first counts, and the reader warns of the others.

    Args:
        originals: The texts.
        file: The file.
        language: Language code of the results.
        problems: Takes warnings, and what readers find wrong with the file.

    Raises:
        IsoglossError: The file cannot be read, or a label is not that of the original; the message shows both texts.
    """
    translations = _read(file, file.translated, language, problems)
    if file.untranslated is None:
        _refuse_numbers(originals, translations, file.path)
        keys: list[tuple[str, ...]] = [(example.id.removesuffix(file.id_ending),) for example in translations]
        wanted: list[tuple[str, ...]] = [(example.id,) for example in originals]
    else:
        sources = _read(file, file.untranslated, language, Problems())
        before = {example.line: example for example in sources}
        translations = [example for example in translations if example.line in before]
        keys = [_text_key(before[example.line]) for example in translations]
        wanted = [_text_key(example) for example in originals]
    waiting: defaultdict[tuple[str, ...], list[Example]] = defaultdict(list)
    for key, found in zip(reversed(keys), reversed(translations), strict=True):
        waiting[key].append(found)
    joined = [
        _joined(original, waiting[key].pop(), file.path, language) if waiting[key] else None
        for key, original in zip(wanted, originals, strict=True)
    ]
    pairs = [(original, found) for original, found in zip(originals, joined, strict=True) if found is not None]
    same = sum(_text_key(original) == _text_key(found) for original, found in pairs)
    if pairs and same / len(pairs) > UNTRANSLATED:
        problems.warning(file.path, None, f"{same} of {len(pairs)} translations equal the original text")
    return joined


def _read(file: TranslationFile, reader: Reader, language: str, problems: Problems) -> list[Example]:
    examples = reader.read(file.path, language, problems, file.label_map)
    if problems.spoils(file.path):
        if file.advice and any(one.message.endswith("is empty") for one in problems.errors):
            raise IsoglossError(f"{FoundErrors(problems.errors)}; {file.advice}")
        problems.raise_errors()
    return list(examples)


def _refuse_numbers(originals: Sequence[Example], translations: Sequence[Example], path: Path) -> None:
    """Stop where ids are the numbers of rows, which readers give where there are none, and nothing confirms them.

    What does is a label, or the original beside each translation, see `_joined`.
    """
    confirmed = any(isinstance(one, LabelledText | Choice) and one.label is not None for one in translations) or all(
        isinstance(one, TaggedSentence) and one.original is not None for one in translations
    )
    for side in (originals, translations):
        if not confirmed and all(_is_numbered(one) for one in side):
            place = side[0].path if side else path
            raise IsoglossError(
                f"{path}: the ids of {place} are the numbers of its rows, and rows are not joined by number; name "
                "a column with ids in both files (sentences: # sent_id), the label in the file of translations "
                "(sentences: # original), or source_columns"
            )


def _is_numbered(example: Example) -> bool:
    """Whether its id is its number in the file, or looks like it."""
    if isinstance(example, TaggedSentence):
        return example.numbered
    return example.id.isdigit() and example.line - int(example.id) in (0, 1)


def _joined(original: Example, found: Example, path: Path, language: str) -> Example:
    if type(found) is not type(original):
        raise IsoglossError(
            f"{path}:{found.line}: not of the kind of {original.path}:{original.line}, so no translation of it"
        )
    if isinstance(original, TaggedSentence) and isinstance(found, TaggedSentence):
        _require_original(original, found, path)
    if isinstance(original, TaggedSentence | Question) or isinstance(found, TaggedSentence | Question):
        return dataclasses.replace(found, id=original.id, language=language)
    if found.label is not None and original.label is not None and found.label != original.label:
        raise IsoglossError(
            f"{path}:{found.line}: label {found.label!r}, but {original.label!r} in {original.path}:{original.line}: "
            f"{_shown(found)} is no translation of {_shown(original)}"
        )
    if isinstance(original, Choice) or isinstance(found, Choice):
        require_as_many(found, original)
        return dataclasses.replace(found, id=original.id, language=language, label=original.label)
    if (found.pair is None) != (original.pair is None):
        raise IsoglossError(
            f"{path}:{found.line}: {_shown(found)} has {'one text' if found.pair is None else 'two texts'}, "
            f"{_shown(original)} in {original.path}:{original.line} has not"
        )
    return dataclasses.replace(original, language=language, text=found.text, pair=found.pair)


def _require_original(original: TaggedSentence, found: TaggedSentence, path: Path) -> None:
    """Stop if a sentence is the translation of another one, by what the file says, or may be, by its number."""
    if found.original is None and (original.numbered or found.numbered):
        place = f"{path}:{found.line}" if found.numbered else f"{original.path}:{original.line}"
        raise IsoglossError(
            f"{place}: the sentence has no id but its number, {original.id!r}, and sentences are not joined by number; "
            "give it its own (# sent_id), or the file of translations # original"
        )
    if found.original is not None and _letters(found.original) != _letters("".join(original.tokens)):
        raise IsoglossError(
            f"{path}:{found.line}: a translation of {_cut(found.original)!r}, but {original.path}:{original.line}, "
            f"which has the same id {original.id!r}, is {_cut(' '.join(original.tokens))!r}; was one of the files "
            "changed?"
        )


def _text_key(example: Example) -> tuple[str, ...]:
    return tuple(" ".join(unicodedata.normalize("NFC", text).split()) for text in example.content)


def _letters(text: str) -> str:
    """A text without white space, since files differ in it."""
    return "".join(unicodedata.normalize("NFC", text).split())


def _shown(example: Example) -> str:
    return " / ".join(repr(_cut(text)) for text in example.content)


def _cut(text: str) -> str:
    return text if len(text) <= 60 else text[:57] + "..."

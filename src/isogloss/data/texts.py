"""Text to pre-train on, of several languages, and which sentences of it are translations of each other."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from isogloss.common.errors import IsoglossError
from isogloss.data.collection import Collection
from isogloss.data.columns import ALIASES
from isogloss.data.overlap import is_held_out
from isogloss.data.problems import Problems
from isogloss.examples import Example, LabelledText

NOT_READ = (
    f"of a pair of texts the second ({', '.join(ALIASES['pair'])}) is not read; one more entry of text with "
    f"`columns: {{text: {ALIASES['pair'][0]}}}` reads it"
)

Unit = dict[str, int]
"""Translations of each other: by language, the place of the sentence among those of the language."""


@dataclass(frozen=True, slots=True)
class TextSet:
    """Files of text, one per language.

    Attributes:
        collection: Its files; the split that counts is train.
        parallel: Name of the set of texts that it is joined with by id: sentences with the same id are translations.
            None: it is in one language a sentence.
        renamed: Beginnings of ids to replace, so that two ways to spell the same ids can be joined.
    """

    collection: Collection
    parallel: str | None = None
    renamed: Mapping[str, str] = field(default_factory=dict)

    def key(self, name: str) -> str:
        """The id as it is joined by."""
        for old, new in self.renamed.items():
            if name.startswith(old):
                return new + name.removeprefix(old)
        return name


@dataclass(frozen=True, slots=True)
class Texts:
    """All text of a run.

    Attributes:
        sentences: By language, in the order of the files, so that what stood together stands together.
        units: Sentences that are translations of each other, at least two languages each, in the order of the files.
        held_out: By language, sentences that are kept apart to measure on.
        files: SHA-256 of every file.
        left_out: Number of sentences left out because they are among the excluded ones.
    """

    sentences: dict[str, list[str]]
    units: list[Unit]
    held_out: dict[str, list[str]]
    files: dict[str, str]
    left_out: int


def read_texts(
    sets: Sequence[TextSet],
    *,
    languages: Sequence[str] | None,
    excluded: frozenset[bytes],
    held_out: int,
    limit: int | None,
    problems: Problems,
    pairs: bool = False,
) -> Texts:
    """Read all files, leave out what must not be trained on, and join what is parallel.

    Args:
        sets: The sets of files.
        languages: Languages that must be there; None: all that are found.
        excluded: Digests of sentences to leave out, see `isogloss.data.overlap`.
        held_out: Most sentences per language to keep apart for measuring, at most a twentieth of them: those with the
            smallest digests of their ids, so that translations of each other are kept apart together.
        limit: Most sentences read per file; None: all.
        problems: Takes what is wrong with the files.
        pairs: Whether the second text of a pair counts as a text, too; else it is not read, and a warning says so.

    Raises:
        IsoglossError: A file has an error, a language has no text, or a parallel set joins nothing.
    """
    read = {
        (number, language): (path, texts.collection.read(language, "train", problems)[:limit])
        for number, texts in enumerate(sets)
        for (language, _), path in sorted(texts.collection.files().items())
        if languages is None or language in languages
    }
    problems.raise_errors()
    found = {language for _, language in read}
    for language in languages or ():
        if language not in found:
            raise IsoglossError(f"languages: no text for {language!r}; there is text for {', '.join(sorted(found))}")
    sentences: dict[str, list[str]] = {language: [] for language in languages or sorted(found)}
    apart: dict[str, list[tuple[bytes, str]]] = {language: [] for language in sentences}
    units: dict[tuple[str, str], Unit] = {}
    left_out = 0
    quota = _shares_to_hold_out(read, held_out)
    for (number, language), (path, examples) in read.items():
        texts = sets[number]
        for example in examples:
            assert isinstance(example, LabelledText)
            if example.pair is not None and not pairs:
                problems.warning(path, example.line, NOT_READ)
            for text in example.content if pairs else (example.text,):
                if is_held_out(text, excluded):
                    left_out += 1
                    continue
                key = texts.key(example.id)
                rank = hashlib.blake2b(f"{texts.parallel} {key}".encode(), digest_size=8).digest()
                if int.from_bytes(rank) < quota[language] * 2**64:
                    apart[language].append((rank, text))
                    continue
                if texts.parallel is not None:
                    units.setdefault((texts.parallel, key), {}).setdefault(language, len(sentences[language]))
                sentences[language].append(text)
    _require_joined(sets, read, units)
    for language, own in sentences.items():
        if not own:
            raise IsoglossError(f"languages: `exclude` and `held_out` leave nothing of the text for {language!r}")
    return Texts(
        sentences=sentences,
        units=[unit for unit in units.values() if len(unit) > 1],
        held_out={language: [text for _, text in sorted(own)[:held_out]] for language, own in apart.items()},
        files={str(path): hashlib.sha256(path.read_bytes()).hexdigest() for path, _ in read.values()},
        left_out=left_out,
    )


def _shares_to_hold_out(
    read: Mapping[tuple[int, str], tuple[Path, Sequence[object]]], held_out: int
) -> dict[str, float]:
    """By language the share of its sentences to keep apart; the same for all that have many."""
    sizes: dict[str, int] = {}
    for (_, language), (_, examples) in read.items():
        sizes[language] = sizes.get(language, 0) + len(examples)
    # Of a language with little text a twentieth; a translation kept apart elsewhere is then kept apart here too,
    # since the larger share contains the smaller one.
    return {language: min(0.05, held_out / size) if size else 0.0 for language, size in sizes.items()}


def _require_joined(
    sets: Sequence[TextSet],
    read: Mapping[tuple[int, str], tuple[Path, Sequence[Example]]],
    units: Mapping[tuple[str, str], Unit],
) -> None:
    """Stop if a file of a parallel set shares no id with another language's."""
    joined = {(name, language) for (name, _), unit in units.items() if len(unit) > 1 for language in unit}
    for (number, language), (path, examples) in read.items():
        name = sets[number].parallel
        if name is None or (name, language) in joined:
            continue
        languages = {language for number, language in read if sets[number].parallel == name}
        if len(languages) == 1:
            raise IsoglossError(
                f"{path}: parallel: {name}, but {language} is the only language that has text of this name"
            )
        first = examples[0].id if examples else "none"
        others = {key for group, key in units if group == name and language not in units[group, key]}
        raise IsoglossError(
            f"{path}: parallel: {name}, but none of its ids is that of a sentence in another language of {name!r}; its "
            f"first id is {first!r}, one of the others' {min(others, default='none')!r}. `renamed` maps beginnings of "
            "ids, such as {MAT.: Matt.}"
        )

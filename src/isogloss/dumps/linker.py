"""Entities found in text without links by their exact names: the longest at each place, ambiguous ones left out."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from pathlib import Path

from isogloss.common.errors import IsoglossError
from isogloss.common.languages import writes_spaces
from isogloss.data.lines import read_lines
from isogloss.data.problems import Problems
from isogloss.dumps.rows import Mention

_SHORTEST = 2


class Linker:
    """Links by the names of a language.

    A name must stand where a word begins and end where one ends; in scripts without spaces it may stand anywhere. At
    each place the longest name counts. A name of two entities links nothing, also where a shorter one would.

    Args:
        names: Pairs of a name and its entity.
        language: Code of the language.

    Example:
        >>> link = Linker([("New York", "Q60"), ("York", "Q42462"), ("Paris", "Q90"), ("Paris", "Q830149")], "en")
        >>> link("Paris and New York")
        (Mention(start=10, end=18, entity='Q60'),)
    """

    def __init__(self, names: Iterable[tuple[str, str]], language: str) -> None:
        self._entities: dict[str, str | None] = {}
        for name, entity in names:
            if len(name) >= _SHORTEST:
                known = self._entities.setdefault(name, entity)
                if known != entity:
                    self._entities[name] = None
        self._spaces = writes_spaces(language)
        lengths: dict[str, set[int]] = {}
        for name in self._entities:
            lengths.setdefault(self._head(name, 0), set()).add(len(name))
        # By the word, or letter, that names begin with, their lengths, the longest first.
        self._lengths = {head: sorted(found, reverse=True) for head, found in lengths.items()}

    def __call__(self, text: str) -> tuple[Mention, ...]:
        """The mentions in a text, in order, without overlap."""
        found, at = list[Mention](), 0
        for start in range(len(text)):
            if start < at or (self._spaces and not _begins_word(text, start)):
                continue
            for length in self._lengths.get(self._head(text, start), ()):
                end = start + length
                name = text[start:end]
                if len(name) == length and name in self._entities and self._ends_word(text, end):
                    entity = self._entities[name]
                    if entity is not None:
                        found.append(Mention(start, end, entity))
                    at = end
                    break
        return tuple(found)

    def _head(self, text: str, start: int) -> str:
        end = start + 1
        while self._spaces and end < len(text) and _is_letter(text[end]):
            end += 1
        return text[start:end]

    def _ends_word(self, text: str, end: int) -> bool:
        return not self._spaces or not (_is_letter(text[end : end + 1]) and _is_letter(text[end - 1]))


def _is_letter(letter: str) -> bool:
    r"""Whether a character is part of a word; vowel signs are, which Python's ``\\w`` leaves out."""
    return letter != "" and unicodedata.category(letter)[0] in "LMN"


def _begins_word(text: str, start: int) -> bool:
    return _is_letter(text[start]) and not (start and _is_letter(text[start - 1]))


_NAME = re.compile(r"(?:.*\.)?([a-z]{2,3}(?:[_-][A-Za-z]+)*)\.tsv(?:\.gz)?")


def language_of(path: Path) -> str:
    """The language of a file of names, as its name says: ``names.uk.tsv``.

    Raises:
        IsoglossError: The name says none.
    """
    found = _NAME.fullmatch(path.name)
    if found is None:
        raise IsoglossError(f"--link-names {path}: the name must say the language, as names.uk.tsv does")
    return found[1].replace("_", "-")


def read_names(path: Path) -> list[tuple[str, str]]:
    """The names of a file with an id, a tab, and names with ``|`` between them in each line.

    Raises:
        IsoglossError: The file cannot be read, or a line is another.
    """
    problems, found = Problems(), list[tuple[str, str]]()
    for number, line in enumerate(read_lines(path, problems), start=1):
        entity, tab, names = line.partition("\t")
        if not tab or not entity.strip():
            problems.error(path, number, f"expected an id, a tab and names with | between them, found {line[:80]!r}")
            continue
        found += ((name.strip(), entity.strip()) for name in names.split("|") if name.strip())
    problems.raise_errors()
    return found

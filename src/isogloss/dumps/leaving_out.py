"""Pages that must not be learned from, since a model will be measured on them."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from isogloss.data.lines import read_lines
from isogloss.data.problems import Problems
from isogloss.dumps.index import Index
from isogloss.dumps.titles import Site, normal


def read_left_out(paths: Iterable[Path]) -> frozenset[tuple[str, str]]:
    """Pairs of language and title, or of an empty language and a title or id that counts in every language.

    A line of a list is a title, a Wikidata id, or a language, a tab and a title. Blank lines are none.

    Raises:
        IsoglossError: A list cannot be read.
    """
    problems, found = Problems(), set[tuple[str, str]]()
    for path in paths:
        for line in read_lines(path, problems):
            language, tab, title = line.rpartition("\t")
            if title.strip():
                found.add((language.strip() if tab else "", title.strip()))
    problems.raise_errors()
    return frozenset(found)


def left_out(listed: frozenset[tuple[str, str]], language: str, index: Index, site: Site) -> frozenset[str]:
    """Titles and entities of a language's wiki that are left out; a title that has moved is followed."""
    found = set[str]()
    for code, name in listed:
        if code in ("", language):
            known = index.find(normal(name, site))
            found |= {name, known.title} | ({known.entity} if known.entity is not None else set())
    return frozenset(found)

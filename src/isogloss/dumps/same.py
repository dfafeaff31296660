"""Which articles of several languages are the same entity, by pairs of titles."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from isogloss.common.errors import IsoglossError
from isogloss.data.lines import read_lines
from isogloss.data.problems import Problems

WIKIDATA = "wikidata"
_NAME = re.compile(r"(?:^|\.)(?P<one>[a-z][a-z_-]*?)-(?P<other>[a-z_]+)$")


def same_entities(paths: Iterable[Path]) -> dict[str, str]:
    """By entity the one that stands for it and all that are the same.

    A file is called ``*.ONE-OTHER.tsv``, by the codes of its two languages, and holds a title of the one, a tab and a
    title of the other in each line. ``OTHER`` may be ``wikidata``; its ids stand for their titles. Else the entity that
    stands for the rest is that of the last language of the file that comes first.

    Raises:
        IsoglossError: A file cannot be read, its name says no languages, or a line has not two titles.
    """
    parents: dict[str, str] = {}

    def root(entity: str) -> str:
        while (parent := parents.get(entity, entity)) != entity:
            parents[entity] = parents.get(parent, parent)
            entity = parent
        return entity

    problems = Problems()
    for path in paths:
        named = _NAME.search(path.name.removesuffix(".gz").removesuffix(".tsv"))
        if named is None or ".tsv" not in path.suffixes:
            raise IsoglossError(
                f"--same-entities {path}: the name must say its two languages, as titles.bn-en.tsv does"
            )
        for number, line in enumerate(read_lines(path, problems), start=1):
            titles = line.split("\t")
            if len(titles) != 2 or not all(title.strip() for title in titles):
                problems.error(path, number, f"expected two titles with a tab between them, found {line!r}")
                continue
            one, other = (_entity(named[group], title) for group, title in zip(("one", "other"), titles, strict=True))
            first, second = sorted(
                (root(one), root(other)), key=lambda entity: (_is_item(entity), entity == root(other))
            )
            if first != second:
                parents[first] = second
    problems.raise_errors()
    return {entity: root(entity) for entity in parents}


def _entity(language: str, title: str) -> str:
    text = title.strip().replace("_", " ")
    return text if language == WIKIDATA else f"{language}:{text}"


def _is_item(entity: str) -> bool:
    return re.fullmatch(r"Q\d+", entity) is not None

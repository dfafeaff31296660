"""Which languages a score is of: one, or that of questions and that of the contexts they are asked about."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

Row = Mapping[str, Any]

Scoring = tuple[Any, ...]
"""What tells the scores of one metric, split and view apart: run, data set, languages, interpolation and adapters."""

_SCORING = ("run", "data", "language", "context_language", "interpolation", "at_test")


def scoring_of(row: Row) -> Scoring:
    """The scoring that a row is of."""
    return tuple(row.get(field) for field in _SCORING)


def languages_of(row: Row) -> set[str]:
    """All languages of a row."""
    return {row["language"], row.get("context_language")} - {None}


def told_apart(row: Row) -> Row:
    """The row, its language followed by that of the context where a question was asked in another one."""
    context = row.get("context_language")
    return row if context in (None, row["language"]) else {**row, "language": f"{row['language']} on {context}"}


def is_of_sources(row: Row, train_languages: Collection[str]) -> bool:
    """Whether all languages of a row were trained on."""
    return languages_of(row) <= set(train_languages)

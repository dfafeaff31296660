"""The values of result rows, and what makes rows comparable."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeVar

from isogloss.common.errors import IsoglossError
from isogloss.reports.cells import Scoring, scoring_of, told_apart

Row = Mapping[str, Any]
Known = TypeVar("Known")


def values_of(rows: Sequence[Row], *fields: str) -> dict[tuple[Any, ...], float]:
    """The value of each row under its ``fields``, which must tell all rows apart."""
    if not rows:
        raise IsoglossError("a table needs result rows, found none")
    values: dict[tuple[Any, ...], float] = {}
    for index, row in enumerate(rows):
        for field in (*fields, "value"):
            if row.get(field) is None:
                raise IsoglossError(f"result row {index} has no {field}: {dict(row)}")
        key, value = tuple(row[field] for field in fields), row["value"]
        place = ", ".join(f"{field} {part}" for field, part in zip(fields, key, strict=True))
        if not (isinstance(value, int | float) and math.isfinite(value) and abs(value) <= 1):
            raise IsoglossError(f"the value of {place} must be a fraction in [-1, 1], found {value!r}")
        if key in values:
            raise IsoglossError(f"{place} has two values, {values[key]!r} and {value!r}; pass rows of one of them")
        values[key] = float(value)
    return values


def draws_of(rows: Sequence[Row], known: Mapping[Scoring, Known], *fields: str) -> dict[tuple[Any, ...], Known]:
    """What `values_of` is for values, for what is known besides: their values on test sets drawn anew, or counts."""
    found = [(told_apart(row), known[scoring_of(row)]) for row in rows if scoring_of(row) in known]
    return {tuple(row[field] for field in fields): values for row, values in found}


def require_equal(rows: Sequence[Row], fields: Iterable[str], rule: str) -> None:
    """Stop, with ``rule``, if rows differ in one of the fields."""
    for field in fields:
        found = sorted({text_of(row.get(field)) for row in rows})
        if len(found) > 1:
            raise IsoglossError(f"{rule}, but {field} differs between the rows: {'; '.join(found)}")


def require_same_sentences(rows: Sequence[Row]) -> None:
    """Stop if a language of a data set has scores on different numbers of examples."""
    numbers: dict[tuple[str, str], dict[object, Row]] = {}
    for row in map(told_apart, rows):
        if row.get("n") is not None:
            numbers.setdefault((str(row.get("data")), str(row.get("language"))), {}).setdefault(row["n"], row)
    for (data, language), found in numbers.items():
        if len(found) > 1:
            listed = "; ".join(f"{n} in {row.get('run')}" for n, row in found.items())
            raise IsoglossError(
                f"methods are compared on the same examples, but their number in {data} {language} differs: {listed}"
            )


def text_of(value: object) -> str:
    """A value as errors and legends show it."""
    return ", ".join(sorted(map(str, value))) if isinstance(value, list | tuple | set | frozenset) else str(value)

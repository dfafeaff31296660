"""What a score would be without a model: always the most frequent label, as tables show and mark it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from isogloss.reports.cells import told_apart

Row = Mapping[str, Any]

MARK = "†"
"""Behind a score that is not above its floor."""

LEGEND = f"Floor: what always answering the most frequent label of the same examples would give; {MARK}: not above it."

ROUNDING = 1e-9
"""Up to which a score counts as equal to its floor."""


def floors_of(rows: Sequence[Row]) -> dict[tuple[str, str], float]:
    """The floor of each data set and language; of rows of one metric, those that have one."""
    return {
        (str(row["data"]), str(row["language"])): float(row["floor"])
        for row in map(told_apart, rows)
        if row.get("floor") is not None
    }


def mark(score: float | None, floor: float | None) -> str:
    """What stands behind a score: the mark, or nothing.

    Example:
        >>> mark(0.5, 0.5), mark(0.6, 0.5), mark(0.5, None)
        ('†', '', '')
    """
    return MARK if score is not None and floor is not None and score <= floor + ROUNDING else ""

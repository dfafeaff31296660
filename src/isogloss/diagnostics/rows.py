"""What probes see, as rows of one long table."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

Row = dict[str, Any]

COLUMNS = ("step", "probe", "metric", "part", "language", "other", "value", "n")
"""The flat schema of diagnostics.jsonl; null where a column does not apply.

``part`` is a part of the model or a layer, ``other`` the second language of a pair, ``n`` the number of batches,
sentences or draws behind the value. ``step`` is added by the run.
"""


def row(
    probe: str,
    metric: str,
    value: float,
    *,
    part: str | None = None,
    language: str | None = None,
    other: str | None = None,
    n: int | None = None,
) -> Row:
    """One value that a probe saw."""
    columns = {"probe": probe, "metric": metric, "part": part, "language": language, "other": other}
    return {**columns, "value": float(value), "n": n}


def finite(rows: Iterable[Row]) -> list[Row]:
    """The rows that have a value: a cosine with a zero gradient has none."""
    return [found for found in rows if math.isfinite(found["value"])]


def scalars(rows: Iterable[Mapping[str, Any]]) -> dict[str, float]:
    """The rows as curves of a history, ``probe/metric/part/language``; those of pairs of languages are left out.

    Example:
        >>> scalars([row("conflicts", "cosine", 0.5, part="encoder"), row("forgetting", "loss", 2.0, language="en")])
        {'conflicts/cosine/encoder': 0.5, 'forgetting/loss/en': 2.0}
    """
    return {
        "/".join(found[name] for name in ("probe", "metric", "part", "language") if found[name] is not None): found[
            "value"
        ]
        for found in rows
        if found["other"] is None
    }

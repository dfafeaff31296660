"""Under which protocol a score was taken: its badge, which tables print and refuse to mix."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

Row = Mapping[str, Any]

BADGE = ("selection", "few_shot", "view", "translated", "spacing")
"""The columns of a result row that make its badge."""


def badge(row: Row) -> str:
    """`badge_parts` in a line."""
    return " + ".join(badge_parts(row))


def badge_parts(row: Row) -> list[str]:
    """What a score rests on beside the training data of the source languages, in a few words each.

    Which dev data chose the weights (``source-dev``, ``target-dev``) or how else they were taken (``last``,
    ``average``); how many training sentences of each target language were seen; which data were translated; whether
    sentences had spaces before all ``words`` or as in their ``text``.
    """
    parts = [str(row["selection"])]
    if row.get("few_shot"):
        parts.append(f"{row['few_shot']} training sentences per target language")
    if row.get("view") not in (None, "original"):
        parts.append(f"view {row['view']}")
    if row.get("translated"):
        parts.append(f"translated: {row['translated']}")
    if row.get("spacing"):
        parts.append(f"spacing {row['spacing']}")
    if row.get("interpolation") is not None:
        parts.append(f"{row['interpolation']:g} of the way from the pre-trained weights")
    return parts


def told(rows: Sequence[Row]) -> str:
    """Badges and splits of all rows and, for test data, how often each of their runs has scored them."""
    text = "selection: " + " / ".join(sorted({badge(row) for row in rows}))
    text += ", split: " + " / ".join(sorted({str(row["split"]) for row in rows}))
    text += _adapters(rows)
    counts = sorted({int(row["test_touches"]) for row in rows if row.get("test_touches")})
    if not counts:
        return text
    times = str(counts[0]) if len(counts) == 1 else f"{counts[0]} to {counts[-1]}"
    return f"{text}, scored {times} time{'s' if counts != [1] else ''} by each run"


def _adapters(rows: Sequence[Row]) -> str:
    """Through which language adapters texts went: each language's own, or the source's; empty where there are none."""
    parts = []
    if any(row.get("at_test") == "swap" for row in rows):
        lacking = {str(row["language"]) for row in rows if row.get("at_test") == "swap" and row["adapters"] == "keep"}
        parts.append("each one's own (swap)" + (f", the source's for {', '.join(sorted(lacking))}" if lacking else ""))
    if any(row.get("at_test") == "keep" for row in rows):
        parts.append("the source's for all (keep)")
    return f", language adapters: {'; '.join(parts)}" if parts else ""

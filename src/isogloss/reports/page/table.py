"""The table of languages by methods, as the page's template writes it."""

from __future__ import annotations

from typing import Any

from isogloss.common.languages import find
from isogloss.reports.comparison import Comparison, Line
from isogloss.reports.differences import FEWEST_SEEDS, Difference
from isogloss.reports.floors import mark
from isogloss.reports.page.groups import family_of, script_of
from isogloss.reports.statistics import Interval, summarise

VERDICTS = {
    1: ("better", "▲ better"),
    -1: ("worse", "▼ worse"),
    0: ("even", "no difference found"),
    None: ("unknown", "no verdict"),
}
"""By `isogloss.reports.differences.Difference.verdict` its class in the page, and what is said."""


def table_rows(found: Comparison) -> list[dict[str, Any]]:
    """A row for each line of a comparison: what stands in its cells, and what they are sorted by."""
    return [_row(found, line) for line in found.lines]


def verdict_in_words(found: Comparison) -> list[str]:
    """For each method a sentence on its mean over all languages, against the baseline; none without one.

    Where there are several data sets it is the mean over them.
    """
    lines = [line for line in found.lines if line.label == "mean"]
    if found.baseline is None or not lines:
        return []
    return [_sentence(method, found, lines[-1].differences[method]) for method in found.methods[1:]]


def _sentence(method: str, found: Comparison, own: Difference | None) -> str:
    if own is None:
        return f"{method}: no seed in common with {found.baseline}, no verdict."
    interval = own.over_both or own.over_seeds
    points = f"{100 * interval.mean:+z.1f} points of {found.metric} over all languages"
    if interval.n < FEWEST_SEEDS:
        return f"{method}: {points}; {interval.n} common seed(s) are too few for a verdict."
    said = {
        1: f"better than {found.baseline}",
        -1: f"worse than {found.baseline}",
        0: f"no difference to {found.baseline} found",
        None: "no spread, no verdict",
    }
    return f"{method}: {said[own.verdict]}, {points} {_ends(interval)}."


def _row(found: Comparison, line: Line) -> dict[str, Any]:
    code = line.label.split(" on ")[0]
    known = None if line.source is None else find(code)
    return {
        "data": line.data,
        "label": line.label,
        "name": known.name if known else "",
        "source": line.source,
        "is_mean": line.source is None,
        "script": "" if line.source is None else script_of(code),
        "family": "" if line.source is None else family_of(code),
        "floor": None if line.floor is None else _percent(line.floor),
        "cells": [_cell(line, method) for method in found.methods],
    }


def _cell(line: Line, method: str) -> dict[str, Any]:
    scores = line.scores[method]
    if not scores:
        return {"score": None}
    summary = summarise(list(scores.values()))
    cell = {
        "value": 100 * summary.mean,
        "score": _percent(summary.mean),
        "mark": mark(summary.mean, line.floor),
        "range": f"{_percent(summary.low)}–{_percent(summary.high)}" if summary.n > 1 else "",
        "seeds": summary.n,
    }
    own = line.differences.get(method)
    return cell if own is None else {**cell, **_difference(own)}


def _difference(own: Difference) -> dict[str, Any]:
    interval = own.over_both or own.over_seeds
    kind, said = VERDICTS[own.verdict]
    short = interval.n < FEWEST_SEEDS
    return {
        "difference": f"{100 * interval.mean:+z.1f}",
        "difference_value": 100 * interval.mean,
        "ends": "" if short else _ends(interval),
        "verdict": kind,
        "said": f"{said}: {interval.n} common seed(s)" if short else said,
    }


def _ends(interval: Interval) -> str:
    if interval.low is None or interval.high is None:
        return ""
    return f"[{100 * interval.low:+z.1f}, {100 * interval.high:+z.1f}]"


def _percent(fraction: float) -> str:
    # "z" writes -0.04 as 0.0: a rounded zero has no sign.
    return f"{100 * fraction:z.1f}"

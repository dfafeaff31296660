"""Scores of languages that were left out of training, each from the run that trained on the others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import mean
from typing import Any

from tabulate import tabulate

from isogloss.common.errors import IsoglossError
from isogloss.reports.cells import is_of_sources, told_apart

Row = Mapping[str, Any]


def left_out_rows(rows: Sequence[Row]) -> list[dict[str, Any]]:
    """The rows of languages that their own run was not trained on but others were; the sources of all are those of all.

    Where questions and contexts are of two languages, it is enough that one of them was left out.

    Args:
        rows: Result rows of runs with one language left out each.

    Raises:
        IsoglossError: There is no such row.
    """
    every = sorted({language for row in rows for language in row["train_languages"]})
    found = [
        {**row, "train_languages": every}
        for row in rows
        if is_of_sources(row, every) and not is_of_sources(row, row["train_languages"])
    ]
    if not found:
        raise IsoglossError(f"no run leaves out one of the languages that others are trained on ({', '.join(every)})")
    return found


def left_out_table(rows: Sequence[Row], metric: str) -> str:
    """Per language its score when left out, when trained on, and what it loses.

    Args:
        rows: Result rows of one method, seed and split, with one language left out of each run.
        metric: The metric to show.

    Returns:
        Plain text without a final line break; means over the runs that trained on a language.
    """
    of_metric = [row for row in rows if row["metric"] == metric]
    trained: dict[tuple[str, str], list[float]] = {}
    for row in of_metric:
        if is_of_sources(row, row["train_languages"]):
            trained.setdefault((row["data"], told_apart(row)["language"]), []).append(row["value"])
    body = []
    shown = [told_apart(row) for row in left_out_rows(of_metric)]
    for row in sorted(shown, key=lambda row: (row["data"], row["language"])):
        known = trained.get((row["data"], row["language"]))
        values = [row["value"], *([] if known is None else [mean(known), mean(known) - row["value"]])]
        body.append([row["data"], row["language"], *(f"{100 * value:.1f}" for value in values)])
    headers = ["data", "language", f"left out, {metric} %", "trained on", "loss"]
    return tabulate(body, headers=headers, disable_numparse=True, colalign=("left", "left", "right", "right", "right"))

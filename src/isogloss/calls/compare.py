"""Finished runs side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from isogloss.calls.predicted import label_set, redraw
from isogloss.calls.scored import metric_of, of_one_task, results_of, run_folders
from isogloss.common.errors import IsoglossError
from isogloss.common.writing import read_json
from isogloss.recipe.presets import METHODS
from isogloss.reports.cells import scoring_of
from isogloss.reports.costs import cost_table
from isogloss.reports.left_out import left_out_rows
from isogloss.reports.negative_transfer import negative_transfer_table
from isogloss.reports.tables import comparison_table
from isogloss.run.folder import RunFolder


def compare(
    runs: Sequence[str | Path],
    *,
    baseline: str | None = None,
    split: str = "dev",
    metric: str | None = None,
    allow_mixed: Sequence[str] = (),
    left_out: bool = False,
    view: str = "original",
    negative_transfer: bool = False,
    cost: bool = False,
) -> str:
    """Methods side by side: mean and range over seeds per language, differences to a baseline paired over seeds.

    Runs with language adapters that were scored both with each language's own and with the source's count as two
    methods, called ``adapters (swap)`` and ``adapters (keep)``, so that the one is compared with the other too.

    Each difference has two intervals, of new seeds and of new seeds and test sentences; the second one is taken from
    the predictions that the run folders keep, see `isogloss.reports.statistics.crossed_interval`.

    Args:
        runs: Run folders, or folders with run folders in them; all of one task.
        baseline: The method that others are compared with; None: only what ``negative_transfer`` and ``cost`` ask for.
        split: dev or test; of several scorings the last one counts.
        metric: Metric; default: the task's primary one.
        allow_mixed: Parts of the protocol in which the runs may differ: selection, train_languages, view, few_shot,
            translated, spacing.
        view: Scores of which view, see `isogloss.evaluate`.
        left_out: Compare runs of ``leave_one_out``, each on the language that it was not trained on.
        negative_transfer: Also compare each language that a method was trained on with the model of method ``single``
            trained on it alone, see `isogloss.reports.negative_transfer`.
        cost: Also show what a run of each method costs, see `isogloss.reports.costs`.

    Returns:
        A Markdown table, or several with an empty line between them.

    Raises:
        IsoglossError: A place without runs, no scores, scores of several tasks, under different protocols or on other
            sentences, or a metric that the task does not have.
    """
    if baseline is None and not (negative_transfer or cost):
        raise IsoglossError(
            "baseline: needed, the method that others are compared with, unless negative transfer or cost is asked for"
        )
    folders = run_folders(runs)
    found = results_of(folders)
    scored = of_one_task(found)
    final = [row for row in scored if row["split"] == split and row["selection"] is not None]
    rows = [row for row in final if row["view"] == view]
    kind = split if view == "original" else f"{split} {view}"
    if not rows:
        raise IsoglossError(
            f"no final {kind} scores in {', '.join(map(str, runs))}; `isogloss evaluate RUN` makes them"
        )
    primary = metric_of(rows, metric)
    latest = {
        scoring_of(row): row
        for row in rows
        if row["metric"] == primary and not (left_out and row.get("interpolation") is not None)
    }
    if primary == "macro_f1":
        _require_same_labels(sorted({row["run"] for row in latest.values()}))
    redrawn = redraw(list(latest.values())) if baseline is not None or negative_transfer else {}
    modes = [mode for mode in dict.fromkeys(row.get("at_test") for row in latest.values()) if mode is not None]
    tables = []
    if baseline is not None:
        compared: Sequence[Mapping[str, Any]]
        compared = left_out_rows(list(latest.values())) if left_out else [_named(row) for row in latest.values()]
        shown = [_told_by_mode(row) for row in compared] if len(modes) > 1 else compared
        tables.append(comparison_table(shown, baseline, mixed=allow_mixed, redrawn=redrawn))
    # Models of one language each, as they were trained, are one method, in the same mode as what is compared with them.
    for mode in (modes or [None]) if negative_transfer else []:
        trained = [
            _varied(row) if row.get("interpolation") is None else _named(row)
            for row in latest.values()
            if row.get("at_test") in (mode, None)
        ]
        tables.append(negative_transfer_table(trained, redrawn=redrawn))
    if cost:
        tables.append(_costs(list(latest.values())))
    others = {row["run"] for row in found} - {row["run"] for row in scored}
    left = sorted({str(folder) for folder in folders} - others - {row["run"] for row in rows})
    if left:
        tables.append(f"- Left out, without a final {kind} score: {', '.join(left)}.")
    return "\n\n".join(tables)


def _require_same_labels(runs: Sequence[str]) -> None:
    """Stop if a mean over labels is one over other labels in another run."""
    found = {labels: run for run in reversed(runs) if (labels := label_set(Path(run))) is not None}
    if len({frozenset(labels) for labels in found}) > 1:
        listed = "; ".join(f"{', '.join(labels)} in {run}" for labels, run in found.items())
        raise IsoglossError(f"macro_f1 is a mean over the labels of a model, which must be the same, found {listed}")


def _costs(rows: Sequence[Mapping[str, Any]]) -> str:
    """What the runs of the rows cost, by method."""
    # Between two sets of weights a run was scored, not trained.
    methods = {row["run"]: str(_named({**row, "interpolation": None})["method"]) for row in rows}
    unknown = [run for run in methods if not RunFolder(Path(run)).cost.exists()]
    if unknown:
        raise IsoglossError(f"cost: {unknown[0]} has no cost.json; runs of earlier versions did not keep one")
    return cost_table([(method, read_json(RunFolder(Path(run)).cost)) for run, method in methods.items()])


def _named(row: Mapping[str, Any]) -> Mapping[str, Any]:
    """Models of one language each, parted data and interpolations are methods of their own in a comparison."""
    if METHODS[row["method"]].one_run_per_language:
        return _varied({**row, "method": f"{row['method']} {'+'.join(row['train_languages'])}"})
    return _varied(row)


def _varied(row: Mapping[str, Any]) -> Mapping[str, Any]:
    """Parted data and interpolations are methods of their own."""
    parts = [row["method"]]
    if row.get("partition"):
        parts.append(f"({row['partition']})")
    if row.get("interpolation") is not None:
        parts.append(f"e={row['interpolation']:g}")
    return {**row, "method": " ".join(parts)}


def _told_by_mode(row: Mapping[str, Any]) -> Mapping[str, Any]:
    """Scores with each language's own adapter and with the source's are of two methods."""
    mode = row.get("at_test")
    return row if mode is None else {**row, "method": f"{row['method']} ({mode})"}

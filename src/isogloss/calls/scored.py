"""Run folders and their scores, found where several runs are looked at together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from isogloss.common.errors import IsoglossError, nearest
from isogloss.common.several import several
from isogloss.common.writing import read_lines
from isogloss.figures.drawing import require_matplotlib
from isogloss.recipe.names import TASKS
from isogloss.run.folder import RunFolder
from isogloss.tasks.tagging import Tagging

Row = dict[str, Any]


def run_folders(places: str | Path | Sequence[str | Path]) -> list[Path]:
    """The run folders at or in the places, scored or not; a place without any is an error, not passed over."""
    found: set[Path] = set()
    for place in map(Path, several(places)):
        if not place.is_dir():
            names = [path.name for path in place.parent.glob("*") if path.is_dir()]
            raise IsoglossError(f"runs: no folder {place}{nearest(place.name, names)}")
        own = {path.parent for name in ("fingerprint.json", "results.jsonl") for path in place.glob(f"**/{name}")}
        if not own:
            raise IsoglossError(f"runs: no run folder in {place} (none with a fingerprint.json)")
        found |= own
    return sorted(found)


def results_of(folders: Sequence[Path]) -> list[Row]:
    """All rows of results of the runs, and of each run its folder."""
    files = [path for folder in folders if (path := RunFolder(folder).results).exists()]
    # A run is where it lies now: its own column names the folder that it was trained in, maybe on another machine.
    return [{**row, "run": str(path.parent)} for path in files for row in read_lines(path)]


def of_one_task(rows: Sequence[Row]) -> list[Row]:
    """The rows of runs with a task; runs of `isogloss pretrain`, which have none, may lie beside others.

    Raises:
        IsoglossError: The runs are of several tasks, or all of `isogloss pretrain`.
    """
    scored = [_with_spacing(row) for row in rows if row["task"] in TASKS]
    if rows and not scored:
        raise IsoglossError(f"{rows[0]['run']} is a run of `isogloss pretrain`: there are no methods in it to compare")
    runs: dict[str, set[str]] = {}
    for row in scored:
        runs.setdefault(row["task"], set()).add(row["run"])
    if len(runs) > 1:
        listed = "; ".join(f"{task} in {', '.join(sorted(own))}" for task, own in sorted(runs.items()))
        raise IsoglossError(f"runs of one task are compared, found {listed}")
    return scored


def scored_runs(places: str | Path | Sequence[str | Path]) -> tuple[list[Path], list[Row]]:
    """The run folders at or in the places that have scores, all of one task, and their rows.

    Raises:
        IsoglossError: A place without runs, no scores, or runs of several tasks.
    """
    folders = run_folders(places)
    rows = of_one_task(results_of(folders))
    if not rows:
        raise IsoglossError(f"no scores in {', '.join(map(str, several(places)))}: no run has come to an evaluation")
    scored = {row["run"] for row in rows}
    return [folder for folder in folders if str(folder) in scored], rows


def way_to_scores(folders: Sequence[Path]) -> str:
    """What makes final scores that the runs lack: the end of their training first."""
    unfinished = [str(folder) for folder in folders if not RunFolder(folder).model.is_dir()]
    if not unfinished:
        return "`isogloss evaluate RUN` makes them"
    return f"training has not ended in {', '.join(unfinished)}; `isogloss train --resume` goes on"


def check_figures(split: str, output: str | Path | None) -> None:
    """Whether there are scores of that name, and figures can be drawn into that folder.

    Raises:
        IsoglossError: Neither dev nor test, no matplotlib, or a file where the folder would be.
    """
    if split not in ("dev", "test"):
        raise IsoglossError(f"split: {split!r} is unknown{nearest(split, ('dev', 'test'))}")
    if output is not None:
        require_matplotlib()
        if Path(output).is_file():
            raise IsoglossError(f"output: {output} is a file; name a folder for the figures")


def metric_of(rows: Sequence[Mapping[str, Any]], asked: str | None) -> str:
    """The metric to look at: what is asked for, or the task's primary one.

    Raises:
        IsoglossError: The task has no such metric.
    """
    metrics = TASKS[rows[0]["task"]].build(()).metrics
    metric = asked or metrics[0]
    if metric not in metrics:
        raise IsoglossError(f"metric: task {rows[0]['task']!r} has no {metric!r}{nearest(metric, metrics)}")
    return metric


def _with_spacing(row: Row) -> Row:
    """A row with its spacing: tagging from before there was a choice put a space before every word."""
    if row.get("spacing") is None and isinstance(TASKS[row["task"]].build(()), Tagging):
        return {**row, "spacing": "words"}
    return row

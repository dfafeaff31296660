"""Finished runs side by side, before they are written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from isogloss.calls.chosen import Chosen, chosen_rows
from isogloss.calls.named import row_name
from isogloss.calls.predicted import redraw
from isogloss.calls.scored import results_of, run_folders
from isogloss.common.errors import IsoglossError
from isogloss.common.writing import read_json
from isogloss.reports.best import best_on_source_dev
from isogloss.reports.cells import Scoring
from isogloss.reports.comparison import MIXABLE, Comparison, compare_rows
from isogloss.reports.costs import cost_table
from isogloss.reports.left_out import left_out_rows
from isogloss.reports.negative_transfer import negative_transfer_table
from isogloss.run.folder import RunFolder

MIXED_BY = {"translate_train": "translated"}
"""Keys of recipes that have another name in rows."""


@dataclass(frozen=True)
class Compared:
    """Finished runs side by side.

    Attributes:
        comparison: Their scores; None where only what they cost, or negative transfer, is asked for.
        beside: What else was asked for, and what there is to know, as Markdown.
        rows: The result rows that the scores rest on, their ``method`` being the name that they have in the comparison.
        redrawn: Their values on test sets drawn anew; without those whose predictions are not there.
    """

    comparison: Comparison | None
    beside: tuple[str, ...] = ()
    rows: tuple[Mapping[str, Any], ...] = ()
    redrawn: Mapping[Scoring, np.ndarray] = field(default_factory=dict)


def compared(
    runs: Sequence[str | Path],
    *,
    baseline: str | None = None,
    by: Sequence[str] = (),
    split: str = "dev",
    metric: str | None = None,
    allow_mixed: Sequence[str] = (),
    left_out: bool = False,
    view: str = "original",
    negative_transfer: bool = False,
    cost: bool = False,
) -> Compared:
    """What `compare` shows, before it is written."""
    folders = run_folders(runs)
    found = results_of(folders)
    return compared_results(
        folders,
        found,
        baseline=baseline,
        by=by,
        split=split,
        metric=metric,
        allow_mixed=allow_mixed,
        left_out=left_out,
        view=view,
        negative_transfer=negative_transfer,
        cost=cost,
    )


def compared_results(
    folders: Sequence[Path],
    found: Sequence[dict[str, Any]],
    *,
    baseline: str | None,
    split: str,
    metric: str | None,
    view: str,
    by: Sequence[str] = (),
    names: Mapping[str, str] | None = None,
    allow_mixed: Sequence[str] = (),
    left_out: bool = False,
    negative_transfer: bool = False,
    cost: bool = False,
) -> Compared:
    """What `compare` shows, from rows that have been read.

    Args:
        folders: The run folders.
        found: All rows of their results, as `isogloss.calls.scored.results_of` reads them.
        baseline: As in `compare`, and so are the others.
        split: dev or test.
        metric: Metric.
        view: View.
        by: Keys that tell runs apart.
        names: What the runs are called, where that is known already.
        allow_mixed: Parts of the protocol in which the runs may differ.
        left_out: Each run on the language that it was not trained on.
        negative_transfer: Whether that is asked for.
        cost: Whether that is asked for.
    """
    chosen = chosen_rows(
        folders,
        found,
        split=split,
        metric=metric,
        view=view,
        by=by,
        names=names,
        allow_mixed=allow_mixed,
        left_out=left_out,
    )
    comparison, own = None, left_out_rows(chosen.latest) if left_out else chosen.latest
    redrawn = redraw(chosen.latest) if baseline is not None or negative_transfer else {}
    if baseline is not None or not (negative_transfer or cost):
        asked = [*allow_mixed, *(MIXED_BY.get(key, key) for key in by if MIXED_BY.get(key, key) in MIXABLE)]
        comparison = compare_rows(chosen.shown(own), baseline, mixed=asked, redrawn=redrawn)
    # Models of one language each, as they were trained, are one method, in the same mode as what is compared with them.
    modes: Sequence[str | None] = chosen.modes or (None,)
    modes = modes if negative_transfer else ()
    beside = [negative_transfer_table(chosen.trained(mode), redrawn=redrawn) for mode in modes]
    if cost:
        beside.append(_costs(chosen))
    if comparison is not None and not left_out:
        beside += best_on_source_dev(chosen.shown(chosen.dev))
    beside += chosen.notes
    return Compared(comparison, tuple(beside), tuple(chosen.shown(own)), redrawn)


def _costs(chosen: Chosen) -> str:
    """What the runs of the rows cost, by method."""
    # Between two sets of weights a run was scored, not trained.
    methods = {row["run"]: row_name({**row, "interpolation": None}, chosen.names[row["run"]]) for row in chosen.latest}
    unknown = [run for run in methods if not RunFolder(Path(run)).cost.exists()]
    if unknown:
        raise IsoglossError(f"cost: {unknown[0]} has no cost.json; runs of earlier versions did not keep one")
    return cost_table([(method, read_json(RunFolder(Path(run)).cost)) for run, method in methods.items()])

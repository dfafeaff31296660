"""Finished runs side by side."""

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
from isogloss.common.writing import read_json, write_text
from isogloss.reports.best import best_on_source_dev
from isogloss.reports.cells import Scoring
from isogloss.reports.comparison import MIXABLE, Comparison, compare_rows
from isogloss.reports.comparison_formats import ENDINGS, writer_of
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


def compare(
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
    format: str | None = None,
    output: str | Path | None = None,
) -> str:
    """Runs side by side: mean and range over seeds per language, differences to a baseline paired over seeds.

    Runs are told apart by their method, or by the ``label`` of their recipe; where runs that are called alike differ in
    one key of their recipes, by that too; or by the keys that ``by`` names.

    Runs with language adapters that were scored both with each language's own and with the source's count as two
    methods, called ``adapters (swap)`` and ``adapters (keep)``, so that the one is compared with the other too.

    Each difference has two intervals, of new seeds and of new seeds and test sentences; the second one is taken from
    the predictions that the run folders keep, see `isogloss.reports.statistics.crossed_interval`.

    Args:
        runs: Run folders, or folders with run folders in them; all of one task.
        baseline: What the others are compared with; None: scores alone, and what ``negative_transfer`` and ``cost``
            ask for.
        by: Keys of the recipes that tell runs apart, such as ``learning_rate`` or ``optimizer.lookahead.inner_steps``;
            ``run``: each by itself.
        split: dev or test; of several scorings the last one counts.
        metric: Metric; default: the task's primary one.
        allow_mixed: Parts of the protocol in which the runs may differ: selection, train_languages, view, few_shot,
            translated, spacing, data. Those in ``by`` may.
        view: Scores of which view, see `isogloss.evaluate`.
        left_out: Compare runs of ``leave_one_out``, each on the language that it was not trained on.
        negative_transfer: Also compare each language that a method was trained on with the model of method ``single``
            trained on it alone, see `isogloss.reports.negative_transfer`.
        cost: Also show what a run of each method costs, see `isogloss.reports.costs`.
        format: markdown, latex, csv or json; default: what the ending of ``output`` says, else markdown. csv and json
            hold a record for each line and method, see `isogloss.reports.comparison_formats.records`.
        output: A file to write to.

    Returns:
        The table as written; in Markdown several with an empty line between them, the last of which says which runs
        were best on the dev data of the sources.

    Raises:
        IsoglossError: A place without runs, no scores, scores of several tasks, under different protocols or on other
            data or sentences, or a metric, key or format that there is not.
    """
    name = format or (ENDINGS.get(Path(output).suffix, "markdown") if output is not None else "markdown")
    write = writer_of(name)
    if name != "markdown" and (negative_transfer or cost):
        raise IsoglossError(f"format: {name} holds the comparison alone; leave out negative transfer and cost")
    found = compared(
        runs,
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
    parts = [] if found.comparison is None else [write(found.comparison)]
    parts += found.beside if name == "markdown" else ()
    text = "\n\n".join(parts)
    if output is not None:
        write_text(Path(output), f"{text}\n")
    return text


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
    modes = (chosen.modes or [None]) if negative_transfer else []
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

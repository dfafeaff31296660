"""Finished runs side by side, or recipes whose runs are made first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

<<<<<<< HEAD
import numpy as np

from isogloss.calls.named import names_of, require_same_files, row_name, variant
from isogloss.calls.predicted import label_set, redraw
from isogloss.calls.scored import metric_of, of_one_task, results_of, run_folders, way_to_scores
from isogloss.common.errors import IsoglossError
from isogloss.common.several import several
from isogloss.common.writing import read_json, write_text
from isogloss.recipe.presets import METHODS
from isogloss.reports.best import best_on_source_dev
from isogloss.reports.cells import Scoring, scoring_of
from isogloss.reports.comparison import MIXABLE, Comparison, compare_rows
=======
from isogloss.calls.candidates import RecipeLike, are_recipes
from isogloss.calls.compare_recipes import compare_recipes
from isogloss.calls.compare_runs import compared
from isogloss.common.errors import IsoglossError
from isogloss.common.writing import write_text
>>>>>>> compare19
from isogloss.reports.comparison_formats import ENDINGS, writer_of


def compare(
<<<<<<< HEAD
    runs: str | Path | Sequence[str | Path],
    *,
    baseline: str | None = None,
    by: str | Sequence[str] = (),
    split: str = "dev",
=======
    runs: Sequence[RecipeLike],
    *,
    baseline: str | None = None,
    by: Sequence[str] = (),
    split: str | None = None,
>>>>>>> compare19
    metric: str | None = None,
    allow_mixed: str | Sequence[str] = (),
    left_out: bool = False,
    view: str = "original",
    negative_transfer: bool = False,
    cost: bool = False,
    seeds: int | None = None,
    into: str | Path | None = None,
    jobs: int | None = None,
    overrides: Sequence[str] = (),
    scale: str | None = None,
    limit: int | None = None,
    format: str | None = None,
    output: str | Path | None = None,
) -> str:
    """Methods side by side: those of finished runs, or recipes, whose runs are made first where they are missing.

    **Run folders**: mean and range over seeds per language, differences to a baseline paired over seeds. Runs are told
    apart by their method, or by the ``label`` of their recipe; where runs that are called alike differ in one key of
    their recipes, by that too; or by the keys that ``by`` names. Runs with language adapters that were scored both with
    each language's own and with the source's count as two methods, called ``adapters (swap)`` and ``adapters (keep)``,
    so that the one is compared with the other too. Each difference has two intervals, of new seeds and of new seeds and
    test sentences; the second one is taken from the predictions that the run folders keep, see
    `isogloss.reports.statistics.crossed_interval`.

    **Recipes**: each is trained with each seed, in ``into/NAME/seed-N``; NAME is its label or name, or that of its
    file, and of a sweep each combination is a recipe of its own. Finished runs are kept, and those that broke off are
    gone on with, so the same call goes on after a kill; a folder with runs of another recipe is an error. Then it is
    told, for each language and for the means of sources, of unseen languages and of all, what each method scores and
    by how much it differs from the baseline, which p-values that has (corrected by Holm over languages; a permutation
    test as a check) and in words whether it is better, worse, or no difference was found; negative transfer where a
    recipe of method ``single`` is among them; the transfer gap by script and family; and what methods cost. See
    `isogloss.reports.settled.settle` for the procedures.

    Args:
        runs: Run folders, or folders with run folders in them, all of one task. Or recipes: paths to YAML, names of
            shipped ones, or mappings; of one task, protocol and evaluation data.
        baseline: What the others are compared with. Of run folders None: scores alone, and what ``negative_transfer``
            and ``cost`` ask for. Of recipes None: the first.
        by: Keys of the recipes that tell runs apart, such as ``learning_rate`` or ``optimizer.lookahead.inner_steps``;
            ``run``: each by itself. Only of run folders, and so are ``left_out``, ``negative_transfer`` and ``cost``.
        split: dev or test; of several scorings the last one counts. Default: dev; of recipes test, where all of them
            score it (``test: true``).
        metric: Metric; default: the task's primary one.
        allow_mixed: Parts of the protocol in which the runs may differ: selection, train_languages, view, few_shot,
            translated, spacing, data. Those in ``by`` may.
        view: Scores of which view, see `isogloss.evaluate`.
        left_out: Compare runs of ``leave_one_out``, each on the language that it was not trained on.
        negative_transfer: Also compare each language that a method was trained on with the model of method ``single``
            trained on it alone, see `isogloss.reports.negative_transfer`.
        cost: Also show what a run of each method costs, see `isogloss.reports.costs`.
        seeds: Train with seeds 0 to N - 1. Default: the seeds that the recipes name, if they name several, else 0 to 2:
            fewer than three give no verdict. Only of recipes, and so are the next ones.
        into: Folder of the runs; default ``runs/compare-NAMES``.
        jobs: How many runs are made at a time, each in a process of its own; default 1.
        overrides: Keys to change in all recipes, ``"a.b=c"`` each; a list for a key that takes none is a sweep.
        scale: One of the recipes' scales (smoke, small, paper).
        limit: Examples read per language and split.
        format: markdown, latex, csv or json, and of recipes text; default: what the ending of ``output`` says, else
            markdown, of recipes text. csv and json hold a record for each line and method, see
            `isogloss.reports.comparison_formats.records` and `isogloss.reports.settled_records.records`.
        output: A file to write to.

    Returns:
        The table as written; in Markdown several with an empty line between them, the last of which says which runs
        were best on the dev data of the sources. Of recipes the sections of what was found.

    Raises:
        IsoglossError: A place without runs, no scores, scores of several tasks, under different protocols or on other
            data or sentences, or a metric, key or format that there is not; recipes that differ in task, protocol or
            evaluation data, whose runs have failed, or whose folder holds other runs.

    Example:
        >>> isogloss.compare(["ud-pos", "ud-pos-sequential-reptile"], seeds=3, scale="smoke")  # doctest: +SKIP
    """
    for_recipes = {
        "seeds": seeds,
        "into": into,
        "jobs": jobs,
        "overrides": overrides,
        "scale": scale,
        "limit": limit,
    }
    for_folders = {"by": by, "left_out": left_out, "negative_transfer": negative_transfer, "cost": cost}
    if are_recipes(runs, asked=any(for_recipes.values())):
        _require_none(for_folders, "run folders")
        return compare_recipes(
            runs,
            seeds=seeds,
            into=into,
            jobs=1 if jobs is None else jobs,
            overrides=overrides,
            scale=scale,
            limit=limit,
            baseline=baseline,
            split=split,
            metric=metric,
            allow_mixed=allow_mixed,
            view=view,
            format=format,
            output=output,
        )
    _require_none(for_recipes, "recipes")
    name = format or (ENDINGS.get(Path(output).suffix, "markdown") if output is not None else "markdown")
    write = writer_of(name)
    if name != "markdown" and (negative_transfer or cost):
        raise IsoglossError(f"format: {name} holds the comparison alone; leave out negative transfer and cost")
    found = compared(
        [place for place in runs if isinstance(place, str | Path)],
        baseline=baseline,
        by=by,
        split="dev" if split is None else split,
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


<<<<<<< HEAD
def compared(
    runs: str | Path | Sequence[str | Path],
    *,
    baseline: str | None = None,
    by: str | Sequence[str] = (),
    split: str = "dev",
    metric: str | None = None,
    allow_mixed: str | Sequence[str] = (),
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
        by=several(by),
        split=split,
        metric=metric,
        allow_mixed=several(allow_mixed),
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
    scored = of_one_task(found)
    final = [row for row in scored if row["selection"] is not None and row["view"] == view]
    rows = [row for row in final if row["split"] == split]
    kind = split if view == "original" else f"{split} {view}"
    if not rows:
        raise IsoglossError(f"no final {kind} scores in {os.path.commonpath(folders)}; {way_to_scores(folders)}")
    primary = metric_of(rows, metric)
    latest = _latest(rows, primary, left_out=left_out)
    if primary == "macro_f1":
        _require_same_labels(sorted({row["run"] for row in latest}))
    if "data" not in allow_mixed:
        require_same_files(sorted({row["run"] for row in latest}))
    names = names or names_of({row["run"]: row["method"] for row in final}, by)
    modes = [mode for mode in dict.fromkeys(row.get("at_test") for row in latest) if mode is not None]

    def shown(rows: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
        named = [{**row, "method": row_name(row, names[row["run"]])} for row in rows]
        return [_told_by_mode(row) for row in named] if len(modes) > 1 else list(named)

    comparison, own = None, left_out_rows(latest) if left_out else latest
    redrawn = redraw(latest) if baseline is not None or negative_transfer else {}
    if baseline is not None or not (negative_transfer or cost):
        asked = [*allow_mixed, *(MIXED_BY.get(key, key) for key in by if MIXED_BY.get(key, key) in MIXABLE)]
        comparison = compare_rows(shown(own), baseline, mixed=asked, redrawn=redrawn)
    beside = []
    # Models of one language each, as they were trained, are one method, in the same mode as what is compared with them.
    for mode in (modes or [None]) if negative_transfer else []:
        trained = [
            {**row, "method": _trained_name(row, names[row["run"]])}
            for row in latest
            if row.get("at_test") in (mode, None)
        ]
        beside.append(negative_transfer_table(trained, redrawn=redrawn))
    if cost:
        beside.append(_costs(latest, names))
    if comparison is not None and not left_out:
        dev = _latest([row for row in final if row["split"] == "dev"], primary, left_out=False)
        beside += best_on_source_dev(shown(dev))
    others = {row["run"] for row in found} - {row["run"] for row in scored}
    left = sorted({str(folder) for folder in folders} - others - {row["run"] for row in rows})
    if left:
        beside.append(f"- Left out, without a final {kind} score: {', '.join(left)}.")
    if others:
        beside.append(f"- Left out, of `isogloss pretrain`: {', '.join(sorted(others))}.")
    return Compared(comparison, tuple(beside), tuple(shown(own)), redrawn)


def _latest(rows: Sequence[dict[str, Any]], metric: str, *, left_out: bool) -> list[dict[str, Any]]:
    """Of several scorings the last one."""
    found = {
        scoring_of(row): row
        for row in rows
        if row["metric"] == metric and not (left_out and row.get("interpolation") is not None)
    }
    return list(found.values())


def _require_same_labels(runs: Sequence[str]) -> None:
    """Stop if a mean over labels is one over other labels in another run."""
    found = {labels: run for run in reversed(runs) if (labels := label_set(Path(run))) is not None}
    if len({frozenset(labels) for labels in found}) > 1:
        listed = "; ".join(f"{', '.join(labels)} in {run}" for labels, run in found.items())
        raise IsoglossError(f"macro_f1 is a mean over the labels of a model, which must be the same, found {listed}")


def _costs(rows: Sequence[Mapping[str, Any]], names: Mapping[str, str]) -> str:
    """What the runs of the rows cost, by method."""
    # Between two sets of weights a run was scored, not trained.
    methods = {row["run"]: row_name({**row, "interpolation": None}, names[row["run"]]) for row in rows}
    unknown = [run for run in methods if not RunFolder(Path(run)).cost.exists()]
    if unknown:
        raise IsoglossError(f"cost: {unknown[0]} has no cost.json; runs of earlier versions did not keep one")
    return cost_table([(method, read_json(RunFolder(Path(run)).cost)) for run, method in methods.items()])


def _trained_name(row: Mapping[str, Any], name: str) -> str:
    """Models of one language each are together one method."""
    if METHODS[row["method"]].one_run_per_language and row.get("interpolation") is None:
        return " ".join([row["method"], *variant(row)])
    return row_name(row, name)


def _told_by_mode(row: Mapping[str, Any]) -> Mapping[str, Any]:
    """Scores with each language's own adapter and with the source's are of two methods."""
    mode = row.get("at_test")
    return row if mode is None else {**row, "method": f"{row['method']} ({mode})"}
=======
def _require_none(given: Mapping[str, Any], of: str) -> None:
    """Stop if an argument is given that means something only of other things."""
    for name, value in given.items():
        if value:
            raise IsoglossError(f"{name}: only {of} are compared with it; leave it out")
>>>>>>> compare19

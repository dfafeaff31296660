"""Finished runs side by side, or recipes whose runs are made first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from isogloss.calls.candidates import are_recipes
from isogloss.calls.compare_recipes import compare_recipes
from isogloss.calls.compare_runs import compared
from isogloss.calls.planned import RecipeLike
from isogloss.calls.views import check_view
from isogloss.common.errors import IsoglossError
from isogloss.common.several import several
from isogloss.common.writing import write_text
from isogloss.reports.comparison_formats import ENDINGS, writer_of


def compare(
    runs: RecipeLike | Sequence[RecipeLike],
    *,
    baseline: str | None = None,
    by: str | Sequence[str] = (),
    split: str | None = None,
    metric: str | None = None,
    allow_mixed: str | Sequence[str] = (),
    left_out: bool = False,
    view: str = "original",
    negative_transfer: bool = False,
    cost: bool = False,
    seeds: int | None = None,
    into: str | Path | None = None,
    jobs: int | None = None,
    overrides: str | Sequence[str] = (),
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
            data or sentences, or a metric, view, key or format that there is not; recipes that differ in task,
            protocol or evaluation data, whose runs have failed, or whose folder holds other runs.

    Example:
        >>> isogloss.compare(["ud-pos", "ud-pos-sequential-reptile"], seeds=3, scale="smoke")  # doctest: +SKIP
    """
    check_view(view)
    runs, by, allow_mixed, overrides = several(runs), several(by), several(allow_mixed), several(overrides)
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


def _require_none(given: Mapping[str, Any], of: str) -> None:
    """Stop if an argument is given that means something only of other things."""
    for name, value in given.items():
        if value:
            raise IsoglossError(f"{name}: only {of} are compared with it; leave it out")

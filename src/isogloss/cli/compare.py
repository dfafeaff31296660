"""``isogloss compare``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

import isogloss


def compare(
    runs: Annotated[
        list[str], typer.Argument(help="Recipes, paths or names of shipped ones; or folders of finished runs.")
    ],
    seeds: Annotated[
        int | None, typer.Option(min=1, help="Of recipes: train with seeds 0 to N - 1; default theirs, or 3 seeds.")
    ] = None,
    into: Annotated[
        Path | None, typer.Option(help="Of recipes: folder of the runs; default runs/compare-NAMES.")
    ] = None,
    jobs: Annotated[int | None, typer.Option(min=1, help="Of recipes: runs made side by side; default 1.")] = None,
    overrides: Annotated[
        list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="Of recipes: change a key in all of them.")
    ] = None,
    scale: Annotated[str | None, typer.Option(help="Of recipes: one of their scales: smoke, small or paper.")] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="Of recipes: examples read per language and split.")] = None,
    baseline: Annotated[
        str | None, typer.Option(help="What the others are compared with; of recipes, default the first.")
    ] = None,
    by: Annotated[
        list[str] | None,
        typer.Option(metavar="KEY", help="A key of the recipes that tells runs apart, or run: each by itself."),
    ] = None,
    split: Annotated[
        str | None, typer.Option(help="dev or test; default dev, of recipes test where all of them score it.")
    ] = None,
    metric: Annotated[str | None, typer.Option(help="Metric; default the task's primary one.")] = None,
    allow_mixed: Annotated[
        list[str] | None,
        typer.Option(help="Let them differ in selection, train_languages, view, few_shot, translated, spacing, data."),
    ] = None,
    view: Annotated[
        str, typer.Option(help="original, translate-test, with-translate-test or with-gold-source.")
    ] = "original",
    left_out: Annotated[
        bool, typer.Option("--left-out", help="Runs of leave_one_out: each on the language that it did not see.")
    ] = False,
    negative_transfer: Annotated[
        bool, typer.Option("--negative-transfer", help="Each language against the model of method single for it alone.")
    ] = False,
    cost: Annotated[bool, typer.Option("--cost", help="What a run of each method costs.")] = False,
    form: Annotated[
        str | None, typer.Option("--format", help="markdown, latex, csv or json; of recipes also text.")
    ] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="A file to write to, in place of the terminal.")
    ] = None,
) -> None:
    """Recipes side by side: make the runs that are not there yet, and say in words which is better.

    Per language and in the mean: level and difference to the first recipe with intervals of other seeds and sentences,
    p-values corrected by Holm over languages, a verdict; negative transfer, gap by script and family, and cost. The
    same command goes on after a kill, and keeps finished seeds. Fewer than three seeds give no verdict.

    Of folders with finished runs a table: mean, range, and the difference to a --baseline with its two intervals. One
    is of other seeds on the same test sentences, one of other seeds and sentences; that one decides on verdicts. Runs
    are told apart by their method, the label of their recipe, the one key that they differ in, or --by. With
    --negative-transfer or --cost other tables follow; without --baseline these alone.

    Example: isogloss compare ud-pos ud-pos-sequential-reptile --seeds 3 --scale smoke --jobs 2

    Example: isogloss compare runs/ --baseline multitask --split test
    """
    table = isogloss.compare(
        runs,
        baseline=baseline,
        by=by or (),
        split=split,
        metric=metric,
        allow_mixed=allow_mixed or (),
        left_out=left_out,
        view=view,
        negative_transfer=negative_transfer,
        cost=cost,
        seeds=seeds,
        into=into,
        jobs=jobs,
        overrides=overrides or (),
        scale=scale,
        limit=limit,
        format=form,
        output=output,
    )
    print(table if output is None else output)

"""``isogloss compare``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

import isogloss


def compare(
    runs: Annotated[list[Path], typer.Argument(help="Run folders, or folders that hold them.")],
    baseline: Annotated[str | None, typer.Option(help="What the others are compared with.")] = None,
    by: Annotated[
        list[str] | None,
        typer.Option(metavar="KEY", help="A key of the recipes that tells runs apart, or run: each by itself."),
    ] = None,
    split: Annotated[str, typer.Option(help="dev or test.")] = "dev",
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
    form: Annotated[str | None, typer.Option("--format", help="markdown, latex, csv or json.")] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="A file to write to, in place of the terminal.")
    ] = None,
) -> None:
    """Runs side by side, per language: mean, range, and the difference to a baseline with its two intervals.

    One is of other seeds on the same test sentences, one of other seeds and sentences; that one decides on verdicts.

    Runs are told apart by their method, the label of their recipe, the one key that they differ in, or --by.

    With --negative-transfer or --cost other tables follow; without --baseline these alone.

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
        format=form,
        output=output,
    )
    print(table if output is None else output)

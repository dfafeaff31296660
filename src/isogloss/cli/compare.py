"""``isogloss compare``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

import isogloss


def compare(
    runs: Annotated[list[Path], typer.Argument(help="Run folders, or folders that hold them.")],
    baseline: Annotated[str, typer.Option(help="Method that the others are compared with.")],
    split: Annotated[str, typer.Option(help="dev or test.")] = "dev",
    metric: Annotated[str | None, typer.Option(help="Metric; default the task's primary one.")] = None,
    allow_mixed: Annotated[
        list[str] | None,
        typer.Option(help="Let runs differ in selection, train_languages, view, few_shot or translated."),
    ] = None,
    view: Annotated[str, typer.Option(help="original or translate-test.")] = "original",
    left_out: Annotated[
        bool, typer.Option("--left-out", help="Runs of leave_one_out: each on the language that it did not see.")
    ] = False,
) -> None:
    """Methods side by side, per language: mean, range, and the difference to a baseline with its interval over seeds.

    Example: isogloss compare runs/ --baseline multitask --split test
    """
    table = isogloss.compare(
        runs, baseline=baseline, split=split, metric=metric, allow_mixed=allow_mixed or (), left_out=left_out, view=view
    )
    print(table)

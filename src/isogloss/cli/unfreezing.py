"""``isogloss unfreezing``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

import isogloss


def unfreezing(
    runs: Annotated[list[Path], typer.Argument(help="Run folders, or folders that hold them.")],
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="Folder for the figures and numbers; figures need isogloss[figures]."),
    ] = None,
    split: Annotated[str, typer.Option(help="Scores of which data stand for transfer: dev or test.")] = "test",
    metric: Annotated[str | None, typer.Option(help="Metric; default the task's primary one.")] = None,
    smooth: Annotated[int, typer.Option(help="Looks of the moving average over tr(F) per open layer; 1: none.")] = 1,
) -> None:
    """What schedules of unfreezing did: the order of layers against top-down, and traces of the Fisher matrix.

    Tables say how the order agrees with top-down (Kendall's tau), what hill tr(F) per open layer makes, and how that
    goes with transfer over runs (Spearman's rho). The runs need `probes: [{kind: fisher}]`.

    Example: isogloss unfreezing runs/ --output figures/
    """
    watched = isogloss.unfreezing(runs, output=output, split=split, metric=metric, smooth=smooth)
    print(watched.tables)
    if watched.files:
        print("", *watched.files, sep="\n")

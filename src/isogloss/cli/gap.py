"""``isogloss gap``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

import isogloss


def gap(
    runs: Annotated[list[Path], typer.Argument(help="Run folders, or folders that hold them.")],
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="Folder for the figures and numbers; figures need isogloss[figures]."),
    ] = None,
    data: Annotated[list[str] | None, typer.Option(help="Name of a data entry of the recipe; default all.")] = None,
    split: Annotated[str, typer.Option(help="Texts and scores of which data: dev or test.")] = "test",
    metric: Annotated[str | None, typer.Option(help="Metric; default the task's primary one.")] = None,
    view: Annotated[str, typer.Option(help="Scores of which view make the transfer gap.")] = "original",
    layer: Annotated[int | None, typer.Option(help="Layer of the tables, 0: embeddings; default the last.")] = None,
    pooling: Annotated[str, typer.Option(help="Vector of a text: mean over sub-words, or first state.")] = "mean",
    limit: Annotated[int, typer.Option(help="Texts per language.")] = 1000,
) -> None:
    """How alike languages are represented to the source language, layer by layer, and how that goes with transfer.

    Before training and after it; of models that mix a text with its source (X-Mixup), with and without that. The data
    must be parallel: the same ids in every language.

    Example: isogloss gap runs/ --output figures/
    """
    found = isogloss.gap(
        runs,
        output=output,
        data=data or (),
        split=split,
        metric=metric,
        view=view,
        layer=layer,
        pooling=pooling,
        limit=limit,
    )
    print(found.tables)
    if found.files:
        print("", *found.files, sep="\n")

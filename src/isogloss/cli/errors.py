"""``isogloss errors``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

import isogloss


def errors(
    run: Annotated[Path, typer.Argument(help="Run folder.")],
    split: Annotated[
        str, typer.Option(help="dev or test; to look at errors of test data is to learn from them.")
    ] = "dev",
    languages: Annotated[str | None, typer.Option(help="Languages, separated by commas; default all.")] = None,
    data: Annotated[str | None, typer.Option(help="Name of a data set; default all.")] = None,
    view: Annotated[str, typer.Option(help="Predictions of which view, as in isogloss evaluate.")] = "original",
    number: Annotated[int, typer.Option(min=0, help="Mistakes shown per language.")] = 5,
) -> None:
    """What a finished run gets wrong, per language: which label it takes for which, and the mistakes it is surest of.

    Example: isogloss errors runs/first --languages sw
    """
    print(isogloss.errors(run, split=split, languages=languages or (), data=data, view=view, number=number))

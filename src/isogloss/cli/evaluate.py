"""``isogloss evaluate``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

import isogloss


def evaluate(
    run: Annotated[Path, typer.Argument(help="Run folder.")],
    data: Annotated[
        list[str] | None,
        typer.Option(
            help="Name of a data entry of the recipe, or one as YAML, such as '{format: conllu, path: x.conllu, ...}'."
        ),
    ] = None,
    languages: Annotated[
        list[str] | None, typer.Option(help="Languages, separated by commas or given one by one; default all.")
    ] = None,
    split: Annotated[str, typer.Option(help="dev or test; each scoring of test is counted.")] = "dev",
    view: Annotated[str, typer.Option(help="How the text reaches the model: original or translate-test.")] = "original",
    interpolate: Annotated[
        list[float] | None,
        typer.Option(
            help="Score the weights this share of the way from the pre-trained ones to the run's own, such as 0.5; can "
            "be given several times."
        ),
    ] = None,
    adapters: Annotated[
        str | None,
        typer.Option(
            help="With language adapters: swap (each language's own), keep (the source's for all) or both; default as "
            "in the run."
        ),
    ] = None,
) -> None:
    """Score the final model of a run per language, add the rows to its results and print them.

    Example: isogloss evaluate runs/first --split test --languages de,fi
    """
    codes = [code for given in languages or () for code in given.split(",") if code]
    isogloss.evaluate(
        run,
        data=data or (),
        languages=codes,
        split=split,
        view=view,
        interpolate=interpolate or (),
        adapters=adapters,
    )

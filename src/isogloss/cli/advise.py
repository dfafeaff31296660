"""``isogloss advise``."""

from __future__ import annotations

from typing import Annotated

import typer

import isogloss


def advise(
    recipe: Annotated[str, typer.Argument(help="Path to a YAML recipe, or the name of a shipped one.")],
    model: Annotated[str | None, typer.Option(help="A model in the place of the recipe's.")] = None,
    overrides: Annotated[
        list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="Change a key of the recipe.")
    ] = None,
    scale: Annotated[str | None, typer.Option(help="One of the recipe's scales: smoke, small or paper.")] = None,
    parallel: Annotated[
        str | None,
        typer.Option(metavar="PATH", help="Texts that are translations line by line, such as ntrex/{language}.txt."),
    ] = None,
    budget: Annotated[float, typer.Option(help="Seconds to walk and look, about.")] = 90.0,
) -> None:
    """Look at data and model for a minute or two, and say which methods our measurements speak for.

    It walks some steps of plain training and says what it saw: conflicts of gradients, forgetting, traces of the Fisher
    matrix, how far languages lie apart, shift of labels, sub-words per word and unknown words. Each advice comes with
    the measured cases behind it; the rules are those of docs/choosing.md.

    Example: isogloss advise ud-pos --scale small
    """
    found = isogloss.advise(
        recipe, model=model, overrides=overrides or (), scale=scale, parallel=parallel, budget=budget
    )
    print(found)

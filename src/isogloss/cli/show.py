"""``isogloss show``."""

from __future__ import annotations

from typing import Annotated

import typer

import isogloss


def show(
    recipe: Annotated[str, typer.Argument(help="Path to a YAML recipe, or the name of a shipped one.")],
    overrides: Annotated[list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="Change a key.")] = None,
    scale: Annotated[str | None, typer.Option(help="One of the recipe's scales: smoke, small or paper.")] = None,
) -> None:
    """Print a recipe with every default filled in, as YAML that runs again.

    Example: isogloss show ud-pos-sequential-reptile --scale paper > mine.yaml
    """
    print(isogloss.show(recipe, overrides=overrides or (), scale=scale), end="")

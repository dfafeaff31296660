"""``isogloss list``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

import typer

app = typer.Typer(help="What a recipe can name.", no_args_is_help=True, rich_markup_mode=None)


@app.command()
def methods() -> None:
    """Training methods: presets for `method:`."""
    from isogloss.recipe.presets import METHODS

    _print((name, method.summary) for name, method in METHODS.items())


@app.command()
def tasks() -> None:
    """Tasks and their metrics, the primary one first."""
    from isogloss.recipe.names import TASKS

    _print((name, task.summary) for name, task in TASKS.items())


@app.command()
def formats() -> None:
    """File formats."""
    from isogloss.recipe.names import FORMATS

    _print((name, format.summary) for name, format in FORMATS.items())


@app.command(short_help="Public data sets of `isogloss data get`.")
def data() -> None:
    """Public data sets of `isogloss data get`: title, task, languages, splits, licence, whether ever tested."""
    from isogloss.catalogue import SETS
    from isogloss.catalogue.describe import summary

    _print((name, *summary(public)) for name, public in SETS.items())


@app.command(short_help="Recipes of `isogloss train`.")
def recipes() -> None:
    """Recipes of `isogloss train` that come with the package, with their scales."""
    from isogloss.recipe.resolve import shipped_recipes

    _print(_described(shipped_recipes()).items())


@app.command(short_help="Recipes of `isogloss pretrain`.")
def pretraining() -> None:
    """Recipes of `isogloss pretrain` that come with the package, with their scales."""
    from isogloss.recipe.resolve import shipped_pretraining

    _print(_described(shipped_pretraining()).items())


def _described(recipes: Mapping[str, Path]) -> dict[str, str]:
    """The first line of each recipe, and its scales."""
    from isogloss.recipe.resolve import scales_of

    return {
        name: f"{path.read_text(encoding='utf-8').splitlines()[0].lstrip('# ')} [{', '.join(scales_of(path))}]"
        for name, path in recipes.items()
    }


def _print(rows: Iterable[tuple[str, ...]]) -> None:
    from tabulate import tabulate

    print(tabulate(rows, tablefmt="plain"))

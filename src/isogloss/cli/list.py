"""``isogloss list``."""

from __future__ import annotations

from collections.abc import Mapping

import typer
from tabulate import tabulate

from isogloss.recipe.presets import METHODS
from isogloss.recipe.resolve import scales_of, shipped_pretraining, shipped_recipes

app = typer.Typer(help="What a recipe can name.", no_args_is_help=True, rich_markup_mode=None)


@app.command()
def methods() -> None:
    """Training methods: presets for `method:`."""
    _print({name: method.summary for name, method in METHODS.items()})


@app.command()
def tasks() -> None:
    """Tasks and their metrics, the primary one first."""
    from isogloss.recipe.names import TASKS  # with all the code of tasks behind it, so only when wanted

    _print({name: task.summary for name, task in TASKS.items()})


@app.command()
def formats() -> None:
    """File formats."""
    from isogloss.recipe.names import FORMATS

    _print({name: format.summary for name, format in FORMATS.items()})


@app.command()
def recipes() -> None:
    """Recipes that come with the package, with their scales; those of `isogloss pretrain` last."""
    described = {}
    for name, path in [*shipped_recipes().items(), *shipped_pretraining().items()]:
        summary = path.read_text(encoding="utf-8").splitlines()[0].lstrip("# ")
        described[name] = f"{summary} [{', '.join(scales_of(path))}]"
    _print(described)


def _print(rows: Mapping[str, str]) -> None:
    print(tabulate(rows.items(), tablefmt="plain"))

"""``isogloss train``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

import isogloss
from isogloss.cli.afterwards import print_task_models


def train(
    recipe: Annotated[str, typer.Argument(help="Path to a YAML recipe, or the name of a shipped one.")],
    overrides: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="Change a key, such as optimizer.lookahead.inner_steps=100."),
    ] = None,
    scale: Annotated[str | None, typer.Option(help="One of the recipe's scales: smoke, small or paper.")] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="Examples read per language and split.")] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Run folder; default runs/RECIPE-SCALE.")
    ] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with the run in the output folder.")] = False,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Remove the run in the output folder and start anew.")
    ] = False,
    report_to: Annotated[str | None, typer.Option(help="none, tensorboard or wandb; default: the recipe's.")] = None,
    jobs: Annotated[int, typer.Option(min=1, help="Runs trained side by side, of seeds and of swept values.")] = 1,
) -> None:
    """Train as a recipe says, once per seed and swept value, and print the dev scores of every language.

    Example: isogloss train ud-pos-sequential-reptile --scale smoke --output runs/first

    A list for a key that takes none is a sweep: --set learning_rate=[1e-4,3e-4] --set seed=[0,1,2] --jobs 2

    Several processes: torchrun --nproc_per_node 2 -m isogloss train RECIPE
    """
    rows = isogloss.train(
        recipe,
        overrides=overrides or (),
        scale=scale,
        limit=limit,
        output=output,
        resume=resume,
        overwrite=overwrite,
        report_to=report_to,
        jobs=jobs,
    )
    print_task_models(rows)

"""``isogloss pretrain-adapter``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

import isogloss
from isogloss.cli.afterwards import print_encoder


def pretrain_adapter(
    recipe: Annotated[str, typer.Argument(help="Path to a YAML recipe, or the name of a shipped one.")],
    overrides: Annotated[
        list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="Change a key, such as adapters.reduction=4.")
    ] = None,
    scale: Annotated[str | None, typer.Option(help="One of the recipe's scales.")] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="Sentences read per file.")] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Run folder; default runs/RECIPE-SCALE.")
    ] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with the run in the output folder.")] = False,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Remove the run in the output folder and start anew.")
    ] = False,
    report_to: Annotated[str | None, typer.Option(help="none, tensorboard or wandb; default: the recipe's.")] = None,
) -> None:
    """Train an adapter for each language of some text by masked language modelling; the encoder stays as it is.

    Example: isogloss pretrain-adapter language-adapters --scale smoke --output runs/adapters

    The adapters are in runs/adapters/adapters/LANGUAGE, folders as AdapterHub has them.
    """
    rows = isogloss.pretrain_adapter(
        recipe,
        overrides=overrides or (),
        scale=scale,
        limit=limit,
        output=output,
        resume=resume,
        overwrite=overwrite,
        report_to=report_to,
    )
    print_encoder(rows)

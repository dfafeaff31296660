"""``isogloss card``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

import isogloss


def card(
    run: Annotated[Path, typer.Argument(help="Run folder.")],
    licence: Annotated[
        str | None, typer.Option("--licence", help="Licence of the model, as the hub names it: apache-2.0.")
    ] = None,
    push: Annotated[
        str | None, typer.Option(metavar="OWNER/NAME", help="Upload the model with its card to this repository.")
    ] = None,
    public: Annotated[bool, typer.Option("--public", help="Make a new repository public; default: private.")] = False,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace a card that was changed by hand.")] = False,
) -> None:
    """Fill the card of a finished model: data, protocol, scores with intervals, weak languages, cost.

    Example: isogloss card runs/first --licence apache-2.0
    """
    print(isogloss.card(run, licence=licence, push=push, public=public, overwrite=overwrite))

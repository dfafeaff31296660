"""``isogloss project``."""

from __future__ import annotations

from typing import Annotated

import typer
import yaml

import isogloss


def project(
    recipe: Annotated[str, typer.Argument(help="A recipe with translations.train in its data.")],
    to: Annotated[list[str], typer.Option(help="Languages of the translations, separated by commas.")],
    model: Annotated[str, typer.Option(help="Encoder that links words: run folder, folder or hub id.")],
    layer: Annotated[
        int | None, typer.Option(help="Layer whose states link words; default two thirds of the way up.")
    ] = None,
    batch_size: Annotated[int, typer.Option(help="Sentences per forward pass.")] = 32,
    overrides: Annotated[
        list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="Change a key of the recipe.")
    ] = None,
    scale: Annotated[str | None, typer.Option(help="One of the recipe's scales.")] = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace files of projected tags that were changed since.")
    ] = False,
    trust_remote_code: Annotated[
        bool, typer.Option("--trust-remote-code", help="Run code that comes with the model.")
    ] = False,
) -> None:
    """Tag translated training sentences by the tags of their originals, and print what a recipe says of the files.

    Example: isogloss project own.yaml --to de,sw --model isogloss-small
    """
    found = isogloss.project(
        recipe,
        to=to,
        model=model,
        layer=layer,
        batch_size=batch_size,
        overrides=overrides or (),
        scale=scale,
        overwrite=overwrite,
        trust_remote_code=trust_remote_code,
    )
    entries = [{"name": name, "translations": keys} for name, keys in found.items()]
    print(yaml.safe_dump({"data": entries}, sort_keys=False, allow_unicode=True), end="")

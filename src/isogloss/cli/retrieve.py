"""``isogloss retrieve``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

import isogloss
from isogloss.common.errors import IsoglossError


def retrieve(
    model: Annotated[str, typer.Argument(help="Run folder, model folder, shipped encoder or hub id.")],
    data: Annotated[
        str,
        typer.Option(help="Template of tab-separated files, sentence and translation: 'tatoeba/{language}-en.tsv'."),
    ],
    languages: Annotated[
        list[str] | None, typer.Option(help="Languages, separated by commas or given one by one; default all.")
    ] = None,
    translations: Annotated[str, typer.Option(help="Language of the second column.")] = "en",
    layers: Annotated[
        str | None, typer.Option(help="Layers, separated by commas, 0 for the embeddings; default XTREME's middle one.")
    ] = None,
    centred: Annotated[bool, typer.Option("--centred", help="Subtract each side's mean first.")] = False,
    direction: Annotated[
        str,
        typer.Option(help="backward: translations look for the sentences, as in XTREME; forward: the other way."),
    ] = "backward",
    special: Annotated[
        bool, typer.Option("--special/--no-special", help="Take special sub-words into the means, as XTREME does.")
    ] = True,
    csls: Annotated[int | None, typer.Option(help="Neighbours of the CSLS score, such as 10; default none.")] = None,
    batch_size: Annotated[int, typer.Option(min=1, help="Sentences per forward pass.")] = 32,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="File of JSON lines to add the scores to.")
    ] = None,
    trust_remote_code: Annotated[
        bool, typer.Option("--trust-remote-code", help="Run code that comes with the model.")
    ] = False,
) -> None:
    """Print how often a sentence lies nearest to its own translation, without any training.

    The defaults are those of XTREME's code for Tatoeba.

    Example: isogloss retrieve isogloss-small --data "../shared/data/parallel/tatoeba/{language}-en.tsv"
    """
    codes = [code for given in languages or () for code in given.split(",") if code]
    isogloss.retrieve(
        model,
        data=data,
        languages=codes,
        translations=translations,
        layers=None if layers is None else _numbers(layers),
        centred=centred,
        direction=direction,
        special=special,
        csls=csls,
        batch_size=batch_size,
        output=output,
        trust_remote_code=trust_remote_code,
    )


def _numbers(text: str) -> list[int]:
    try:
        return [int(part) for part in text.split(",")]
    except ValueError:
        raise IsoglossError(f"layers: numbers separated by commas, such as 0,3,7; found {text!r}") from None

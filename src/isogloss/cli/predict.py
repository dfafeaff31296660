"""``isogloss predict``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

import isogloss


def predict(
    run: Annotated[Path, typer.Argument(help="Run folder.")],
    file: Annotated[Path, typer.Argument(help="File to label, with or without labels.")],
    language: Annotated[str, typer.Option(help="Its language code.")],
    format: Annotated[
        str | None, typer.Option(help="Its format; default that of the recipe's first data entry.")
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(help="Where to write; *.gz is packed; default beside the file, NAME.predicted.ENDING."),
    ] = None,
    xtreme: Annotated[
        bool,
        typer.Option(
            "--xtreme",
            help="Write test-LANGUAGE.tsv (alternatives: .jsonl, questions: .json) as the scorers of XTREME and "
            "XTREME-R read it, into the folder --output.",
        ),
    ] = False,
    probabilities: Annotated[
        bool,
        typer.Option(
            "--probabilities",
            help="Write how probable each tag or label is: NAME.probabilities.tsv, which translations.train with "
            "soft_tags takes, or .jsonl.",
        ),
    ] = False,
    adapters: Annotated[
        str | None,
        typer.Option(
            help="With language adapters: swap (the language's own) or keep (the source's); default as in the run."
        ),
    ] = None,
    beside: Annotated[
        str | None,
        typer.Option(
            metavar="FILE or YAML",
            help="The texts in the source language, to be seen beside them (X-Mixup): a file joined by id, keys as in "
            "translations.test, or '{columns: {text: COLUMN}}' of the file itself.",
        ),
    ] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace a file that is there already.")] = False,
) -> None:
    """Label a file with the final model of a run, in the format it was read from.

    Example: isogloss predict runs/first my.conllu --language de --output labelled.conllu
    """
    written = isogloss.predict(
        run,
        file,
        language=language,
        format=format,
        output=output,
        xtreme=xtreme,
        probabilities=probabilities,
        adapters=adapters,
        beside=beside,
        overwrite=overwrite,
    )
    print(written)

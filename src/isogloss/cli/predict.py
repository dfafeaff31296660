"""``isogloss predict``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

import isogloss
from isogloss.common.errors import IsoglossError


def predict(
    run: Annotated[Path, typer.Argument(help="Run folder.")],
    language: Annotated[str, typer.Option(help="The language code of what is labelled.")],
    file: Annotated[Path | None, typer.Argument(help="File to label, with or without labels.")] = None,
    text: Annotated[
        list[str] | None,
        typer.Option(
            help="Instead of a file: a sentence, or two texts with a tab between them (in the shell "
            "$'one\\ttwo'); may be repeated."
        ),
    ] = None,
    format: Annotated[
        str | None,
        typer.Option(
            help="The file's format, or lines: raw text, one sentence a line; default that of the recipe's data "
            "whose files end alike, or else of its first."
        ),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output", "-o", help="Where to write; *.gz is packed; default beside the file, NAME.predicted.ENDING."
        ),
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
            help="Write how probable each tag, label, alternative or answer is: NAME.probabilities.tsv of tags, which "
            "translations.train with soft_tags takes, else .jsonl; with --text, print it as JSON lines.",
        ),
    ] = False,
    table: Annotated[
        bool,
        typer.Option("--table", help="Write text, gold, predicted and probability to be read: NAME.table.tsv."),
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

    Example: isogloss predict runs/first --text "Eva anaishi Prague." --language sw
    """
    if text:
        others = {"FILE": file, "--format": format, "--output": output, "--beside": beside}
        given = [name for name, value in others.items() if value is not None]
        given += [name for name, on in (("--xtreme", xtreme), ("--table", table)) if on]
        if given:
            raise IsoglossError(f"--text is labelled and printed; leave out {', '.join(given)}")
        _print(run, text, language, probabilities, adapters)
        return
    if file is None:
        raise IsoglossError("nothing to label: name a FILE, or give --text")
    written = isogloss.predict(
        run,
        file,
        language=language,
        format=format,
        output=output,
        xtreme=xtreme,
        probabilities=probabilities,
        table=table,
        adapters=adapters,
        beside=beside,
        overwrite=overwrite,
    )
    print(written)


def _print(run: Path, texts: list[str], language: str, probabilities: bool, adapters: str | None) -> None:
    from isogloss.calls.arguments import check_code
    from isogloss.calls.readable import in_terminal
    from isogloss.calls.required import require_mode

    check_code(language)
    require_mode(adapters)
    rows = isogloss.load(run).predict(texts, language=language, probabilities=probabilities, adapters=adapters)
    print(
        ("\n" if probabilities else "\n\n").join(
            json.dumps(row, ensure_ascii=False) if probabilities else in_terminal(row) for row in rows
        )
    )

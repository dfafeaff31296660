"""``isogloss trim``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

import isogloss
from isogloss.cli.afterwards import print_trimmed
from isogloss.cli.typed_entries import typed_entry


def trim(
    model: Annotated[str, typer.Argument(help="Finished run, model folder, shipped encoder or hub id.")],
    languages: Annotated[list[str], typer.Option(help="Languages, separated by commas or given one by one.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="Folder; must not exist yet, or be empty.")],
    text: Annotated[
        list[str] | None,
        typer.Option(
            help="Template of files with a text a line, 'text/{language}.txt' (.conllu, .tsv, .csv and .jsonl are read "
            "as what they are), or an entry of a recipe's text, '{format: tsv, path: ..., columns: {text: 0}}'; may be "
            "given several times. Default: the training and dev texts of the run."
        ),
    ] = None,
    size: Annotated[
        int | None,
        typer.Option(help="Most sub-words, special tokens and characters included; default all that occur."),
    ] = None,
    min_count: Annotated[int, typer.Option(help="Occurrences from which on a sub-word stays.")] = 1,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object instead, for other programs.")] = False,
    trust_remote_code: Annotated[
        bool, typer.Option("--trust-remote-code", help="Run code that comes with the model.")
    ] = False,
) -> None:
    """Cut a model's table of sub-words to what languages need; texts whose sub-words all stay give the same outputs.

    Example: isogloss trim runs/first --languages de,en -o trimmed

    Example: isogloss trim isogloss-small --languages de,en --text "text/{language}.txt" --size 12000 -o small
    """
    found = isogloss.trim(
        model,
        languages=languages,
        text=[typed_entry(one) for one in text or ()],
        size=size,
        min_count=min_count,
        output=output,
        trust_remote_code=trust_remote_code,
    )
    if as_json:
        print(json.dumps(found.as_json(), ensure_ascii=False, indent=1))
        return
    print(found.told())
    print_trimmed(output)

"""``isogloss translate``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
import yaml

import isogloss
from isogloss.cli.data import mapping


def translate(
    data: Annotated[str, typer.Argument(help="A recipe; or, with --task and --format, a path or template.")],
    to: Annotated[list[str], typer.Option(help="Target languages, separated by commas or given one by one.")],
    model: Annotated[
        str,
        typer.Option(
            help="Folder or hub id of a sequence-to-sequence model; {source} and {target} in it are the languages."
        ),
    ],
    source: Annotated[
        list[str] | None,
        typer.Option("--from", help="Source languages; default those trained on, in dev and test all others."),
    ] = None,
    split: Annotated[str, typer.Option(help="train, dev or test.")] = "train",
    back: Annotated[bool, typer.Option("--back", help="Translate there and back again.")] = False,
    output: Annotated[
        Path, typer.Option("--output", "-o", help="Folder of the translations and of what is known.")
    ] = Path("translations"),
    codes: Annotated[
        str | None, typer.Option(metavar="YAML", help="What the model calls languages: {zh: zho_Hans}.")
    ] = None,
    prefix: Annotated[
        str | None,
        typer.Option(help="What is put before each text: 'translate {source} to {target}: '; empty: nothing at all."),
    ] = None,
    num_beams: Annotated[int, typer.Option(help="Hypotheses kept while searching.")] = 4,
    max_length: Annotated[int, typer.Option(help="Sub-words of a text and of its translation.")] = 256,
    batch_size: Annotated[int, typer.Option(help="Texts per batch.")] = 32,
    task: Annotated[str | None, typer.Option(help="Task of the files, see `isogloss list tasks`.")] = None,
    format: Annotated[str | None, typer.Option(help="Format of the files, see `isogloss list formats`.")] = None,
    columns: Annotated[
        str | None, typer.Option(metavar="YAML", help="With --format: which columns are ours, as in a recipe.")
    ] = None,
    separator: Annotated[
        str | None, typer.Option(help="With --format tsv or csv: what separates columns; a tab is \\t.")
    ] = None,
    overrides: Annotated[
        list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="Change a key of the recipe.")
    ] = None,
    scale: Annotated[str | None, typer.Option(help="One of the recipe's scales.")] = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace files of translations that were changed since.")
    ] = False,
    trust_remote_code: Annotated[
        bool, typer.Option("--trust-remote-code", help="Run code that comes with the model.")
    ] = False,
) -> None:
    """Translate labelled data, and print what a recipe's data entry says of the files.

    Broken off, the same command goes on where it was. Answers to questions are found again in the translations.

    Example: isogloss translate own.yaml --to de,sw --model facebook/nllb-200-distilled-600M

    Example: isogloss translate own.yaml --split test --to en --model facebook/nllb-200-distilled-600M
    """
    found = isogloss.translate(
        data,
        to=to,
        model=model,
        source=source,
        split=split,
        back=back,
        output=output,
        codes=mapping(codes, "--codes", "{zh: zho_Hans}"),  # type: ignore[arg-type]
        prefix=prefix,
        num_beams=num_beams,
        max_length=max_length,
        batch_size=batch_size,
        task=task,
        format=format,
        columns=mapping(columns, "--columns", "{tokens: 1, tags: 2}"),
        separator="\t" if separator == r"\t" else separator,
        overrides=overrides or (),
        scale=scale,
        overwrite=overwrite,
        trust_remote_code=trust_remote_code,
    )
    if found:
        entries = [{"name": name, "translations": keys} for name, keys in found.items()]
        print(yaml.safe_dump({"data": entries}, sort_keys=False, allow_unicode=True), end="")

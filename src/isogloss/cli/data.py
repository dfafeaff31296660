"""``isogloss data``."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Annotated

import typer
import yaml

import isogloss
from isogloss.common.errors import IsoglossError

app = typer.Typer(help="Check data, or get public data sets.", no_args_is_help=True, rich_markup_mode=None)


@app.callback()
def data() -> None:
    """Check labelled data before training on it; make local copies of public data sets."""


@app.command(short_help="Print what files hold and what is wrong with them.")
def validate(
    target: Annotated[str, typer.Argument(help="A recipe; or, with --task and --format, a path or template.")],
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
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object instead, for other programs.")] = False,
) -> None:
    """Print what files hold and everything wrong with it, with file and line; exit status 1 if there is an error.

    Example: isogloss data validate "mine/{language}/{split}.conllu" --task pos --format conllu

    Example: isogloss data validate "UD_*/{language}_*-ud-{split}.conllu" --task pos --format conllu

    Example: isogloss data validate "ner/{language}.iob2" --task ner --format conll --columns "{tokens: 1, tags: 2}"
    """
    found = isogloss.validate(
        target,
        task=task,
        format=format,
        columns=mapping(columns, "--columns", "{tokens: 1, tags: 2}"),
        separator="\t" if separator == r"\t" else separator,
        overrides=overrides or (),
        scale=scale,
    )
    problems = found.problems
    if as_json:
        files = [dataclasses.asdict(file) for file in found.files]
        listed = [dataclasses.asdict(problem) for problem in [*problems.errors, *problems.told]]
        print(json.dumps({"files": files, "problems": listed}, ensure_ascii=False, indent=1))
    else:
        if found.files:
            print(found.table())
        for problem in [*problems.errors, *problems.told]:
            print(problem)
        print(f"{len(problems.errors)} error(s), {len(problems.warnings)} warning(s)")
    if problems.errors:
        raise typer.Exit(1)


@app.command(short_help="Make a local copy of a public data set.")
def get(
    name: Annotated[str, typer.Argument(help="A public data set, see `isogloss list data`.")],
    languages: Annotated[
        list[str] | None, typer.Option(help="Languages, separated by commas or given one by one; default all.")
    ] = None,
    splits: Annotated[
        list[str] | None,
        typer.Option(help="train, dev, test; default all, but for machine-translated training data."),
    ] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Folder of the copy; default data/NAME.")
    ] = None,
    offline: Annotated[bool, typer.Option(help="Take the hub's cache on this machine alone.")] = False,
) -> None:
    """Make a local copy of a public data set from the Hugging Face hub and print the recipe's entry that reads it.

    Example: isogloss data get xnli --languages en,sw --splits dev,test
    """
    from isogloss.recipe.names import TASKS

    entry = isogloss.get(
        name, languages=_separated(languages), splits=_separated(splits), output=output, offline=offline
    )
    if entry["task"] in TASKS:
        print(yaml.safe_dump({"data": entry}, sort_keys=False), end="")
    else:
        print(f'isogloss retrieve MODEL --data "{entry["path"].format(language="{language}", split="test")}"')


@app.command(short_help="Print what is known of a public data set.")
def show(name: Annotated[str, typer.Argument(help="A public data set, see `isogloss list data`.")]) -> None:
    """Print all that the catalogue says of a public data set, as YAML.

    Example: isogloss data show xnli
    """
    from isogloss.catalogue.describe import described

    print(yaml.safe_dump(described(name), sort_keys=False, allow_unicode=True, width=120), end="")


def _separated(given: list[str] | None) -> list[str] | None:
    """Words, separated by commas or given one by one; None if there are none."""
    return [word for entry in given or () for word in entry.split(",") if word] or None


def mapping(text: str | None, option: str, example: str) -> dict[str, str | int] | None:
    """A mapping written as YAML, the value of an option; None where it was not given."""
    if text is None:
        return None
    try:
        value = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise IsoglossError(f"{option} {text}: not YAML: {' '.join(str(error).split())}") from None
    if not isinstance(value, dict):
        raise IsoglossError(f'{option} {text}: expected a mapping such as "{example}"')
    return value

"""``isogloss data``."""

from __future__ import annotations

import dataclasses
import json
from typing import Annotated

import typer

import isogloss

app = typer.Typer(help="Look at data.", no_args_is_help=True, rich_markup_mode=None)


@app.callback()
def data() -> None:
    """Check labelled data before training on it."""


@app.command()
def validate(
    target: Annotated[str, typer.Argument(help="A recipe; or, with --task and --format, a path or template.")],
    task: Annotated[str | None, typer.Option(help="Task of the files, see `isogloss list tasks`.")] = None,
    format: Annotated[str | None, typer.Option(help="Format of the files, see `isogloss list formats`.")] = None,
    overrides: Annotated[
        list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="Change a key of the recipe.")
    ] = None,
    scale: Annotated[str | None, typer.Option(help="One of the recipe's scales.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object instead, for other programs.")] = False,
) -> None:
    """Print what files hold and everything wrong with it, with file and line; exit status 1 if there is an error.

    Example: isogloss data validate "mine/{language}/{split}.conllu" --task pos --format conllu
    """
    found = isogloss.validate(target, task=task, format=format, overrides=overrides or (), scale=scale)
    problems = found.problems
    if as_json:
        files = [dataclasses.asdict(file) for file in found.files]
        listed = [dataclasses.asdict(problem) for problem in [*problems.errors, *problems.warnings]]
        print(json.dumps({"files": files, "problems": listed}, ensure_ascii=False, indent=1))
    else:
        print(found.table())
        for problem in [*problems.errors, *problems.warnings]:
            print(problem)
        print(f"{len(problems.errors)} error(s), {len(problems.warnings)} warning(s)")
    if problems.errors:
        raise typer.Exit(1)

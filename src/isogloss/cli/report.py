"""``isogloss report``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

import isogloss
from isogloss.common.errors import IsoglossError


def report(
    runs: Annotated[list[Path], typer.Argument(help="Run folders, or folders that hold them.")],
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="The file to write; tables go to the terminal without it.")
    ] = None,
    form: Annotated[
        str | None,
        typer.Option("--format", help="html, markdown, latex, csv or json; default as --output ends, else html."),
    ] = None,
    baseline: Annotated[
        str | None,
        typer.Option(help="What the others are compared with; default multitask, where that is one of them."),
    ] = None,
    by: Annotated[
        list[str] | None,
        typer.Option(metavar="KEY", help="A key of the recipes that tells runs apart, or run: each by itself."),
    ] = None,
    split: Annotated[str | None, typer.Option(help="dev or test; default test, where it was scored.")] = None,
    metric: Annotated[str | None, typer.Option(help="Metric; default the task's primary one.")] = None,
    view: Annotated[
        str, typer.Option(help="original, translate-test, with-translate-test or with-gold-source.")
    ] = "original",
    allow_mixed: Annotated[
        list[str] | None,
        typer.Option(help="Let them differ in selection, train_languages, view, few_shot, translated, spacing, data."),
    ] = None,
    sentences: Annotated[int, typer.Option(help="Sentences of each language that the page holds at most.")] = 200,
    title: Annotated[str, typer.Option(help="Title of the page.")] = "isogloss report",
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace the file.")] = False,
) -> None:
    """A page that shows what run folders hold, to be opened in a browser: it needs no network, nor isogloss.

    Warnings come first, then scores by language and method with intervals, gaps by script and family, learning curves,
    what probes saw, costs, protocols, the commands that make the runs again, and single predictions to look through.

    Runs that have not come to an end are shown as far as they got, and named.

    Example: isogloss report runs/ -o report.html
    """
    if output is None and form in (None, "html"):
        raise IsoglossError("output: say where the page goes, as in --output report.html")
    text = isogloss.report(
        runs,
        output=output,
        format=form,
        baseline=baseline,
        by=by or (),
        split=split,
        metric=metric,
        view=view,
        allow_mixed=allow_mixed or (),
        sentences=sentences,
        title=title,
        overwrite=overwrite,
    )
    print(text if output is None else output)

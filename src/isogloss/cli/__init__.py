"""The command line: thin verbs over the Python calls of the same names."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

import isogloss
from isogloss.cli import (
    advise,
    card,
    compare,
    corpus,
    data,
    demo,
    doctor,
    errors,
    evaluate,
    export,
    gap,
    predict,
    pretrain,
    pretrain_adapter,
    probe,
    project,
    report,
    reproduce,
    retrieve,
    schema,
    show,
    train,
    translate,
    trim,
    unfreezing,
    world,
)
from isogloss.cli import list as list_
from isogloss.common.errors import IsoglossError

app = typer.Typer(
    name="isogloss",
    help="Carry a multilingual model across languages: train on those that have labels, measure on those that need it.",
    epilog="Start with `isogloss demo`; or with `isogloss list recipes`, then `isogloss show RECIPE` and "
    "`isogloss train RECIPE --scale smoke`.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
    rich_markup_mode=None,
)
app.command("train")(train.train)
app.command("corpus")(corpus.corpus)
app.command("pretrain")(pretrain.pretrain)
app.command("pretrain-adapter")(pretrain_adapter.pretrain_adapter)
app.command("evaluate")(evaluate.evaluate)
app.command("errors")(errors.errors)
app.command("predict")(predict.predict)
app.command("export")(export.export)
app.command("trim")(trim.trim)
app.command("card")(card.card)
app.command("translate")(translate.translate)
app.command("project")(project.project)
app.command("retrieve")(retrieve.retrieve)
app.command("probe")(probe.probe)
app.command("demo")(demo.demo)
app.command("advise")(advise.advise)
app.command("doctor")(doctor.doctor)
app.command("world")(world.world)
app.command("compare")(compare.compare)
app.command("report")(report.report)
app.command("reproduce")(reproduce.reproduce)
app.command("unfreezing")(unfreezing.unfreezing)
app.command("gap")(gap.gap)
app.command("show")(show.show)
app.command("schema")(schema.schema)
app.add_typer(data.app, name="data")
app.add_typer(list_.app, name="list")


def _print_version(asked: bool) -> None:
    if asked:
        print(f"isogloss {isogloss.__version__}")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and stop.")
    ] = False,
) -> None:
    """Take the options that stand before a verb."""


def main() -> None:
    """Run the command line; an `IsoglossError` becomes one message and exit status 2."""
    try:
        app()
    except IsoglossError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(2)

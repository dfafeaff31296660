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
    distil,
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
# In the order in which they are wanted; each with a line that is whole on a terminal of 80 columns.
app.command("demo", short_help="Train two methods on a small world: a first look.")(demo.demo)
app.command("train", short_help="Train as a recipe says, and print dev scores.")(train.train)
app.command("evaluate", short_help="Score the final model of a run in each language.")(evaluate.evaluate)
app.command("errors", short_help="Show what a finished run gets wrong, by language.")(errors.errors)
app.command("predict", short_help="Label files or texts with the model of a run.")(predict.predict)
app.command("compare", short_help="Train recipes, or take runs, and say which is better.")(compare.compare)
app.command("report", short_help="Write a page of HTML that shows what runs hold.")(report.report)
app.command("advise", short_help="Say which methods are worth a try on your data.")(advise.advise)
app.command("export", short_help="Write a run's model for transformers, ONNX or others.")(export.export)
app.command("card", short_help="Fill the model card of a finished run.")(card.card)
app.command("retrieve", short_help="Measure how near sentences lie to their translations.")(retrieve.retrieve)
app.command("probe", short_help="Measure what a model knows of entities and facts.")(probe.probe)
app.command("gap", short_help="Show how alike languages are represented.")(gap.gap)
app.command("unfreezing", short_help="Show in which order schedules opened layers.")(unfreezing.unfreezing)
app.command("reproduce", short_help="Train what a paper compares, beside its figures.")(reproduce.reproduce)
app.command("translate", short_help="Translate labelled data.")(translate.translate)
app.command("project", short_help="Tag translations by the tags of their originals.")(project.project)
app.command("pretrain", short_help="Train an encoder on text.")(pretrain.pretrain)
app.command("pretrain-adapter", short_help="Train an adapter for each language on text.")(
    pretrain_adapter.pretrain_adapter
)
app.command("trim", short_help="Cut a model's table of sub-words to languages.")(trim.trim)
app.command("distil", short_help="Train a small encoder or model to do as a large one.")(distil.distil)
app.command("corpus", short_help="Build linked sentences and facts from dumps.")(corpus.corpus)
app.command("world", short_help="Write the small world, data to try things on.")(world.world)
app.command("doctor", short_help="Check this installation and machine.")(doctor.doctor)
app.command("show", short_help="Print a recipe with every default filled in.")(show.show)
app.command("schema", short_help="Print a JSON schema of recipes, for editors.")(schema.schema)
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

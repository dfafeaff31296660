"""``isogloss distil``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

import isogloss
from isogloss.cli.afterwards import print_encoder, print_task_models


def distil(
    teacher: Annotated[
        str | None, typer.Argument(help="Encoder to learn from: a hub id or a folder; default: the recipe's.")
    ] = None,
    run: Annotated[
        Path | None,
        typer.Option(help="Finished run of `isogloss train` whose task the student learns, in place of TEACHER."),
    ] = None,
    student: Annotated[
        str | None,
        typer.Option(
            help="What the student is like, as YAML, such as '{layers: 4, hidden: 256}' or '{from_layers: [0, 3, 7, "
            "11]}'; or an encoder that learns on. Default: the recipe's."
        ),
    ] = None,
    text: Annotated[
        list[str] | None,
        typer.Option(
            metavar="TEMPLATE",
            help="Files of text, such as 'text/{language}.txt', in place of the recipe's text, languages and exclude; "
            "may come several times.",
        ),
    ] = None,
    objective: Annotated[
        str | None,
        typer.Option(
            help="relations (of attention, as in MiniLMv2), states (the last hidden ones), both, or sentence (states, "
            "the first place's against the mean of the teacher's), in place of the recipe's sources."
        ),
    ] = None,
    languages: Annotated[str | None, typer.Option(help="Languages of the text, such as en,de; default: all.")] = None,
    recipe: Annotated[
        str | None, typer.Option(help="YAML, or a shipped recipe, that says all else; default: distilled.")
    ] = None,
    overrides: Annotated[
        list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="Change a key, such as steps=20000.")
    ] = None,
    scale: Annotated[str | None, typer.Option(help="One of the recipe's scales.")] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="Sentences read per file.")] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Run folder; default runs/RECIPE-SCALE.")
    ] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with the run in the output folder.")] = False,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Remove the run in the output folder and start anew.")
    ] = False,
    report_to: Annotated[str | None, typer.Option(help="none, tensorboard or wandb; default: the recipe's.")] = None,
) -> None:
    """Train a small encoder on text to relate its sub-words, or to represent them, as a large encoder does.

    Example: isogloss distil isogloss-small --scale smoke --student '{layers: 2, hidden: 64}' --output runs/student

    The student is in runs/student/model, a plain Hugging Face folder. With --run it learns a task:

    isogloss distil --run runs/pos --student runs/student/model --text 'text/{language}.txt' --output runs/small
    """
    rows = isogloss.distil(
        teacher,
        run=run,
        student=student,
        text=text or (),
        objective=objective,
        languages=languages,
        recipe=recipe,
        overrides=overrides or (),
        scale=scale,
        limit=limit,
        output=output,
        resume=resume,
        overwrite=overwrite,
        report_to=report_to,
    )
    (print_encoder if run is None else print_task_models)(rows)

"""``isogloss reproduce``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

import isogloss


def reproduce(
    name: Annotated[
        str | None, typer.Argument(metavar="[PAPER/SETTING]", help="A paper, or one of its settings; without: a list.")
    ] = None,
    scale: Annotated[str, typer.Option(help="smoke, small or paper.")] = "smoke",
    output: Annotated[Path, typer.Option("--output", "-o", help="Folder of all reproductions.")] = Path(
        "runs/reproduce"
    ),
    arm: Annotated[list[str] | None, typer.Option(help="An arm to train; default all.")] = None,
    seeds: Annotated[int, typer.Option(min=1, help="Number of seeds.")] = 1,
    overrides: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            metavar="KEY=VALUE",
            help="Change a key of the recipes of all arms; pretraining.KEY=VALUE: of the pre-training that some have.",
        ),
    ] = None,
    jobs: Annotated[int, typer.Option(min=1, help="Runs of an arm trained side by side.")] = 1,
    check: Annotated[
        bool,
        typer.Option(
            "--check", help="Train nothing; status 1 unless scores of finished runs are as expected. Not with --set."
        ),
    ] = False,
) -> None:
    """Train what a paper compares, and hold the scores beside its figures (scale paper) or ours (smoke, small).

    Called again it goes on: finished runs are passed over.

    Example: isogloss reproduce fun/mnli --scale smoke

    Then: isogloss reproduce fun/mnli --scale smoke --check
    """
    from isogloss.calls.reproducing.listing import listed

    if name is None or "/" not in name:
        print(listed(name))
        return
    found = isogloss.reproduce(
        name,
        scale=scale,
        output=output,
        arms=arm or (),
        seeds=seeds,
        overrides=overrides or (),
        jobs=jobs,
        check=check,
    )
    from isogloss.calls.reproducing.checks import summary, table

    print(table(found, scale))
    said, passed = summary(found)
    print(f"\n{said}")
    if check and not passed:
        raise typer.Exit(1)

"""``isogloss world``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def world(
    folder: Annotated[Path, typer.Argument(help="Folder to write; must not exist yet, or be empty.")],
    seed: Annotated[int, typer.Option(help="Decides what is true and what is said.")] = 0,
    train: Annotated[int | None, typer.Option(min=1, help="Labelled sentences to train on; default 1000.")] = None,
    dev: Annotated[int | None, typer.Option(min=1, help="Labelled sentences to choose by; default 200.")] = None,
    test: Annotated[int | None, typer.Option(min=1, help="Labelled sentences to measure on; default 300.")] = None,
    text: Annotated[
        int | None, typer.Option(min=0, help="Sentences of plain text per language, and parallel; default 2000.")
    ] = None,
) -> None:
    """Write the small world: a closed world told in nine real languages, with labels, without a download.

    Example: isogloss world data/world --seed 0 --train 1000 --dev 200 --test 300
    """
    from isogloss.world import SENTENCES, TEXT, write_world  # slow to import, so only when wanted

    given = {"train": train, "dev": dev, "test": test}
    sentences = {split: SENTENCES[split] if number is None else number for split, number in given.items()}
    write_world(folder, seed=seed, sentences=sentences, text=TEXT if text is None else text)

"""``isogloss demo``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def demo(
    output: Annotated[Path, typer.Option("--output", "-o", help="Folder of the world and the runs.")] = Path(
        "runs/demo"
    ),
) -> None:
    """Learn two tasks in three languages of the small world and measure them in all: a minute, nothing downloaded.

    Example: isogloss demo
    """
    from isogloss.calls.demo import demo as run  # with torch behind it, so only when wanted

    print(run(output))

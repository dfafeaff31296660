"""The small world that recipes of scale smoke read: written where it is missing, so that they need nothing else."""

from __future__ import annotations

import sys
from pathlib import Path

from isogloss.common.errors import IsoglossError

FOLDER = Path("data/smoke-world")
"""Relative to the working directory. Not `data/world`, which other scales read in sizes that users choose."""

SENTENCES = {"train": 64, "dev": 32, "test": 32}


def write_if_asked(template: str) -> None:
    """Write the smoke world if the template of a data entry lies in `FOLDER` and there is no such folder.

    Raises:
        IsoglossError: The folder cannot be written.
    """
    if not Path(template).is_relative_to(FOLDER) or FOLDER.exists():
        return
    from isogloss.world import write_world  # slow to import, and few recipes read it

    try:
        write_world(FOLDER, sentences=SENTENCES, text=0)
    except IsoglossError:
        if not FOLDER.exists():  # else another process was faster, with the same bytes
            raise
    else:
        print(f"{FOLDER}: a tiny small world written, for recipes of scale smoke", file=sys.stderr)

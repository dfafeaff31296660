"""What each method of the page is: its protocol, its runs, and the commands that make these again."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Sequence
from pathlib import PurePath
from typing import Any

from isogloss.reports.page.run import Row, SeenRun, by_method
from isogloss.reports.protocol import badge_parts


def methods(runs: Iterable[SeenRun], rows: Sequence[Row]) -> list[dict[str, Any]]:
    """Of each method ``name``, ``badges``, ``sources``, ``recipe`` (of its first run) and ``runs``.

    Args:
        runs: The runs.
        rows: The result rows of the page.
    """
    return [
        {
            "name": name,
            "badges": _badges(own, rows),
            "sources": _sources(own),
            "recipe": next((run.recipe for run in own if run.recipe), ""),
            "runs": [_run(run) for run in own],
        }
        for name, own in by_method(runs).items()
    ]


def _badges(runs: Sequence[SeenRun], rows: Sequence[Row]) -> list[str]:
    paths = {run.path for run in runs}
    own = [row for row in rows if row["run"] in paths]
    parts = {part for row in own for part in badge_parts(row)}
    touches = sorted({row["test_touches"] for row in own if row.get("test_touches")})
    scored = [f"test scored {'–'.join(map(str, sorted({touches[0], touches[-1]})))} ×"] if touches else []
    return [*sorted(parts), *scored]


def _sources(runs: Sequence[SeenRun]) -> list[str]:
    return sorted({language for run in runs for row in run.results for language in row["train_languages"] or ()})


def _run(run: SeenRun) -> dict[str, Any]:
    return {
        "path": run.path,
        "seed": run.seed,
        "finished": run.finished,
        "step": run.step,
        "steps": run.steps,
        "again": shlex.join(["isogloss", "train", f"{run.path}/recipe.yaml", "--output", f"{run.path}-again"]),
        "command": shlex.join(_by_name(run.command)),
    }


def _by_name(command: Sequence[str]) -> list[str]:
    """A command with the name of its program, wherever that lies: pages are sent to others."""
    return [PurePath(word).name if place == 0 else word for place, word in enumerate(command)]

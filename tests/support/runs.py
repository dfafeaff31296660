"""Short runs of every task, and what they leave."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.support.methods import BASE
from tests.support.world import entry, merged


def short(task: str, world: Path, **changes: Any) -> dict[str, Any]:
    """The recipe of a short run on ``world/TASK``, as `tests.support.world` writes it."""
    quick = {"data": entry(task, world / task), "report_to": "none", "steps": 6, "learning_rate": 0.05}
    return merged({**BASE, **quick, "max_length": 64}, changes)


def rows_of(run: Path) -> list[dict[str, Any]]:
    """All result rows of a run."""
    return [json.loads(line) for line in (run / "results.jsonl").read_text(encoding="utf-8").splitlines()]


def contents(folder: Path) -> dict[str, bytes]:
    """Every file at or below a folder."""
    return {str(path): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def predictions(run: Path, data: str, language: str) -> list[Any]:
    """What the final model of a run predicted for dev data, example by example."""
    path = run / "predictions" / "source-dev" / f"{data}.{language}.dev.jsonl"
    return [json.loads(line)["predicted"] for line in path.read_text(encoding="utf-8").splitlines()]

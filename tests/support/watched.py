"""Run folders with a schedule and traces, as runs leave them, written by hand."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from isogloss.common.writing import append_lines, write_text
from isogloss.data.corpus import Cell
from isogloss.diagnostics.rows import row
from isogloss.run.evaluation import result_rows
from isogloss.run.folder import RunFolder

TOP_DOWN, BOTTOM_UP = (4, 3, 2, 1), (4, 1, 2, 3)
EVERY = 10
"""Steps between events, and between looks."""


def write_watched(
    folder: Path,
    *,
    method: str = "gradual_unfreezing",
    seed: int = 0,
    order: Sequence[int] = TOP_DOWN,
    hill: Sequence[float] = (1.0, 3.0, 2.0, 1.0),
    score: float | None = 0.5,
    task: str = "pos",
    languages: Sequence[str] = ("en", "de", "fi"),
    settings: dict[str, Any] | None = None,
) -> Path:
    """A run whose layers open in this order, and in which every layer has tr(F) as the hill says.

    Args:
        folder: Where.
        method: Its method.
        seed: Its seed.
        order: The layers by event; none: no schedule.
        hill: tr(F) at step 10, 20, …; none: without the probe.
        score: Test score of the languages that it was not trained on; None: none.
        task: Its task.
        languages: Languages with test data.
        settings: Keys of ``unfreezing``.
    """
    run = RunFolder(folder)
    recipe = {
        "method": method,
        "seed": seed,
        "model": "somewhere/encoder",
        "data": [{"task": task, "format": "conllu", "path": "{language}/{split}.conllu"}],
        "train_languages": ["en"],
        "steps": 40,
        **({"unfreezing": settings} if settings else {}),
    }
    write_text(run.recipe, json.dumps(recipe))
    append_lines(run.diagnostics, diagnostics(order, hill))
    columns = {"run": "elsewhere", "method": method, "task": task, "train_languages": ["en"], "seed": seed}
    for step in (20, 40):
        own = result_rows({"accuracy": step / 100}, Cell("d", "en", "dev"), 9, step=step, selection=None, **columns)
        run.add_results(own)
    for language in languages if score is not None else ():
        value = {"accuracy": 0.9 if language == "en" else score}
        run.add_results(result_rows(value, Cell("d", language, "test"), 9, step=40, selection="last", **columns))
    return folder


def diagnostics(order: Sequence[int], hill: Sequence[float]) -> list[dict[str, Any]]:
    """The rows of probes."""
    rows = []
    for event, layer in enumerate(order):
        rows.append({"step": EVERY * event + 1, **row("unfreezing", "opened", event, part=f"layer_{layer}")})
    for look, value in enumerate(hill):
        step, layers = EVERY * (look + 1), sorted(order) or [1, 2, 3, 4]
        seen = [
            row("fisher", "open", layer in order[: look + 1] or not order, part=f"layer_{layer}") for layer in layers
        ]
        for part in (*(f"layer_{layer}" for layer in layers), "mean_open"):
            seen += [row("fisher", "trace", value, part=part, n=2), row("fisher", "error", value / 4, part=part, n=2)]
        rows += [{"step": step, **own} for own in seen]
    return rows


def several(root: Path, seeds: int = 3) -> Path:
    """Three schedules with so many seeds each; the higher the hill, the better the transfer."""
    for place, (method, order) in enumerate(
        (("gradual_unfreezing", TOP_DOWN), ("reverse_unfreezing", BOTTOM_UP), ("multitask", ()))
    ):
        for seed in range(seeds):
            height = 1 + place + seed / 10
            write_watched(
                root / method / f"seed-{seed}",
                method=method,
                seed=seed,
                order=order,
                hill=(1.0, 2 * height, height, 1.0),
                score=0.3 + height / 10,
            )
    return root

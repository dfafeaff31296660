"""When layers opened, and what the Fisher traces of each were, over the steps of each run."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from isogloss.reports.openings import is_layer, number_of
from isogloss.reports.page.numbers import short, thinned
from isogloss.reports.page.run import SeenRun

LOOKS = 60
"""Looks that are kept of each run."""


def timelines(runs: Iterable[SeenRun]) -> list[dict[str, Any]]:
    """Of each run with a schedule of unfreezing or the probe ``fisher`` what opened and the traces.

    Args:
        runs: The runs.

    Returns:
        For each run ``method``, ``seed``, the last ``step``, ``opened`` (part and step), ``layers``, the ``steps`` of
        the looks, and for each layer its ``traces`` at these; None where there is none.
    """
    return [found for run in runs if (found := _timeline(run)) is not None]


def _timeline(run: SeenRun) -> dict[str, Any] | None:
    opened: list[dict[str, Any]] = []
    traces: dict[int, dict[int, float]] = {}
    for row in run.diagnostics:
        if (row["probe"], row["metric"]) == ("unfreezing", "opened"):
            opened.append({"part": row["part"], "step": row["step"]})
        elif (row["probe"], row["metric"]) == ("fisher", "trace") and is_layer(row["part"]):
            traces.setdefault(number_of(row["part"]), {})[row["step"]] = row["value"]
    if not opened and not traces:
        return None
    layers = sorted(traces)
    steps = thinned(sorted({step for own in traces.values() for step in own}), LOOKS)
    return {
        "method": run.method,
        "seed": run.seed,
        "step": run.step,
        "opened": opened,
        "layers": layers,
        "steps": steps,
        "traces": [
            [short(traces[layer][step]) if step in traces[layer] else None for step in steps] for layer in layers
        ],
    }

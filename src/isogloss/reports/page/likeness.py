"""How alike languages are represented, layer by layer: CKA and retrieval, the mean over the runs of a method."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from statistics import fmean
from typing import Any

from isogloss.reports.openings import number_of
from isogloss.reports.page.numbers import short, thinned
from isogloss.reports.page.run import Row, SeenRun, by_method

LOOKS = 12
"""Looks that are kept of each method."""
MEAN = "mean of all pairs"


def likeness(runs: Iterable[SeenRun]) -> list[dict[str, Any]]:
    """What the probe ``representations`` saw.

    Args:
        runs: The runs.

    Returns:
        For each method, metric, step and pair of languages (or their mean) a curve over layers: ``values`` from
        layer 0, the embeddings. Single pairs are there at the last look only.
    """
    found = []
    for method, own in by_method(runs).items():
        rows = [row for run in own for row in run.diagnostics if row["probe"] == "representations"]
        steps = thinned(sorted({row["step"] for row in rows}), LOOKS)
        for (metric, step, pair), layers in _seen(rows, steps).items():
            values = [short(fmean(layers[layer])) if layer in layers else None for layer in range(max(layers) + 1)]
            found.append({"method": method, "metric": metric, "step": step, "pair": pair, "values": values})
    return found


def _seen(rows: Iterable[Row], steps: Sequence[int]) -> dict[tuple[str, int, str], dict[int, list[float]]]:
    """By metric, step and pair the values of each layer in the runs; of single pairs at the last step."""
    found: dict[tuple[str, int, str], dict[int, list[float]]] = {}
    for row in rows:
        if row["step"] == steps[-1] or (row["other"] is None and row["step"] in steps):
            pair = MEAN if row["other"] is None else " – ".join(sorted((row["language"], row["other"])))
            layers = found.setdefault((row["metric"], row["step"], pair), {})
            layers.setdefault(number_of(row["part"]), []).append(row["value"])
    return found

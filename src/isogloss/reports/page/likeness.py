"""How alike languages are represented, layer by layer: CKA and retrieval, the mean over the runs of a method."""

from __future__ import annotations

from collections.abc import Iterable
from statistics import mean
from typing import Any

from isogloss.reports.openings import number_of
from isogloss.reports.page.numbers import short, thinned
from isogloss.reports.page.run import SeenRun, by_method

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
        seen = _seen(own)
        steps = sorted({step for _, step, _ in seen})
        kept = set(thinned(steps, LOOKS))
        for (metric, step, pair), layers in seen.items():
            if step in kept and (pair == MEAN or step == steps[-1]):
                values = [short(mean(layers[layer])) if layer in layers else None for layer in range(max(layers) + 1)]
                found.append({"method": method, "metric": metric, "step": step, "pair": pair, "values": values})
    return found


def _seen(runs: Iterable[SeenRun]) -> dict[tuple[str, int, str], dict[int, list[float]]]:
    """By metric, step and pair the values of each layer in the runs."""
    found: dict[tuple[str, int, str], dict[int, list[float]]] = {}
    for run in runs:
        for row in run.diagnostics:
            if row["probe"] == "representations":
                pair = MEAN if row["other"] is None else " – ".join(sorted((row["language"], row["other"])))
                layers = found.setdefault((row["metric"], row["step"], pair), {})
                layers.setdefault(number_of(row["part"]), []).append(row["value"])
    return found

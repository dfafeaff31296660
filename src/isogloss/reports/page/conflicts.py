"""How the gradients of languages agreed over time: a matrix for each look, the mean over the runs of a method."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import combinations
from statistics import fmean
from typing import Any

from isogloss.reports.page.numbers import thinned
from isogloss.reports.page.run import SeenRun, by_method

WHOLE = "model"
LOOKS = 40
"""Looks that are kept of each method."""
CELLS = 250_000
"""Cells of all matrices together, about a megabyte; beyond that fewer looks are kept."""
_METRICS = ("cosine", "corrected")

Pairs = dict[tuple[str, str], list[float]]


def conflicts(runs: Iterable[SeenRun]) -> list[dict[str, Any]]:
    """What the probes ``conflicts`` and ``observed_conflicts`` saw of the whole model.

    Args:
        runs: The runs.

    Returns:
        For each method, probe and metric the ``languages``, the ``steps``, and for each step the upper triangle of the
        matrix, row by row; None where a pair has no value.
    """
    found = []
    for method, own in by_method(runs).items():
        for probe in ("conflicts", "observed_conflicts"):
            for metric in _METRICS:
                looks = _looks(own, probe, metric)
                if looks:
                    found.append({"method": method, "probe": probe, "metric": metric, **_matrices(looks, LOOKS)})
    cells = sum(len(one["values"]) * len(one["values"][0]) for one in found if one["values"])
    if cells > CELLS:
        for one in found:
            kept = thinned(range(len(one["steps"])), max(2, len(one["steps"]) * CELLS // cells))
            one |= {name: [one[name][place] for place in kept] for name in ("steps", "values")}
    return found


def _looks(runs: Iterable[SeenRun], probe: str, metric: str) -> dict[int, Pairs]:
    """By step the values of each pair in the runs."""
    found: dict[int, Pairs] = {}
    for run in runs:
        for row in run.diagnostics:
            if (row["probe"], row["metric"], row["part"]) == (probe, metric, WHOLE) and row["other"] is not None:
                one, other = sorted((row["language"], row["other"]))
                found.setdefault(row["step"], {}).setdefault((one, other), []).append(row["value"])
    return found


def _matrices(looks: dict[int, Pairs], number: int) -> dict[str, Any]:
    languages = sorted({language for pairs in looks.values() for pair in pairs for language in pair})
    steps = thinned(sorted(looks), number)
    values = [
        [round(fmean(looks[step][pair]), 2) if pair in looks[step] else None for pair in combinations(languages, 2)]
        for step in steps
    ]
    return {"languages": languages, "steps": steps, "values": values}

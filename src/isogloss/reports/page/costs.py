"""What a run of each method costs, beside what it scores."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from isogloss.reports.comparison import Comparison
from isogloss.reports.page.numbers import short
from isogloss.reports.page.run import SeenRun, by_method
from isogloss.reports.statistics import summarise

MEASURES: Mapping[str, Callable[[Mapping[str, Any]], float]] = {
    "training, minutes": lambda cost: cost["seconds"]["training"] / 60,
    "arithmetic, TFLOP": lambda cost: cost["flops"] / 1e12,
    "peak memory of the GPU, GiB": lambda cost: cost["peak_memory_gpu"] / 2**30,
    "peak memory of the process, GiB": lambda cost: cost["peak_memory_cpu"] / 2**30,
    "trained parameters, millions": lambda cost: cost["trained_parameters"] / 1e6,
}
"""What the page puts beside scores."""


def costs(runs: Iterable[SeenRun]) -> list[dict[str, Any]]:
    """By method and measure the mean over the runs that have come to an end, and the range; all zero is left out."""
    found = []
    for method, own in by_method(runs).items():
        known = [run.cost for run in own if run.cost is not None and run.finished]
        for name, measure in MEASURES.items() if known else ():
            summary = summarise([measure(cost) for cost in known])
            if summary.high > 0:
                numbers = {key: short(getattr(summary, key)) for key in ("mean", "low", "high")}
                found.append({"measure": name, "method": method, **numbers, "runs": summary.n})
    return found


def levels(comparison: Comparison) -> list[dict[str, Any]]:
    """By mean over languages and by method the score over seeds, in per cent: what costs are put beside."""
    found = []
    for line in comparison.lines:
        if line.source is None:
            for method in comparison.methods:
                if line.scores[method]:
                    summary = summarise([100 * score for score in line.scores[method].values()])
                    numbers = {key: short(getattr(summary, key)) for key in ("mean", "low", "high")}
                    found.append({"line": f"{line.label} ({line.data})", "method": method, **numbers})
    return found

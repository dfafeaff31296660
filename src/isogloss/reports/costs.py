"""What methods cost, side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from isogloss.common.errors import IsoglossError
from isogloss.reports.markdown import markdown_table
from isogloss.reports.statistics import summarise


def cost_table(runs: Sequence[tuple[str, Mapping[str, Any]]]) -> str:
    """Methods and what a run of each costs: the mean over its runs, with the range where they differ.

    Args:
        runs: Name of the method and cost, as `isogloss.run.ledger.Ledger.read` gives it, of each run.

    Returns:
        Markdown without a final line break: the table, and below it what it means.

    Raises:
        IsoglossError: There are no runs.
    """
    if not runs:
        raise IsoglossError("a table of costs needs runs, found none")
    costs: dict[str, list[Mapping[str, Any]]] = {}
    for method, cost in runs:
        costs.setdefault(method, []).append(cost)
    body = []
    for method, own in costs.items():
        aside = [sum(value for name, value in cost["seconds"].items() if name != "training") for cost in own]
        body.append(
            [
                method,
                str(len(own)),
                _spread([cost["seconds"]["training"] for cost in own], ".1f"),
                _spread(aside, ".1f"),
                _spread([cost["steps"] for cost in own], ",.0f"),
                _spread([cost["samples"] for cost in own], ",.0f"),
                _spread([cost["passes"] for cost in own], ",.0f"),
                _spread([cost["samples_per_second"] for cost in own], ",.1f"),
                _spread([cost["subwords_per_second"] for cost in own], ",.0f"),
                _spread([cost["flops"] / 1e12 for cost in own], ",.3g"),
                _spread([cost["peak_memory_cpu"] / 2**30 for cost in own], ".2f"),
                _spread([cost["peak_memory_gpu"] / 2**30 for cost in own], ".2f"),
                _spread([cost["trained_parameters"] for cost in own], ",.0f"),
                _spread([cost["parameters"] for cost in own], ",.0f"),
            ]
        )
    headers = [
        *("method", "runs", "training s", "aside s", "steps", "samples", "passes", "samples/s", "sub-words/s"),
        *("TFLOP", "peak CPU GiB", "peak GPU GiB", "trained", "parameters"),
    ]
    table = markdown_table(body, headers, ("left", *["right"] * 13))
    legend = (
        "Per run: mean (smallest–largest). Aside: evaluation, saving and probes, which is not time of training. "
        "Passes: one forward and one backward each, over all processes. TFLOP: an estimate, per sub-word (with "
        "padding) 2 for each parameter outside tables of embeddings, and 4 more where it is trained. Peak CPU: the "
        "whole process since it began."
    )
    return f"{table}\n\n{legend}"


def _spread(values: Sequence[float], form: str) -> str:
    summary = summarise(values)
    centre, low, high = (format(value, form) for value in (summary.mean, summary.low, summary.high))
    return centre if low == high else f"{centre} ({low}–{high})"

"""What another choice of the weights would have given, from the dev scores that a run took on its way."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from statistics import mean
from typing import Any

from tabulate import tabulate

from isogloss.reports.cells import is_of_sources, told_apart

Row = Mapping[str, Any]


def selections_table(rows: Sequence[Row], train_languages: Collection[str], metric: str) -> str | None:
    """The step that each rule of selection takes, and the mean dev scores of source and target languages there.

    ``source-dev`` takes the step with the best mean over the source languages, ``target-dev`` the best mean over all
    languages with dev data, ``last`` the last one; at a tie the earlier step. The differences are what is lost, or what
    is gained by looking at data that a zero-shot setting does not have. The dev scores of a rule that maximises
    them are optimistic by as much as they vary from step to step.

    Args:
        rows: All result rows of one run, those of its evaluations on the way (``selection`` null) among them.
        train_languages: Codes of the source languages.
        metric: The metric to select by.

    Returns:
        Plain text without a final line break; None where there were not two evaluations with dev data of a source
        and a target language, so that there is nothing to choose.
    """
    curve: dict[int, dict[tuple[str, str], float]] = {}
    cells: set[tuple[str, str]] = set()
    sources: set[tuple[str, str]] = set()
    for row in rows:
        if row["selection"] is None and row["split"] == "dev" and row["metric"] == metric:
            cell = row["data"], told_apart(row)["language"]
            curve.setdefault(row["step"], {})[cell] = row["value"]
            cells.add(cell)
            if is_of_sources(row, train_languages):
                sources.add(cell)
    targets = cells - sources
    if len(curve) < 2 or not sources or not targets:
        return None

    def level(step: int, of: Collection[tuple[str, str]]) -> float:
        return mean(curve[step][cell] for cell in of)

    steps = sorted(curve)
    chosen = {
        "source-dev": max(steps, key=lambda step: level(step, sources)),
        "target-dev": max(steps, key=lambda step: level(step, cells)),
        "last": steps[-1],
    }
    body = [
        [rule, step, f"{100 * level(step, sources):.1f}", f"{100 * level(step, targets):.1f}"]
        for rule, step in chosen.items()
    ]
    headers = ["selection", "step", f"source dev {metric} %", f"target dev {metric} %"]
    return tabulate(body, headers=headers, disable_numparse=True, colalign=("left", "right", "right", "right"))

"""What another choice of the weights would have given, from the dev scores that a run took on its way."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from statistics import mean
from typing import Any

from tabulate import tabulate

from isogloss.reports.cells import is_of_sources, told_apart

Row = Mapping[str, Any]
Cell = tuple[str, str]
"""A data set and a language, or two."""


def selections_table(rows: Sequence[Row], train_languages: Collection[str], metric: str) -> str | None:
    """The step that each rule of selection takes, and the mean dev scores of source and target languages there.

    ``source-dev`` takes the step with the best mean over the source languages, ``target-dev`` the best mean over all
    languages with dev data, ``last`` the last one; at a tie the earlier step. The differences are what is lost, or what
    is gained by looking at data that a zero-shot setting does not have. The dev scores of a rule that maximises
    them are optimistic by as much as they vary from step to step. Scores of targets may rest on a sample of their
    sentences (``evaluation_sample``), and then the choice of ``target-dev`` does too: ``n`` tells how many there were.

    Args:
        rows: All result rows of one run: those of its evaluations on the way (``selection`` null), and the final ones,
            which say how many sentences there are.
        train_languages: Codes of the source languages.
        metric: The metric to select by.

    Returns:
        Plain text without a final line break; None where there were not two evaluations with dev data of a source
        and a target language, so that there is nothing to choose.
    """
    curve: dict[int, dict[Cell, float]] = {}
    seen: dict[Cell, int] = {}
    whole: dict[Cell, int] = {}
    sources: set[Cell] = set()
    for row in rows:
        if row["split"] != "dev" or row["metric"] != metric:
            continue
        cell = row["data"], told_apart(row)["language"]
        if row["selection"] is not None:
            whole[cell] = row["n"]
            continue
        curve.setdefault(row["step"], {})[cell], seen[cell] = row["value"], row["n"]
        if is_of_sources(row, train_languages):
            sources.add(cell)
    cells = set(seen)
    targets = cells - sources
    if len(curve) < 2 or not sources or not targets:
        return None

    def level(step: int, of: Collection[Cell]) -> float:
        return mean(curve[step][cell] for cell in of)

    def shown(step: int, of: Collection[Cell]) -> list[str]:
        return [f"{100 * level(step, of):.1f}", f"{sum(seen[cell] for cell in of):,}"]

    steps = sorted(curve)
    chosen = {
        "source-dev": max(steps, key=lambda step: level(step, sources)),
        "target-dev": max(steps, key=lambda step: level(step, cells)),
        "last": steps[-1],
    }
    body = [[rule, step, *shown(step, sources), *shown(step, targets)] for rule, step in chosen.items()]
    headers = ["selection", "step", f"source dev {metric} %", "n", f"target dev {metric} %", "n"]
    table = tabulate(body, headers=headers, disable_numparse=True, colalign=("left", *["right"] * 5))
    every, some = (sum(of.get(cell, seen[cell]) for cell in targets) for of in (whole, seen))
    sampled = f"target dev rests on {some:,} of {every:,} sentences (evaluation_sample)"
    return table if some == every else f"{table}\n{sampled}"

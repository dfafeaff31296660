"""What a reader must know before any number: what is missing, unequal, or not above chance."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from isogloss.reports.comparison import Comparison
from isogloss.reports.differences import FEWEST_SEEDS
from isogloss.reports.floors import mark
from isogloss.reports.page.run import Row, SeenRun
from isogloss.reports.protocol import badge

LISTED = 8
"""Runs or languages that a warning names; the rest is counted."""


def warnings(
    runs: Sequence[SeenRun],
    comparison: Comparison | None,
    rows: Sequence[Row],
    *,
    kind: str,
    unpredicted: Collection[str],
    untold: Collection[str],
) -> list[str]:
    """Warnings, the gravest first.

    Args:
        runs: All runs.
        comparison: What is shown of their scores; None: there are none.
        rows: The result rows that it rests on, named by method.
        kind: Split (and view) of the scores.
        unpredicted: Runs whose predictions are not all there.
        untold: Methods whose predictions are there without the sentences that they are of.
    """
    found = []
    unfinished = [run for run in runs if not run.finished]
    if unfinished:
        named = some(f"{run.path} (step {run.step:,}{f' of {run.steps:,}' if run.steps else ''})" for run in unfinished)
        found.append(f"{len(unfinished)} of {len(runs)} runs have no final scores, and count in no table: {named}.")
    scored = {row["run"] for row in rows}
    without = [run.path for run in runs if run.finished and run.path not in scored]
    if without:
        found.append(f"Runs without a final {kind} score, which count in no table: {some(without)}.")
    if comparison is not None:
        found += _unequal(rows) + _few(comparison) + _not_above(comparison)
    touched = {row["run"] for row in rows if (row.get("test_touches") or 0) > 1}
    if touched:
        found.append(f"Test data were scored more than once by {some(sorted(touched))}.")
    if any(row["selection"] == "target-dev" for row in rows):
        found.append(
            "Weights were chosen on dev data of the target languages (target-dev): this is no zero-shot score."
        )
    if unpredicted:
        found.append(
            f"Predictions are missing in {some(sorted(unpredicted))}: where they are, intervals are over seeds alone, "
            "which is too narrow."
        )
    if untold:
        found.append(
            f"Sentences are known by their ids only, as runs of an earlier version did not keep texts: {some(untold)}."
        )
    return found


def some(names: Iterable[str]) -> str:
    """The first few names, and how many more there are.

    Example:
        >>> some(f"run-{number}" for number in range(10))
        'run-0, run-1, run-2, run-3, run-4, run-5, run-6, run-7 and 2 more'
    """
    every = list(names)
    rest = f" and {len(every) - LISTED} more" if len(every) > LISTED else ""
    return ", ".join(every[:LISTED]) + rest


def _unequal(rows: Sequence[Row]) -> list[str]:
    found = []
    badges = sorted({badge({**row, "interpolation": None}) for row in rows})
    if len(badges) > 1:
        found.append(f"The methods were not measured on equal terms: {some(badges)}.")
    trained = sorted({", ".join(row["train_languages"] or ()) for row in rows})
    if len(trained) > 1:
        found.append(f"The methods were not trained on the same languages: {some(trained)}.")
    return found


def _few(comparison: Comparison) -> list[str]:
    seeds = {method: max(len(line.scores[method]) for line in comparison.lines) for method in comparison.methods}
    few = [f"{method} ({number})" for method, number in seeds.items() if number < FEWEST_SEEDS]
    rule = f"Fewer than {FEWEST_SEEDS} seeds, so no verdict on: {some(few)}."
    return [rule] if few and comparison.baseline is not None and len(comparison.methods) > 1 else []


def _not_above(comparison: Comparison) -> list[str]:
    found = []
    for method in comparison.methods:
        low = [
            f"{line.label} ({line.data})"
            for line in comparison.lines
            if line.source is not None and line.scores[method] and mark(_mean(line.scores[method].values()), line.floor)
        ]
        if low:
            found.append(f"{method} is not above the floor (always the most frequent label) in {some(low)}.")
    return found


def _mean(values: Collection[float]) -> float:
    return sum(values) / len(values)

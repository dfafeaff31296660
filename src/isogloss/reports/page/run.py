"""A run as the page sees it: what its folder holds, read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Row = Mapping[str, Any]


@dataclass(frozen=True)
class SeenRun:
    """What is known of a run, finished or not.

    Attributes:
        path: Its folder.
        method: What it is called; runs that differ in the seed only share it.
        seed: Its seed; None: unknown.
        finished: Whether it has final scores.
        step: The last step that was logged.
        steps: How many it was to take; None: unknown.
        results: Rows of its ``results.jsonl``.
        diagnostics: Rows of its ``diagnostics.jsonl``.
        gap: Rows of its ``gap.jsonl``, which `isogloss gap` writes.
        history: The log history of its ``trainer_state.json``, or of its newest checkpoint's.
        cost: Its ``cost.json``; None: it has none.
        recipe: Its resolved recipe, as YAML; empty: it has none.
        command: The command that started it first; empty: unknown.
    """

    path: str
    method: str
    seed: int | None
    finished: bool
    step: int
    steps: int | None
    results: Sequence[Row] = ()
    diagnostics: Sequence[Row] = ()
    gap: Sequence[Row] = ()
    history: Sequence[Row] = ()
    cost: Mapping[str, Any] | None = None
    recipe: str = ""
    command: tuple[str, ...] = ()


def by_method(runs: Iterable[SeenRun]) -> dict[str, list[SeenRun]]:
    """The runs of each method, in the order of their first ones."""
    found: dict[str, list[SeenRun]] = {}
    for run in runs:
        found.setdefault(run.method, []).append(run)
    return found

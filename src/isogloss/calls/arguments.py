"""What `train` and `pretrain` share: arguments that are keys of a recipe, and doubts about a run that has ended."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import Any

from isogloss.run.experiment import Experiment


def as_overrides(overrides: Iterable[str], limit: int | None, report_to: str | None) -> list[str]:
    """All overrides, those that have an argument of their own last."""
    given = {"limit": limit, "report_to": report_to}
    return [*overrides, *(f"{key}={value}" for key, value in given.items() if value is not None)]


def print_doubts(experiment: Experiment, final: list[dict[str, Any]]) -> None:
    """Warn, on one process, where the end of a run says that it has not learned."""
    for doubt in experiment.doubts(final):
        print(doubt, file=sys.stderr)

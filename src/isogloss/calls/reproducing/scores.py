"""What runs of a setting scored: as they lie in an output folder, or as we recorded them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from isogloss.calls.reproducing.papers import FOLDER
from isogloss.common.writing import read_lines

RECORDED = FOLDER / "recorded.jsonl"
"""Scores that we measured, a row each: see `as_recorded`."""


class Place(NamedTuple):
    """What a score is of.

    Attributes:
        arm: The arm.
        data: The test set.
        language: Its language.
        metric: The metric.
    """

    arm: str
    data: str
    language: str
    metric: str


Scores = dict[Place, dict[int, float]]
"""Scores in per cent by seed."""


def arm_folder(root: Path, name: str, scale: str, arm: str) -> Path:
    """Where the runs of an arm are.

    Example:
        >>> str(arm_folder(Path("runs"), "fun/mnli", "smoke", "standard"))
        'runs/fun/mnli/smoke/standard'
    """
    return root / name / scale / arm.replace(" ", "-")


def found_scores(folder: Path, arm: str, metric: str, scored_as: Mapping[str, str]) -> Scores:
    """The final test scores of an arm's runs in a folder; runs that have not ended have none.

    Where languages have adapters, those of each language's own count, as papers have it.

    Args:
        folder: The folder.
        arm: The arm.
        metric: The metric.
        scored_as: By language another metric that stands for it.
    """
    found: Scores = {}
    for path in sorted(folder.glob("**/results.jsonl")):
        for row in read_lines(path):
            final = row["split"] == "test" and row["selection"] and row["view"] == "original"
            if final and row.get("at_test") != "keep" and row["metric"] == scored_as.get(row["language"], metric):
                place = Place(arm, row["data"], row["language"], metric)
                found.setdefault(place, {})[int(row["seed"])] = 100 * row["value"]
    return found


def as_recorded(setting: str, scale: str, scores: Scores) -> list[dict[str, Any]]:
    """The scores as rows of `RECORDED`."""
    return [
        {"setting": setting, "scale": scale, **place._asdict(), "seed": seed, "value": round(value, 3)}
        for place, own in scores.items()
        for seed, value in own.items()
    ]


def recorded_scores(setting: str, scale: str, rows: Iterable[Mapping[str, Any]] | None = None) -> Scores:
    """What we recorded of a setting at a scale."""
    found: Scores = {}
    for row in read_lines(RECORDED) if rows is None else rows:
        if (row["setting"], row["scale"]) == (setting, scale):
            place = Place(*(row[field] for field in Place._fields))
            found.setdefault(place, {})[row["seed"]] = row["value"]
    return found

"""What `isogloss gap` found, as the page shows it."""

from __future__ import annotations

from statistics import mean
from typing import Any

import pytest

from isogloss.reports.gaps import gap_associations
from isogloss.reports.page import SeenRun
from isogloss.reports.page.beside_source import MEAN, beside_source, by_kind

Row = dict[str, Any]

CODES = "abcdef"


def rows_of(seed: int, **changes: Any) -> list[Row]:
    """Languages that are the less like the source the later they come, but for two neighbours of the last layer."""
    kind = {"split": "test", "view": "original", "metric": "accuracy", "pooling": "mean", **changes}
    shared = {**kind, "method": "as gap called it", "n": 9, "d": 4, "retrieval": 0.5}
    return [
        {**shared, "language": code, "state": state, "layer": layer, "cka": cka / (2 - layer), "gap": gap / 100}
        for state in ("before", "alone")
        for layer in (0, 1)
        for code, cka, gap in zip(CODES, (0.9, 0.8, 0.7, 0.6, 0.5, 0.4 - seed / 10), (1, 2, 3, 5, 4, 6), strict=True)
    ]


def run_of(seed: int, method: str = "own name", **changes: Any) -> SeenRun:
    return SeenRun(f"run-{seed}", method, seed, finished=True, step=1, steps=1, gap=rows_of(seed, **changes))


def test_curves_are_means_over_runs_and_correlations_those_of_gap():
    runs = [run_of(0), run_of(1)]
    (found,) = beside_source(runs)
    assert (found["method"], found["kind"], found["layer"]) == ("own name", "test accuracy, mean over sub-words", 1)
    curves = {(curve["measure"], curve["language"], curve["state"]): curve["values"] for curve in found["curves"]}
    assert len(curves) == 2 * (len(CODES) + 1) * 2
    assert curves["CKA", "f", "before training"] == [0.175, 0.35]
    assert curves["CKA", MEAN, "after, each text alone"][1] == round(mean((0.9, 0.8, 0.7, 0.6, 0.5, 0.35)), 4)
    assert found["gaps"] == dict(zip(CODES, (1.0, 2.0, 3.0, 5.0, 4.0, 6.0), strict=True))
    (rows,) = by_kind(runs).values()
    rho = gap_associations(rows, layer=1)["own name", "alone"]
    assert rho.value == pytest.approx(1 - 12 / 210) and rho.low is not None
    told = {"state": "after, each text alone", "languages": 6, "rho": rho.value, "low": rho.low, "high": rho.high}
    assert found["correlations"][1] == told


def test_what_was_measured_otherwise_is_not_mixed():
    found = beside_source([run_of(0), run_of(1, split="dev"), run_of(2, pooling="first"), run_of(3, "other")])
    assert [(one["method"], one["kind"]) for one in found] == [
        ("own name", "test accuracy, mean over sub-words"),
        ("own name", "dev accuracy, mean over sub-words"),
        ("own name", "test accuracy, first state"),
        ("other", "test accuracy, mean over sub-words"),
    ]
    assert beside_source([SeenRun("run", "own name", 0, finished=True, step=1, steps=1)]) == []

"""The table of transfer: mean, range and gap, by hand."""

from __future__ import annotations

from typing import Any

import pytest

from isogloss import IsoglossError
from isogloss.reports.transfer import transfer_table


def row(language: str, seed: int, value: float, method: str = "multitask") -> dict[str, Any]:
    return {"language": language, "seed": seed, "value": value, "method": method, "train_languages": ["fr", "en"]}


def test_means_ranges_and_gaps():
    values = {"en": (0.9, 0.8), "fr": (0.7, 0.6), "de": (0.5, 0.1)}
    rows = [row(language, seed, value) for language, pair in values.items() for seed, value in enumerate(pair)]
    lines = [line.split() for line in transfer_table(rows).splitlines()]
    assert lines[2:] == [
        ["en", "(source)", "85.0", "(80.0–90.0)", "-10.0"],
        ["fr", "(source)", "65.0", "(60.0–70.0)", "10.0"],
        ["de", "30.0", "(10.0–50.0)", "45.0"],
    ]


def test_nothing_and_holes_are_errors():
    with pytest.raises(IsoglossError, match="found none"):
        transfer_table([])
    with pytest.raises(IsoglossError, match="no score of reptile in fr"):
        transfer_table([row("en", 0, 0.5), row("fr", 0, 0.5), row("en", 0, 0.5, "reptile")])

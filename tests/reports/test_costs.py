from __future__ import annotations

from typing import Any

import pytest

from isogloss.common.errors import IsoglossError
from isogloss.reports.costs import cost_table


def cost(**changes: Any) -> dict[str, Any]:
    whole = {"seconds": {"training": 10.0, "evaluation": 2.0, "saving": 0.5}, "steps": 100, "samples": 3200}
    whole |= {"passes": 100, "samples_per_second": 320.0, "subwords_per_second": 6400.0, "flops": 3e12}
    whole |= {"peak_memory_cpu": 2**30, "peak_memory_gpu": 0, "trained_parameters": 1000, "parameters": 1234}
    return whole | changes


def test_means_and_ranges_by_method():
    slow = cost(seconds={"training": 20.0}, samples_per_second=160.0)
    lines = cost_table([("multitask", cost()), ("multitask", slow), ("single en", cost())]).splitlines()
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    assert cells[2][:4] == ["multitask", "2", "15.0 (10.0–20.0)", "1.2 (0.0–2.5)"]
    assert cells[2][7] == "240.0 (160.0–320.0)"
    assert cells[3] == [
        *("single en", "1", "10.0", "2.5", "100", "3,200", "100", "320.0", "6,400", "3"),
        *("1.00", "0.00", "1,000", "1,234"),
    ]


def test_no_runs():
    with pytest.raises(IsoglossError, match="needs runs, found none"):
        cost_table([])

"""Quality beside cost."""

from __future__ import annotations

from typing import Any

import pytest

from isogloss.common.errors import IsoglossError
from isogloss.reports.pareto import pareto, priced


def test_nobody_beats_those_in_the_set():
    assert pareto([0.8, 0.7, 0.9, 0.9], [2, 3, 5, 6]) == [True, False, True, False]
    assert pareto([0.8, 0.8], [2, 2]) == [True, True]
    assert pareto([], []) == []
    with pytest.raises(IsoglossError, match="found 1 scores and 2 costs"):
        pareto([0.8], [1, 2])


def cost(seconds: float, gpu: float = 0, cpu: float = 1) -> dict[str, Any]:
    return {"seconds": {"training": seconds}, "peak_memory_gpu": gpu, "peak_memory_cpu": cpu, "flops": 10}


def test_time_and_memory_are_judged_by_themselves():
    costs = {"a": [cost(1, cpu=9), cost(3, cpu=9)], "b": [cost(4, cpu=5)], "lost": []}
    first, second = priced({"a": 0.5, "b": 0.5, "lost": 0.9}, costs)
    assert (first.seconds, first.memory, first.runs) == (2, 9, 2)
    assert (first.best_for_time, first.best_for_memory) == (True, False)
    assert (second.best_for_time, second.best_for_memory) == (False, True)


def test_memory_is_that_of_the_gpu_where_all_runs_used_one():
    on_gpu = {"a": [cost(1, gpu=7)], "b": [cost(1, gpu=8)]}
    assert [own.memory for own in priced({"a": 1, "b": 0}, on_gpu)] == [7, 8]
    # A run without one has used no memory of it, which is no merit.
    some = priced({"a": 1, "b": 0}, {**on_gpu, "b": [cost(1)]})
    assert [own.memory for own in some] == [1, 1] and not some[1].best_for_memory

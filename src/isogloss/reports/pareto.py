"""Quality beside cost: which methods no other one beats in both."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import mean
from typing import Any

from isogloss.common.errors import IsoglossError


@dataclass(frozen=True, slots=True)
class Priced:
    """What a method scores and what a run of it costs, as means over its runs.

    Attributes:
        method: Name of the method.
        score: Its score, a fraction.
        seconds: Time of training.
        memory: Peak memory in bytes: of the GPU, or of the process where not all runs used one.
        flops: Floating-point operations of training, by the estimate of `isogloss.run.ledger.Ledger.read`:
            (2·N + 4·N_trained) per sub-word, N being parameters outside tables of embeddings.
        runs: Number of runs.
        best_for_time: Whether no other method scores at least as high in at most the time, and is better in one.
        best_for_memory: The same for memory.
    """

    method: str
    score: float
    seconds: float
    memory: float
    flops: float
    runs: int
    best_for_time: bool
    best_for_memory: bool


def pareto(scores: Sequence[float], costs: Sequence[float]) -> list[bool]:
    """Whether each point is in the Pareto set: none scores at least as high at no higher cost, and is better in one.

    Points that are equal in both are in it together, or not at all.

    Args:
        scores: Scores, the higher the better.
        costs: Costs of the same, the lower the better.

    Raises:
        IsoglossError: There are other numbers of scores than of costs.

    Example:
        >>> pareto([0.8, 0.7, 0.9], [2.0, 3.0, 5.0])
        [True, False, True]

    Reference:
        Pareto, *Manuale di economia politica*, 1906.
    """
    if len(scores) != len(costs):
        raise IsoglossError(f"each score needs a cost, found {len(scores)} scores and {len(costs)} costs")
    points = list(zip(scores, costs, strict=True))
    return [
        not any(score >= own and cost <= price and (score, cost) != (own, price) for score, cost in points)
        for own, price in points
    ]


def priced(scores: Mapping[str, float], costs: Mapping[str, Sequence[Mapping[str, Any]]]) -> list[Priced]:
    """Methods with what they score and cost, and whether they are in the Pareto sets.

    Means over runs are compared as they are: a lead of nothing but chance counts, too.

    Args:
        scores: The score of each method.
        costs: Of each method the costs of its runs, as `isogloss.run.ledger.Ledger.read` gives them; methods without
            any are left out.
    """
    known = {method: costs[method] for method in scores if costs.get(method)}
    # One measure for all, as the memory of a process that uses a GPU is something else.
    on_gpu = all(cost["peak_memory_gpu"] for own in known.values() for cost in own)
    peak = "peak_memory_gpu" if on_gpu else "peak_memory_cpu"
    seconds = {method: mean(cost["seconds"]["training"] for cost in own) for method, own in known.items()}
    memory = {method: mean(cost[peak] for cost in own) for method, own in known.items()}
    levels = [scores[method] for method in known]
    best = zip(pareto(levels, list(seconds.values())), pareto(levels, list(memory.values())), strict=True)
    return [
        Priced(
            method,
            scores[method],
            seconds[method],
            memory[method],
            mean(cost["flops"] for cost in own),
            len(own),
            *flags,
        )
        for (method, own), flags in zip(known.items(), best, strict=True)
    ]

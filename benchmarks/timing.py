"""Interleaved repeats: what is compared runs turn by turn in one process, so that a slow minute slows all of it."""

from __future__ import annotations

import gc
import statistics
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import Any

import torch


@dataclass(frozen=True)
class Measurement:
    """One round of one arm.

    Attributes:
        seconds: Time of the timed steps: by the wall clock, or of the processor where a benchmark says so.
        steps: Number of timed steps.
        sentences: Sentences in them.
        cells: Sub-words in them, padding included.
        subwords: Sub-words in them, padding not included.
    """

    seconds: float
    steps: int
    sentences: int = 0
    cells: int = 0
    subwords: int = 0


Arm = Callable[[int], Measurement]
"""Runs the round of that number, from 0, and says how long it took."""

Per = Callable[[Measurement], float]
"""The cost of a round: seconds per something."""


def per_step(round_: Measurement) -> float:
    """Seconds per step."""
    return round_.seconds / round_.steps


def per_sentence(round_: Measurement) -> float:
    """Seconds per sentence."""
    return round_.seconds / round_.sentences


def per_cell(round_: Measurement) -> float:
    """Seconds per sub-word, padding included."""
    return round_.seconds / round_.cells


def interleave(arms: Mapping[str, Arm], rounds: int) -> dict[str, list[Measurement]]:
    """Run every arm once per round, in the order of the mapping and in every second round the other way round.

    Round 0 warms up: it is run and thrown away, and rounds 1 to ``rounds`` are kept.
    """
    kept: dict[str, list[Measurement]] = {name: [] for name in arms}
    # What is alive now stays alive, and walking through it at every collection would take half a second each.
    gc.collect()
    gc.freeze()
    try:
        for number in range(rounds + 1):
            for name in arms if number % 2 else reversed(list(arms)):
                gc.collect()
                measured = arms[name](number)
                if number:
                    kept[name].append(measured)
    finally:
        gc.unfreeze()
    return kept


@contextmanager
def one_thread() -> Iterator[None]:
    """Inside, torch has one thread, so that the time of the processor is that of a clock on an idle machine."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


def spread(values: Sequence[float]) -> dict[str, Any]:
    """Median, extremes, and the values themselves."""
    return {"median": statistics.median(values), "min": min(values), "max": max(values), "values": list(values)}


def slowdown(of: Sequence[Measurement], against: Sequence[Measurement], per: Per) -> dict[str, Any]:
    """How many times the cost of ``against`` the cost of ``of`` is, round by round: the median of paired ratios."""
    return spread([per(one) / per(other) for one, other in zip(of, against, strict=True)])


def speedup(of: Sequence[Measurement], against: Sequence[Measurement], per: Per) -> dict[str, Any]:
    """How many times as fast as ``against`` ``of`` is: the inverse of `slowdown`, also round by round."""
    return slowdown(against, of, per)


def describe(rounds: Sequence[Measurement]) -> dict[str, Any]:
    """An arm for the JSON: its figures and its rounds."""
    entry: dict[str, Any] = {"milliseconds_per_step": spread([1000 * per_step(one) for one in rounds])}
    if rounds[0].sentences:
        entry["sentences_per_second"] = spread([1 / per_sentence(one) for one in rounds])
        entry["padding"] = 1 - sum(one.subwords for one in rounds) / sum(one.cells for one in rounds)
    return {**entry, "rounds": [asdict(one) for one in rounds]}

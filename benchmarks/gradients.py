"""What do gradient methods cost over adding gradients up, and how do others' ways of computing them compare?

Each arm runs in a process of its own, so its peak memory is its own. ``python -m benchmarks.gradients SHAPE LANGUAGES
ARM THREADS`` is such a process, with the shape as JSON: it prints its figures as JSON.
"""

from __future__ import annotations

import argparse
import gc
import json
import resource
import signal
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch

from benchmarks.gradient_arms import ARMS, BY_ROWS, GRADVAC, LOOP, MATRIX, PCGRAD, SUMMED, TABLE_ARMS, TORCHJD
from benchmarks.memory import forget_peak, megabytes
from benchmarks.results import claim, machine
from benchmarks.shapes import BASE, SMALL, TOY, Shape
from benchmarks.timing import spread
from benchmarks.workload import Workload

LIMIT = 300.0
"""Seconds an arm's process may take."""
MANY = 8
"""From so many languages on, the bounds against peers that work over all parameters per pair hold."""
NO_MEMORY = "out of memory"

Figures = dict[str, Any]


def run(workload: Workload, rounds: int) -> dict[str, Any]:
    """Measure the small shape with a few languages and with many."""
    return run_shape(SMALL if workload.size.limit is None else TOY, rounds)


def run_base(workload: Workload, rounds: int) -> dict[str, Any]:
    """Measure the shape of XLM-R base, where some arms may not fit into memory."""
    return {
        **run_shape(BASE if workload.size.limit is None else TOY, rounds),
        "benchmark": "gradients_base",
    }


def run_shape(shape: Shape, rounds: int, arms: Sequence[str] = tuple(ARMS)) -> dict[str, Any]:
    """Measure every arm ``rounds`` times with each number of languages."""
    started = machine()
    parameters = sum(parameter.numel() for parameter in shape.new_model().parameters())
    return {
        "benchmark": "gradients",
        "machine": started,
        "workload": {**asdict(shape), "parameters": parameters},
        "subject": f"Text classification with random sub-words, a batch of {shape.batch_size} x {shape.length} per "
        f"language and step, an XLM-R of {shape.layers} layers x {shape.hidden} and {shape.vocabulary:,} sub-words "
        f"({parameters / 1e6:.1f} M parameters). Each round of an arm is a process of its own; milliseconds are over "
        "all timed steps, ratios of time are between the medians of a round. Memory above adding up is below zero "
        "where an arm needs less. An arm that ran out of memory, or over "
        f"{LIMIT:.0f} s, has no figures.",
        "skipped": [],
        "parts": [_part(shape, languages, rounds, arms) for languages in shape.languages],
    }


def _part(shape: Shape, languages: int, rounds: int, arms: Sequence[str]) -> dict[str, Any]:
    rows: dict[str, list[Figures]] = {name: [] for name in arms}
    failed: dict[str, str] = {}
    for _ in range(rounds):
        for name in arms:
            if name in failed:
                continue
            figures = in_own_process(shape, languages, name)
            if isinstance(figures, str):
                failed[name] = figures
            else:
                rows[name].append(figures)
    kept = {name: own for name, own in rows.items() if name not in failed}
    return {
        "part": f"{shape.name}, {languages} languages",
        "precision": "fp32",
        "rounds": rounds,
        "steps_per_round": shape.steps,
        "arms": {name: {"outcome": failed[name]} if name in failed else _arm(kept, name) for name in arms},
        "ratios": _ratios(kept, languages),
    }


def _arm(rows: Mapping[str, list[Figures]], name: str) -> dict[str, Any]:
    own = rows[name]
    entry = {
        "milliseconds_per_step": spread([value for row in own for value in row["milliseconds"]]),
        "training_mb": spread([row["training_mb"] for row in own]),
    }
    if SUMMED in rows:
        entry["extra_mb"] = spread(_extra(rows, name))
    return {**entry, "losses": [row["losses"] for row in own]}


def _extra(rows: Mapping[str, list[Figures]], name: str) -> list[float]:
    return [own["training_mb"] - summed["training_mb"] for own, summed in zip(rows[name], rows[SUMMED], strict=True)]


def _ratios(rows: Mapping[str, list[Figures]], languages: int) -> list[Any]:
    many = languages >= MANY
    cost: dict[str, float] = {"at_most": 1.1}
    # Summed training keeps the rows of the table too, so it has no more to do than PCGrad.
    sums: dict[str, float] = {"at_most": 1.0}
    speed: dict[str, dict[str, float]] = {name: {"at_least": 3.0} if many else {} for name in (MATRIX, LOOP)}
    speed |= {name: {"at_least": 2.0} for name in (TORCHJD, BY_ROWS)}
    compared = [(PCGRAD, SUMMED, cost), (GRADVAC, SUMMED, cost), (SUMMED, PCGRAD, sums)]
    compared += [(peer, PCGRAD, bound) for peer, bound in speed.items()]
    times = [
        claim(spread(list(map(slowdown, rows[one], rows[other]))), f"time of a step, {one} / {other}", **bound)
        for one, other, bound in compared
        if one in rows and other in rows
    ]
    memory = [
        claim(
            spread([a / b for a, b in zip(_extra(rows, PCGRAD), _extra(rows, peer), strict=True)]),
            f"memory above adding up, {PCGRAD} / {peer}",
            **({"at_most": 0.333} if many and peer in (MATRIX, LOOP) else {}),
        )
        for peer in speed
        if {SUMMED, PCGRAD, peer} <= rows.keys() and min(_extra(rows, peer)) > 0
    ]
    return times + memory


def slowdown(one: Figures, other: Figures) -> float:
    """How many times the time of ``other`` a step of ``one`` takes, by the medians of a round."""
    return statistics.median(one["milliseconds"]) / statistics.median(other["milliseconds"])


def in_own_process(shape: Shape, languages: int, name: str) -> Figures | str:
    """The figures of an arm, or in words why there are none."""
    command = [sys.executable, "-m", "benchmarks.gradients", json.dumps(asdict(shape)), str(languages), name]
    command.append(str(torch.get_num_threads()))
    root = Path(__file__).parents[1]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=root, timeout=LIMIT)
    except subprocess.TimeoutExpired:
        return f"over {LIMIT:.0f} s"
    if done.returncode:
        return reason(done.returncode, done.stderr)
    figures: Figures = json.loads(done.stdout.splitlines()[-1])
    return figures


def reason(code: int, errors: str) -> str:
    """A process that the kernel killed, or that was refused memory, had too little of it; nothing else counts so."""
    last = (errors.strip().splitlines() or [""])[-1]
    refused = ("MemoryError", "allocate memory", "bad_alloc", "not enough memory")
    if code == -signal.SIGKILL or any(words in errors for words in refused):
        return NO_MEMORY
    return f"failed with {code}: {last}"


def measure(take: Callable[[], Callable[[], list[float]]], shape: Shape) -> Figures:
    """Take the steps that ``take`` makes ready, and read clock and memory.

    Returns:
        ``milliseconds`` of each timed step; ``training_mb``, how far memory rose above what it was with the code
        loaded (megabytes of 10^6 bytes); ``losses``, the mean over languages before each step.
    """
    gc.collect()
    forget_peak()
    baseline = megabytes("VmRSS")
    step = take()
    losses, milliseconds = [], []
    for _ in range(shape.warm_steps + shape.steps):
        began = time.perf_counter()
        losses.append(statistics.fmean(step()))
        milliseconds.append(1000 * (time.perf_counter() - began))
    training = megabytes("VmHWM") - baseline
    return {"milliseconds": milliseconds[shape.warm_steps :], "training_mb": training, "losses": losses}


def _spare_the_machine() -> None:
    """Be refused memory that is not there, and if it still runs out, be the first to be killed: others work here."""
    about = Path("/proc/meminfo")
    if about.exists():
        lines = about.read_text(encoding="ascii").splitlines()
        available = next(1024 * int(line.split()[1]) for line in lines if line.startswith("MemAvailable:"))
        resource.setrlimit(resource.RLIMIT_DATA, (available, available))
        Path("/proc/self/oom_score_adj").write_text("1000", encoding="ascii")


def main() -> None:
    """One arm, in this process."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("shape", type=json.loads)
    parser.add_argument("languages", type=int)
    parser.add_argument("arm", choices=[*ARMS, *TABLE_ARMS])
    parser.add_argument("threads", type=int)
    arguments = parser.parse_args()
    _spare_the_machine()
    torch.set_num_threads(arguments.threads)
    shape = Shape(**arguments.shape)
    arm = {**ARMS, **TABLE_ARMS}[arguments.arm]
    arm(TOY, 2)()  # loads all the code of a step
    print(json.dumps(measure(lambda: arm(shape, arguments.languages), shape)))


if __name__ == "__main__":
    main()

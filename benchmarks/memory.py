"""How much memory does training take at its peak? Each arm in a process of its own, where nothing ran before it.

``python -m benchmarks.memory WORKLOAD ARM THREADS`` is such a process: it prints its figures as JSON.
"""

from __future__ import annotations

import argparse
import gc
import json
import pickle
import resource
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch

from benchmarks.ours import Ours
from benchmarks.peer import Peer, as_ours, at_random
from benchmarks.results import claim, machine, workload_entry
from benchmarks.timing import Arm, spread
from benchmarks.ways import WAYS
from benchmarks.workload import Workload

MULTITASK, SAME, FIXED = "isogloss", "Trainer, same batches and optimizer", "Trainer, padded to max_length"
LOOKAHEAD, REPTILE = "isogloss, lookahead", "isogloss, sequential_reptile"

_TEN = {"lookahead": {"inner_steps": 10}}

ARMS: Mapping[str, Callable[[Workload], Arm]] = {
    MULTITASK: lambda workload: Ours(workload, "multitask", "fp32"),
    SAME: lambda workload: Peer(workload, "fp32", as_ours),
    FIXED: lambda workload: Peer(workload, "fp32", at_random, width=workload.size.max_length),
    LOOKAHEAD: lambda workload: Ours(workload, "lookahead", "fp32", optimizer=_TEN),
    REPTILE: lambda workload: Ours(workload, "sequential_reptile", "fp32", optimizer=_TEN),
}

Rows = dict[str, list[dict[str, float]]]


def run(workload: Workload, rounds: int, arms: Sequence[str] = tuple(ARMS)) -> dict[str, Any]:
    """Measure every arm ``rounds`` times, in fp32."""
    started = machine()
    rows = in_own_processes(workload, rounds, arms)
    return {
        "benchmark": "memory",
        "machine": started,
        "workload": workload_entry(workload),
        "skipped": [],
        "parts": [
            {
                "part": "peak memory",
                "precision": "fp32",
                "steps_per_round": workload.size.steps,
                "arms": entries(rows),
                "ratios": _ratios(rows),
            }
        ],
    }


def in_own_processes(workload: Workload, rounds: int, arms: Sequence[str]) -> Rows:
    """What `measure` says of each arm in each round, in a process of its own."""
    rows: Rows = {name: [] for name in arms}
    with tempfile.TemporaryDirectory() as folder:
        pickled = Path(folder) / "workload.pickle"
        pickled.write_bytes(pickle.dumps(workload))
        for _ in range(rounds):
            for name in arms:
                rows[name].append(_in_own_process(pickled, name))
    return rows


def entries(rows: Rows) -> dict[str, Any]:
    """The arms for the JSON."""
    keys = ("training_mb", "process_mb")
    return {name: {key: spread([row[key] for row in own]) for key in keys} for name, own in rows.items()}


def ratio(rows: Rows, one: str, other: str) -> dict[str, Any]:
    """How many times the memory of ``other`` the arm ``one`` takes in training, round by round."""
    return spread([a["training_mb"] / b["training_mb"] for a, b in zip(rows[one], rows[other], strict=True)])


def _ratios(rows: Rows) -> list[Any]:
    compared = [(MULTITASK, SAME), (MULTITASK, FIXED), (LOOKAHEAD, MULTITASK), (REPTILE, MULTITASK)]
    return [
        claim(ratio(rows, one, other), f"peak memory of training, {one} / {other}")
        for one, other in compared
        if one in rows and other in rows
    ]


def _in_own_process(pickled: Path, name: str) -> dict[str, float]:
    command = [sys.executable, "-m", "benchmarks.memory", str(pickled), name, str(torch.get_num_threads())]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=Path(__file__).parents[1])
    if done.returncode:
        raise RuntimeError(f"memory of {name!r}: the process failed with {done.returncode}\n{done.stderr}")
    figures: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return figures


def measure(workload: Workload, name: str) -> dict[str, float]:
    """Train one round and read this process's memory.

    Returns:
        ``training_mb``, how far memory rose above what it was with code and data loaded: weights, gradients, optimizer,
        activations and whatever the loop holds; ``process_mb``, the peak of the whole process in training. Megabytes of
        10^6 bytes.
    """
    workload.new_model()  # loads the code that makes models
    gc.collect()
    forget_peak()
    baseline = megabytes("VmRSS")
    make = WAYS[name] if name in WAYS else ARMS[name]
    make(workload)(1)
    peak = megabytes("VmHWM")
    return {"training_mb": peak - baseline, "process_mb": peak}


def forget_peak() -> None:
    """Let VmHWM start anew from the memory now, so that what loading took for a moment does not count."""
    clear = Path("/proc/self/clear_refs")
    if clear.exists():
        clear.write_text("5", encoding="ascii")


def megabytes(key: str) -> float:
    """Resident memory now (VmRSS) or at its peak (VmHWM); without Linux's /proc the peak in both cases."""
    status = Path("/proc/self/status")
    if status.exists():
        # Not ru_maxrss: a child starts with the peak of the process that forked it.
        lines = status.read_text(encoding="utf-8").splitlines()
        return next(1024 * int(line.split()[1]) for line in lines if line.startswith(f"{key}:")) / 1e6
    unit = 1 if sys.platform == "darwin" else 1024
    return unit * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6


def main() -> None:
    """One arm, in this process."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("workload", type=Path)
    parser.add_argument("arm", choices=[*ARMS, *WAYS])
    parser.add_argument("threads", type=int)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    workload = pickle.loads(arguments.workload.read_bytes())
    print(json.dumps(measure(workload, arguments.arm)))


if __name__ == "__main__":
    main()

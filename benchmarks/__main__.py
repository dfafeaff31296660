"""``python -m benchmarks``: measure, keep the raw numbers, write the tables."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch

from benchmarks import (
    adapters,
    evaluation,
    gradients,
    looks,
    memory,
    slow_weights,
    start,
    step,
    table,
    unfreezing,
    x_mixup,
    xlm_k,
)
from benchmarks.report import write_report
from benchmarks.results import save
from benchmarks.workload import TOY, Size, Workload, load
from isogloss.common.errors import IsoglossError

ROOT = Path(__file__).parents[1]
BENCHMARKS: Mapping[str, tuple[Callable[[Workload, int], dict[str, Any]], int]] = {
    "step": (step.run, 7),
    "slow_weights": (slow_weights.run, 7),
    "x_mixup": (x_mixup.run, 7),
    "xlm_k": (xlm_k.run, 7),
    "memory": (memory.run, 2),
    "evaluation": (evaluation.run, 2),
    "looks": (looks.run, 2),
    "start": (start.run, 2),
    "table": (table.run, 3),
    "adapters": (adapters.run, 7),
    "unfreezing": (unfreezing.run, 3),
    "gradients": (gradients.run, 3),
    "gradients_base": (gradients.run_base, 1),
}
"""What to run and in how many rounds."""
ON_REQUEST = ("gradients_base",)
"""Runs only if it is named: it takes all memory of a machine with 24 GB."""
DEFAULT = tuple(name for name in BENCHMARKS if name not in ON_REQUEST)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benchmarks that were asked for; 1 if they cannot run."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", help=f"of {', '.join(BENCHMARKS)}; default: {', '.join(DEFAULT)}")
    parser.add_argument("--data", type=Path, default=ROOT / ".." / "shared" / "data" / "ud", help="folder of treebanks")
    parser.add_argument("--results", type=Path, default=ROOT / "benchmarks" / "results", help="folder to write to")
    parser.add_argument("--rounds", type=int, help="instead of each benchmark's own number")
    parser.add_argument("--threads", type=int, default=2, help="of torch")
    parser.add_argument("--toy", action="store_true", help="a size at which everything runs and nothing means anything")
    chosen = parser.parse_args(arguments)
    unknown = [name for name in chosen.names if name not in BENCHMARKS]
    if unknown:
        parser.error(f"no benchmark {unknown[0]!r}; there are {', '.join(BENCHMARKS)}")
    torch.set_num_threads(chosen.threads)
    try:
        workload = load(chosen.data, TOY if chosen.toy else Size())
    except IsoglossError as error:
        print(error, file=sys.stderr)
        return 1
    for name in chosen.names or DEFAULT:
        run, rounds = BENCHMARKS[name]
        began = time.perf_counter()
        path = save(chosen.results, name, run(workload, chosen.rounds or rounds))
        print(f"{path}: {time.perf_counter() - began:.0f} s", flush=True)
    print(write_report(chosen.results))
    return 0


if __name__ == "__main__":
    sys.exit(main())

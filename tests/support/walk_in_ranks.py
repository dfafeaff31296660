"""Run by a launcher in two processes: train many recipes, and write down each rank's weights after every step.

    torchrun --nproc_per_node 2 -m tests.support.walk_in_ranks --plan PLAN.json

The plan is a list of ``{"output": ..., "recipe": ..., "stop": step or null, "interrupt": step or null, "resume":
...}``, where an interrupt comes to the second process alone, and of ``{"command": [...]}`` with the arguments of
``python -m isogloss``.
"""

from __future__ import annotations

import hashlib
import json
import os
import runpy
import signal
import sys
from pathlib import Path
from typing import Any

from torch import nn

import isogloss
import isogloss.step.loop
from isogloss.common.distributed import processes
from isogloss.optim.lookahead import evaluation_weights


class Stopped(Exception):
    """The end of a run that is to be resumed."""


def digest(model: nn.Module) -> str:
    """A fingerprint of all weights, and of buffers such as a queue, bit by bit."""
    weights = b"".join(tensor.detach().numpy().tobytes() for tensor in (*model.parameters(), *model.buffers()))
    return hashlib.sha256(weights).hexdigest()


def commanded(arguments: list[str]) -> None:
    """Do what a launcher's ``-m isogloss ARGUMENTS`` does."""
    sys.argv[1:] = arguments
    try:
        runpy.run_module("isogloss", run_name="__main__", alter_sys=True)
    except SystemExit as end:
        assert not end.code, end.code


def main(plan: Path) -> None:
    """Train the runs of the plan one after the other; ``OUTPUT.rank-N.json`` gets the trace of rank N, or its error."""
    os.fsync = os.fstat  # as in tests/conftest.py: nobody waits for the disk
    rank = processes().rank
    take_step = isogloss.step.loop.take_step
    for entry in json.loads(plan.read_text(encoding="utf-8")):
        if "command" in entry:
            isogloss.step.loop.take_step = take_step
            commanded(entry["command"])
            continue
        trace: list[dict[str, Any]] = []

        def traced(training: Any, entry: dict[str, Any] = entry, trace: list[Any] = trace) -> None:
            if training.progress.step == entry.get("stop"):
                raise Stopped
            take_step(training)
            if training.progress.step == entry.get("interrupt") and rank == 1:
                signal.raise_signal(signal.SIGINT)
            with evaluation_weights(training.optimizer):
                slow = digest(training.model)
            row = {"step": training.progress.step, "weights": digest(training.model), "slow": slow}
            trace.append({**row, "draws": dict(training.progress.draws)})

        isogloss.step.loop.take_step = traced
        error = None
        try:
            verb = isogloss.train if "data" in entry["recipe"] else isogloss.pretrain
            verb(entry["recipe"], output=entry["output"], resume=entry.get("resume", False))
        except Stopped:
            error = "stopped"
        except KeyboardInterrupt:
            error = "interrupted"
        except isogloss.IsoglossError as problem:
            error = str(problem)
        written = json.dumps({"trace": trace, "error": error})
        Path(f"{entry['output']}{'.resumed' if entry.get('resume') else ''}.rank-{rank}.json").write_text(written)


if __name__ == "__main__":
    main(Path(sys.argv[2]))

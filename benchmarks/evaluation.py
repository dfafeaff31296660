"""What does it gain to evaluate a run on many languages in one call?

The same finished run is scored on the dev sentences of all treebanks by one `isogloss evaluate`, and by one call per
language, as scripts that take one language at a time make users do. Each call is a process of its own, with imports,
model and tokenizer to load.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any

import isogloss
from benchmarks.results import claim, machine, workload_entry
from benchmarks.timing import Arm, Measurement, describe, per_step, speedup
from benchmarks.workload import LANGUAGES, Workload

LANGUAGES_AT_MOST, AT_LEAST = 12, 1.8


def run(workload: Workload, rounds: int) -> dict[str, Any]:
    """Measure both ways on up to twelve languages."""
    started = machine()
    files = sorted(workload.data.glob("*/dev.conllu")) or sorted(workload.data.glob("*/train.conllu"))
    codes = [path.parent.name for path in files]
    # The languages whose labels the run knows come first.
    number = LANGUAGES_AT_MOST if workload.size.limit is None else 2
    codes = sorted(codes, key=lambda code: (code not in LANGUAGES, code))[:number]
    with tempfile.TemporaryDirectory() as folder:
        trained = Path(folder) / "run"
        _train(workload, files[0].name, codes, trained)
        arms: dict[str, Arm] = {
            "one call": lambda _: _timed([_call(trained, codes)]),
            "a call per language": lambda _: _timed([_call(trained, [code]) for code in codes]),
        }
        # Processes have nothing to warm up.
        measured = {name: [arm(number) for number in range(rounds)] for name, arm in arms.items()}
    ratio = speedup(measured["one call"], measured["a call per language"], per_step)
    return {
        "benchmark": "evaluation",
        "machine": started,
        "workload": workload_entry(workload),
        "skipped": [],
        "parts": [
            {
                "part": f"evaluation of {len(codes)} languages ({', '.join(codes)})",
                "precision": "fp32",
                "steps_per_round": 1,
                "arms": {name: describe(kept) for name, kept in measured.items()},
                "ratios": [claim(ratio, "speed of one call / of a call per language", at_least=AT_LEAST)],
            }
        ],
    }


def _train(workload: Workload, name: str, codes: Sequence[str], output: Path) -> None:
    """A finished run of one step; what its scores are makes no difference."""
    recipe = workload.recipe("multitask", "fp32").model_dump(mode="json")
    path = str(workload.data / "{language}" / "{split}.conllu")
    # Tags that only other treebanks have would be labels that no training file has.
    taught = [code for code in codes if (workload.data / code / "train.conllu").exists()]
    train = {"task": "pos", "format": "conllu", "path": path, "name": "train", "splits": ["train"], "languages": taught}
    dev = {**train, "name": "dev", "splits": {"dev": Path(name).stem}, "languages": codes}
    changes = {"data": [train, dev], "steps": 1, "selection": "last", "report_to": "none", "epochs": None}
    with Path(os.devnull).open("w", encoding="utf-8") as nowhere, redirect_stdout(nowhere), redirect_stderr(nowhere):
        isogloss.train({**recipe, **changes, "train_languages": taught}, output=output)


def _call(trained: Path, codes: Sequence[str]) -> list[str]:
    return [sys.executable, "-m", "isogloss", "evaluate", str(trained), "--data", "dev", "--languages", ",".join(codes)]


def _timed(commands: Sequence[Sequence[str]]) -> Measurement:
    start = time.perf_counter()
    for command in commands:
        subprocess.run(command, check=True, capture_output=True)
    return Measurement(time.perf_counter() - start, 1)

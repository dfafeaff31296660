"""How long is it from starting a process to its first training step, and how much memory does that take?

The real treebanks are repeated until they hold half a million sentences. Each arm is a process of its own, imports
included: without a cache, with an empty one that is filled, and with a full one.

``python -m benchmarks.start RECIPE OUTPUT`` is such a process: it prints its figures as JSON after the first step.
"""

from __future__ import annotations

import itertools
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from contextlib import redirect_stderr
from pathlib import Path
from typing import Any

import isogloss.step.loop
from benchmarks.memory import megabytes
from benchmarks.results import claim, machine, workload_entry
from benchmarks.timing import spread
from benchmarks.workload import LANGUAGES, Workload
from isogloss.common.writing import write_text
from isogloss.models.stored import write_model
from isogloss.recipe.resolve import as_yaml, resolve

SENTENCES, AT_MOST = 500_000, 10.0
OFF, COLD, WARM = "no cache", "empty cache", "full cache"


def run(workload: Workload, rounds: int) -> dict[str, Any]:
    """Measure the three arms."""
    started = machine()
    number = SENTENCES if workload.size.limit is None else 4 * len(LANGUAGES)
    rows: dict[str, list[dict[str, float]]] = {OFF: [], COLD: [], WARM: []}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        recipe = _write(workload, folder, number)
        size = sum(path.stat().st_size for path in folder.glob("*/train.conllu"))
        for _ in range(rounds):
            shutil.rmtree(folder / "cache", ignore_errors=True)
            for arm in rows:
                rows[arm].append(_in_own_process(recipe, folder, "off" if arm == OFF else str(folder / "cache")))
        stored = sum(path.stat().st_size for path in (folder / "cache").rglob("*") if path.is_file())
    keys = ("seconds_to_first_step", "process_mb")
    to_step = [row["seconds_to_first_step"] for row in rows[WARM]]
    return {
        "benchmark": "start",
        "machine": started,
        "workload": workload_entry(workload),
        "skipped": [],
        "parts": [
            {
                "part": f"start with {number:,} tagged sentences ({size / 1e6:.0f} MB; cache {stored / 1e6:.0f} MB)",
                "precision": "fp32",
                "steps_per_round": 1,
                "arms": {arm: {key: spread([row[key] for row in own]) for key in keys} for arm, own in rows.items()},
                "ratios": [
                    claim(spread(to_step), "seconds to the first step with a full cache", at_most=AT_MOST),
                    *(
                        claim(
                            spread([a[key] / b[key] for a, b in zip(rows[WARM], rows[OFF], strict=True)]),
                            f"{what}, {WARM} / {OFF}",
                        )
                        for key, what in zip(keys, ("seconds to the first step", "peak memory"), strict=True)
                    ),
                ],
            }
        ],
    }


def _write(workload: Workload, folder: Path, number: int) -> Path:
    """Treebanks of ``number`` sentences in all, an encoder, and the recipe."""
    write_model(folder / "encoder", workload.new_model(), workload.tokenizer)
    each = number // len(LANGUAGES)
    for language in LANGUAGES:
        text = (workload.data / language / "train.conllu").read_text(encoding="utf-8")
        sentences = [block for block in text.strip().split("\n\n") if block]
        own = ["\n".join(line for line in block.split("\n") if not line.startswith("#")) for block in sentences]
        repeated = itertools.islice(itertools.cycle(own), each)
        write_text(folder / language / "train.conllu", "".join(f"{sentence}\n\n" for sentence in repeated))
    recipe = workload.recipe("multitask", "fp32").model_dump(mode="json")
    entry = {"task": "pos", "format": "conllu", "path": str(folder / "{language}" / "{split}.conllu")}
    changes = {"model": str(folder / "encoder"), "data": [entry], "steps": 1, "epochs": None, "selection": "last"}
    path = folder / "recipe.yaml"
    write_text(path, as_yaml(resolve({**recipe, **changes, "report_to": "none"})))
    return path


def _in_own_process(recipe: Path, folder: Path, cache: str) -> dict[str, float]:
    output = folder / "run"
    shutil.rmtree(output, ignore_errors=True)
    environment = {**os.environ, "ISOGLOSS_CACHE": cache, "STARTED": repr(time.time())}
    command = [sys.executable, "-m", "benchmarks.start", str(recipe), str(output)]
    root = Path(__file__).parents[1]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=root, env=environment)
    if done.returncode:
        raise RuntimeError(f"start with cache {cache!r}: the process failed with {done.returncode}\n{done.stderr}")
    figures: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return figures


def main() -> None:
    """Train until the first step has been taken, and say what that took."""
    recipe, output = sys.argv[1:]
    take_step = isogloss.step.loop.take_step

    def take_step_and_stop(training: isogloss.step.loop.Training) -> None:
        take_step(training)
        seconds = time.time() - float(os.environ["STARTED"])
        print(json.dumps({"seconds_to_first_step": seconds, "process_mb": megabytes("VmHWM")}), flush=True)
        os._exit(0)

    isogloss.step.loop.take_step = take_step_and_stop
    with open(os.devnull, "w", encoding="utf-8") as nowhere, redirect_stderr(nowhere):
        isogloss.train(recipe, output=output)


if __name__ == "__main__":
    main()

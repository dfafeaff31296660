"""Which share of a run are its looks at dev data, where many languages are evaluated?

A run on the treebanks of four languages is measured on all that have dev sentences, with a sample of the languages that
do not choose its weights, and on all of them. What a whole run costs is reckoned from the time of a step and of a look:
ten on the way, and all sentences at the end. The variable ``ENCODER`` names the folder of a pre-trained encoder to take
in place of the small one.
"""

from __future__ import annotations

import math
import os
import tempfile
import time
from contextlib import redirect_stderr
from dataclasses import replace
from pathlib import Path
from typing import Any

from benchmarks.results import claim, machine, workload_entry
from benchmarks.timing import Arm, Measurement, describe, interleave, per_step, slowdown, spread
from benchmarks.workload import LANGUAGES, Workload, load
from isogloss.models.stored import write_model
from isogloss.recipe.resolve import resolve
from isogloss.run.experiment import Experiment
from isogloss.run.scoring import TaskScoring
from isogloss.start.prepare import prepare
from isogloss.step.loop import train_until

SAMPLED, WHOLE, STEP = "a look at a sample", "a look at all", "a step"
LOOKS, AT_MOST = 10, 0.15
EPOCHS, SHORT = 6, 400
"""Passes of recipe ``ud-pos``, which is on the same languages, and steps of a short run."""


def run(workload: Workload, rounds: int) -> dict[str, Any]:
    """Measure steps and looks."""
    started, encoder = machine(), os.environ.get("ENCODER")
    if encoder is not None:
        workload = load(workload.data, workload.size, Path(encoder))
    files = sorted(workload.data.glob("*/dev.conllu")) or sorted(workload.data.glob("*/train.conllu"))
    with tempfile.TemporaryDirectory() as folder:
        if encoder is None:
            write_model(Path(folder) / "encoder", workload.new_model(), workload.tokenizer)
        recipe = _recipe(workload, encoder or str(Path(folder) / "encoder"), files)
        with Path(os.devnull).open("w", encoding="utf-8") as nowhere, redirect_stderr(nowhere):
            experiment = prepare(resolve(recipe), Path(folder) / "run", resume=False)
        arms = {STEP: _steps(experiment, workload), SAMPLED: _look(experiment, 50), WHOLE: _look(experiment, None)}
        measured = interleave(arms, rounds)
        experiment.recorder.close()
    passes = math.ceil(EPOCHS * sum(workload.sizes.values()) / workload.size.batch_size)
    title = f"{len(files)} languages"
    return {
        "benchmark": "looks",
        "machine": started,
        "workload": {**workload_entry(workload), "encoder": encoder and Path(encoder).name},
        "skipped": [],
        "parts": [
            {
                "part": title,
                "precision": "fp32",
                "steps_per_round": workload.size.steps,
                "arms": {name: describe(kept) for name, kept in measured.items()},
                "ratios": [
                    claim(slowdown(measured[WHOLE], measured[SAMPLED], per_step), f"time of {WHOLE} / of {SAMPLED}"),
                    claim(_share(measured, SAMPLED, passes), f"share of looks in {passes:,} steps", at_most=AT_MOST),
                    claim(_share(measured, WHOLE, passes), f"the same, {WHOLE} each time"),
                    claim(_share(measured, SAMPLED, SHORT), f"share of looks in {SHORT} steps"),
                    claim(_share(measured, WHOLE, SHORT), f"the same, {WHOLE} each time"),
                ],
            }
        ],
    }


def _steps(experiment: Experiment, workload: Workload) -> Arm:
    def arm(number: int) -> Measurement:
        training, steps = experiment.training, workload.size.timed_steps(number)
        start = time.perf_counter()
        train_until(training, training.progress.step + steps, lambda rows: None)
        return Measurement(time.perf_counter() - start, steps)

    return arm


def _look(experiment: Experiment, sample: int | None) -> Arm:
    assert isinstance(experiment.scoring, TaskScoring)
    scoring = replace(experiment.scoring, sample=sample)

    def arm(number: int) -> Measurement:
        start = time.perf_counter()
        scoring.dev(experiment.training.model, number, None)
        return Measurement(time.perf_counter() - start, 1)

    return arm


def _share(measured: dict[str, list[Measurement]], kind: str, steps: int) -> dict[str, Any]:
    """The looks' share of the time of a run with ten looks of a kind, and one at all at its end."""
    shares = []
    for look, last, step in zip(measured[kind], measured[WHOLE], measured[STEP], strict=True):
        looks = LOOKS * per_step(look) + per_step(last)
        shares.append(looks / (looks + steps * per_step(step)))
    return spread(shares)


def _recipe(workload: Workload, encoder: str, files: list[Path]) -> dict[str, Any]:
    """A run on four languages that is evaluated on all."""
    recipe = workload.recipe("multitask", "fp32").model_dump(mode="json", exclude_unset=True)
    path = str(workload.data / "{language}" / "{split}.conllu")
    train = {"task": "pos", "format": "conllu", "path": path, "name": "train", "splits": ["train"]}
    codes = [file.parent.name for file in files]
    dev = {**train, "name": "dev", "splits": {"dev": files[0].stem}, "languages": codes}
    data = [{**train, "languages": list(LANGUAGES)}, dev]
    changes = {"model": encoder, "data": data, "train_languages": list(LANGUAGES), "report_to": "none"}
    return {**recipe, **changes, "limit": workload.size.limit}

"""What do adapters spare over training a whole encoder, and do ours cost more than those of the `adapters` package?

The package wants an older transformers than ours, so it needs an environment of its own, whose interpreter the variable
``ADAPTERS_PYTHON`` names; `tests.support.record_adapters` says how to make one. See `benchmarks.hub` for what is timed.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import torch

from benchmarks import hub, memory
from benchmarks.results import claim, machine, workload_entry
from benchmarks.timing import Measurement, describe, interleave, one_thread, per_step, slowdown
from benchmarks.ways import ADAPTERS, FULL, LORA, TABLE_FROZEN, WAYS
from benchmarks.workload import Workload

LAYERS, HIDDEN, BATCH_SIZE, STEPS = 12, 384, 16, 4
"""The encoder has the layers and the width of multilingual MiniLM and of those that were made of it."""
STEP_AT_MOST, MEMORY_AT_MOST, PACKAGE_AT_MOST = 0.75, 0.6, 1.0
SAME = 1e-4
"""How far the losses of both sides of the comparison may lie apart, over the loss."""


@one_thread()
def run(workload: Workload, rounds: int) -> dict[str, Any]:
    """Measure steps, memory, and both implementations, in fp32 and one thread."""
    started = machine()
    toy = workload.size.limit is not None
    if not toy:
        size = replace(workload.size, layers=LAYERS, hidden=HIDDEN, batch_size=BATCH_SIZE, steps=STEPS, warm_steps=1)
        workload = replace(workload, size=size)
    theirs = os.environ.get("ADAPTERS_PYTHON")
    against = [] if theirs is None else _against(hub.TOY if toy else hub.TWELVE, theirs, rounds)
    return {
        "benchmark": "adapters",
        "machine": started,
        "workload": workload_entry(workload),
        "skipped": [] if against else ["the adapters package: ADAPTERS_PYTHON names no interpreter that has it"],
        "parts": [_steps(workload, rounds), _memory(workload), *against],
    }


def _steps(workload: Workload, rounds: int) -> dict[str, Any]:
    measured = interleave({name: make(workload) for name, make in WAYS.items()}, rounds)
    return {
        "part": "a step, in time of the processor",
        "precision": "fp32",
        "steps_per_round": workload.size.steps,
        "arms": {name: describe(kept) for name, kept in measured.items()},
        "ratios": [
            claim(slowdown(measured[one], measured[other], per_step), f"time of a step, {one} / {other}", **at)
            for one, other, at in _compared(STEP_AT_MOST)
        ],
    }


def _compared(at_most: float) -> list[tuple[str, str, dict[str, float]]]:
    """What is over what, and the bound."""
    return [
        (ADAPTERS, FULL, {"at_most": at_most}),
        (ADAPTERS, TABLE_FROZEN, {}),
        (LORA, FULL, {}),
        (LORA, ADAPTERS, {}),
    ]


def _memory(workload: Workload) -> dict[str, Any]:
    rows = memory.in_own_processes(workload, 1, tuple(WAYS))
    return {
        "part": "peak memory",
        "precision": "fp32",
        "steps_per_round": workload.size.steps,
        "arms": memory.entries(rows),
        "ratios": [
            claim(memory.ratio(rows, one, other), f"peak memory of training, {one} / {other}", **at)
            for one, other, at in _compared(MEMORY_AT_MOST)
        ],
    }


def _against(shape: hub.Shape, theirs: str, rounds: int) -> list[dict[str, Any]]:
    """A part for each stack of adapters."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        write(shape, folder)
        return [_stack(shape, folder, theirs, name, rounds) for name in hub.STACKS]


def _stack(shape: hub.Shape, folder: Path, theirs: str, name: str, rounds: int) -> dict[str, Any]:
    figures = hub.in_turn(folder, {hub.OURS: sys.executable, hub.THEIRS: theirs}, hub.STACKS[name], rounds)
    ours, package = (figures[side] for side in (hub.OURS, hub.THEIRS))
    losses = [row["loss"] for row in (*ours, *package)]
    if max(losses) - min(losses) > SAME * abs(losses[0]):
        raise RuntimeError(f"the two sides compute different losses: {losses}")
    measured = {side: [_measurement(row) for row in rows] for side, rows in figures.items()}
    return {
        "part": f"forward and backward pass through {name}, in time of the processor",
        "precision": "fp32",
        "shape": asdict(shape),
        "losses": losses,
        "steps_per_round": shape.steps,
        "arms": {side: describe(kept) for side, kept in measured.items()},
        "ratios": [
            claim(
                slowdown(measured[hub.OURS], measured[hub.THEIRS], per_step),
                f"time of a forward and backward pass, {hub.OURS} / {hub.THEIRS}",
                at_most=PACKAGE_AT_MOST,
            )
        ],
    }


def _measurement(row: Mapping[str, Any]) -> Measurement:
    return Measurement(sum(row["seconds"]), len(row["seconds"]))


def write(shape: hub.Shape, folder: Path) -> None:
    """What both sides read: a BERT with random weights, two adapters in AdapterHub's form, and the shape."""
    from transformers import BertModel

    from isogloss.models.extensions.adapters import PFEIFFER, Adapters, write_adapter

    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(hub.SEED)
        model = BertModel(hub.configuration(shape), add_pooling_layer=False)
    model.save_pretrained(folder / hub.BASE)
    adapters = Adapters(model)
    for name, factor in hub.REDUCTIONS.items():
        adapters.add(name, replace(PFEIFFER, reduction_factor=factor), seed=hub.SEED)
        write_adapter(folder / name, adapters, name, model_name=hub.BASE)
    hub.write_shape(shape, folder)

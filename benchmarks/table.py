"""What does a trained table of 250,000 sub-words cost, kept by rows and as torch has it, over a frozen one?

Each round of an arm is a process of its own; see `benchmarks.gradients`.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from benchmarks.gradient_arms import DENSE, FROZEN, KEPT, TABLE_ARMS
from benchmarks.gradients import Figures, in_own_process, slowdown
from benchmarks.results import claim, machine
from benchmarks.shapes import MINI, TOY
from benchmarks.timing import spread
from benchmarks.workload import Workload


def run(workload: Workload, rounds: int) -> dict[str, Any]:
    """Measure every arm ``rounds`` times, in turn."""
    shape = MINI if workload.size.limit is None else TOY
    started, (languages,) = machine(), shape.languages
    rows: dict[str, list[Figures]] = {name: [] for name in TABLE_ARMS}
    for _ in range(rounds):
        for name, own in rows.items():
            figures = in_own_process(shape, languages, name)
            if isinstance(figures, str):
                raise RuntimeError(f"{name}: {figures}")
            own.append(figures)
    parameters = sum(parameter.numel() for parameter in shape.new_model().parameters())
    return {
        "benchmark": "table",
        "machine": started,
        "workload": {**asdict(shape), "parameters": parameters},
        "subject": f"Text classification with random sub-words, a batch of {shape.batch_size} x {shape.length}, an "
        f"XLM-R of {shape.layers} layers x {shape.hidden} and {shape.vocabulary:,} sub-words "
        f"({parameters / 1e6:.1f} M parameters). Each round of an arm is a process of its own; ratios of time are "
        "between the medians of a round.",
        "skipped": [],
        "parts": [
            {
                "part": shape.name,
                "precision": "bf16" if shape.bf16 else "fp32",
                "rounds": rounds,
                "steps_per_round": shape.steps,
                "arms": {
                    name: {
                        "milliseconds_per_step": spread([value for row in own for value in row["milliseconds"]]),
                        "training_mb": spread([row["training_mb"] for row in own]),
                        "losses": [row["losses"] for row in own],
                    }
                    for name, own in rows.items()
                },
                "ratios": [
                    claim(
                        spread(list(map(slowdown, rows[one], rows[other]))), f"time of a step, {one} / {other}", **bound
                    )
                    for one, other, bound in [(KEPT, FROZEN, {"at_most": 1.12}), (DENSE, FROZEN, {}), (KEPT, DENSE, {})]
                ],
            }
        ],
    }

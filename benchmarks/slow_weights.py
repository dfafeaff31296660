"""What does Sequential Reptile cost over multi-task training?

It differs in two ways. Its batches hold one language each, so their lengths and padding differ; and slow weights are
kept around the optimizer. The second is measured alone by slow weights around the batches of multi-task training, and
once more in the optimizer step by itself, where little else makes noise. With K = 1000 the timed whole steps may hold
no outer step at all; what one costs, spread over K steps, is in the ratio from the optimizer step alone.
"""

from __future__ import annotations

import time
from statistics import median
from typing import Any

import torch

from benchmarks.ours import Ours
from benchmarks.results import claim, machine, workload_entry
from benchmarks.timing import Arm, Measurement, describe, interleave, per_cell, per_sentence, per_step, slowdown, spread
from benchmarks.workload import Workload
from isogloss.recipe.build.optimizer import build_optimizer

PERIODS = (10, 1000)
"""Inner steps per outer step: 1000 is the paper's; a small run takes fewer."""

BASE, AT_MOST = "multitask", 1.03
OPTIMIZER_STEPS = 20


def run(workload: Workload, rounds: int) -> dict[str, Any]:
    """Measure the methods and the optimizer step alone, in fp32."""
    started = machine()
    arms: dict[str, Arm] = {BASE: Ours(workload, "multitask", "fp32")}
    for method in ("lookahead", "sequential_reptile"):
        for period in PERIODS:
            slow = {"lookahead": {"inner_steps": period}}
            arms[_name(method, period)] = Ours(workload, method, "fp32", optimizer=slow)
    measured = interleave(arms, rounds)
    alone = interleave(_optimizers(workload), rounds)
    return {
        "benchmark": "slow_weights",
        "machine": started,
        "workload": workload_entry(workload),
        "skipped": [],
        "parts": [
            {
                "part": "whole steps",
                "precision": "fp32",
                "steps_per_round": workload.size.steps,
                "arms": {name: describe(kept) for name, kept in measured.items()},
                "ratios": [ratio for period in PERIODS for ratio in _of_steps(measured, period)],
            },
            {
                "part": "optimizer step alone",
                "precision": "fp32",
                "steps_per_round": OPTIMIZER_STEPS,
                "arms": {name: describe(kept) for name, kept in alone.items()},
                "ratios": [_of_optimizer(alone, measured[BASE], period) for period in PERIODS],
            },
        ],
    }


def _name(method: str, period: int) -> str:
    return f"{method}, K = {period}"


def _of_steps(measured: dict[str, list[Measurement]], period: int) -> list[Any]:
    base, same = measured[BASE], measured[_name("lookahead", period)]
    whole = measured[_name("sequential_reptile", period)]
    reptile = f"Sequential Reptile, K = {period} / multi-task"
    return [
        claim(
            slowdown(same, base, per_step),
            f"time per step on identical batches, slow weights with K = {period} / none",
            at_most=AT_MOST,
        ),
        claim(slowdown(whole, base, per_cell), f"time per sub-word with padding, {reptile}", at_most=AT_MOST),
        claim(slowdown(whole, base, per_sentence), f"time per sentence, {reptile}"),
    ]


def _of_optimizer(alone: dict[str, list[Measurement]], base: list[Measurement], period: int) -> Any:  # noqa: ANN401 - JSON
    """The whole step with slow weights over that without, from what they add to the optimizer step."""
    step = median(per_step(round_) for round_ in base)
    costs = [[per_step(round_) for round_ in rounds] for rounds in alone.values()]
    added = [(within - plain) + (at_end - within) / period for plain, within, at_end in zip(*costs, strict=True)]
    return claim(
        spread([1 + extra / step for extra in added]),
        f"time per step, slow weights with K = {period} / none: from the optimizer step alone, over the step above",
        at_most=AT_MOST,
    )


def _optimizers(workload: Workload) -> dict[str, Arm]:
    """Plain, never at the end of a walk, and at the end of a walk in every step."""
    return {
        "AdamW": _optimizer_alone(workload, "multitask"),
        "slow weights, within a walk": _optimizer_alone(
            workload, "lookahead", optimizer={"lookahead": {"inner_steps": 10**9}}
        ),
        "slow weights, at the end of a walk": _optimizer_alone(
            workload, "lookahead", optimizer={"lookahead": {"inner_steps": 1}}
        ),
    }


def _optimizer_alone(workload: Workload, method: str, **answers: object) -> Arm:
    model = workload.new_model()
    recipe = workload.recipe(method, "fp32", **answers)
    optimizer, _ = build_optimizer(recipe.optimizer, recipe, workload.site(recipe, model))
    for parameter in model.parameters():
        parameter.grad = torch.full_like(parameter, 1e-3)

    def arm(number: int) -> Measurement:
        optimizer.step()
        start = time.perf_counter()
        for _ in range(OPTIMIZER_STEPS):
            optimizer.step()
        return Measurement(time.perf_counter() - start, OPTIMIZER_STEPS)

    return arm

"""What does it spare to open a task adapter layer by layer, and what does it cost to choose the order by Fisher traces?

Whole runs of the same steps on the same batches, each from its first step to its last, with the schedule stretched over
two shares of them. A run here is shorter than any real one, while FUN scores a fixed number of batches, so FUN scores
few batches here, and what its runs of the paper's lengths take is reckoned from the measured time of a step and of a
scored batch.
"""

from __future__ import annotations

import time
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from typing import Any

from torch import nn

from benchmarks.ours import new_training
from benchmarks.results import claim, machine, workload_entry
from benchmarks.timing import Measurement, describe, interleave, one_thread, per_step, slowdown, spread
from benchmarks.workload import Workload
from isogloss.common.distributed import ALONE
from isogloss.protocols import Unfreezing
from isogloss.step.fun import Fun
from isogloss.step.loop import train_until

STANDARD, GRADUAL, FUN = "standard adapters", "gradual unfreezing", "FUN"
UNSCORED = f"{FUN} without its scoring"
RUN_AT_MOST, SCORING_AT_MOST = 0.85, 0.02
SCORED = 41
"""Batches that FUN scores at an event, as the released code does."""
PAPER = {"SQuAD, mBERT": 13_700, "SQuAD, XLM-R": 41_100}
"""Steps of the paper's runs: 5 and 15 passes of about 2740 steps."""


@dataclass(frozen=True)
class Plan:
    """How large everything is.

    Attributes:
        layers: Layers of the encoder.
        hidden: Its width.
        batch_size: Sentences per batch.
        steps: Steps of a run, N.
        intervals: The intervals k of the schedules.
    """

    layers: int = 12
    hidden: int = 256
    batch_size: int = 8
    steps: int = 120
    # The preset's N/40, whose layers open over 30 % of the run; and 7N/120, over 70 %, as on SQuAD with mBERT.
    intervals: tuple[int, ...] = (3, 7)

    @property
    def scorings(self) -> int:
        """Events at which there is something to choose: not the first, nor the last."""
        return self.layers - 2


TOY = Plan(layers=3, hidden=16, batch_size=4, steps=4, intervals=(1, 2))
"""Small enough for a test; its numbers mean nothing."""


@one_thread()
def run(workload: Workload, rounds: int) -> dict[str, Any]:
    """Measure whole runs with each interval, in fp32."""
    started, plan = machine(), Plan() if workload.size.limit is None else TOY
    size = replace(workload.size, layers=plan.layers, hidden=plan.hidden, batch_size=plan.batch_size)
    workload = replace(workload, size=size)
    whole = partial(WholeRun, workload, plan.steps)
    arms = {(STANDARD, 0): whole("adapters")}
    for k in plan.intervals:
        arms[GRADUAL, k] = whole("gradual_unfreezing", unfreezing={"every": k})
        arms[FUN, k] = whole("fun", unfreezing={"every": k, "batches": 1})
    measured = interleave({f"{name} {k}": arm for (name, k), arm in arms.items()}, rounds)
    parts = []
    for k in plan.intervals:
        own = {name: measured[f"{name} {at}"] for name, at in ((STANDARD, 0), (GRADUAL, k), (FUN, k))}
        parts.append(_part(plan, k, own, arms[FUN, k]))
    return {
        "benchmark": "unfreezing",
        "machine": started,
        "workload": {**workload_entry(workload), **asdict(plan)},
        "skipped": [],
        "parts": parts,
    }


class Clocked:
    """A rule of what may move whose time is taken; implements `isogloss.protocols.Unfreezing`.

    Args:
        rule: The rule.
    """

    def __init__(self, rule: Unfreezing) -> None:
        self.rule, self.seconds = rule, 0.0

    @property
    def opening(self) -> frozenset[Hashable]:
        """As the rule."""
        return self.rule.opening

    def __call__(self, step: int, model: nn.Module) -> frozenset[Hashable]:
        """As the rule."""
        began = time.process_time()
        answer = self.rule(step, model)
        self.seconds += time.process_time() - began
        return answer


class WholeRun:
    """An arm that trains a task adapter from the first step to the last, in every round anew.

    Args:
        workload: Data and model.
        steps: Steps of the run.
        method: Name of the method.
        answers: Recipe keys that differ from the method's own.

    Attributes:
        scoring: Of each round from 1, the seconds that went into saying what may move.
        orders: Of each round from 1, the layers in the order in which FUN has opened them.
    """

    def __init__(self, workload: Workload, steps: int, method: str, **answers: object) -> None:
        self.workload, self.steps = workload, steps
        self.recipe = workload.recipe(method, "fp32", steps=steps, adapters={}, **answers)
        self.scoring: list[float] = []
        self.orders: list[list[Hashable]] = []

    def __call__(self, number: int) -> Measurement:
        """The round of that number; round 0, which only warms up, ends early."""
        training, _ = new_training(self.workload, self.recipe)
        assert training.unfreezing is not None
        rule, clocked = training.unfreezing, Clocked(training.unfreezing)
        training = replace(training, unfreezing=clocked)
        steps = self.steps if number else min(4, self.steps)
        began = time.process_time()
        train_until(training, steps, lambda rows: None)
        training.meter.read(ALONE)
        seconds = time.process_time() - began
        if number:
            self.scoring.append(clocked.seconds)
            self.orders.append(list(rule.order) if isinstance(rule, Fun) else [])
        return Measurement(seconds, steps)


def _part(plan: Plan, k: int, own: Mapping[str, Sequence[Measurement]], fun: WholeRun) -> dict[str, Any]:
    share = plan.layers * k / plan.steps
    standard, gradual = own[STANDARD], own[GRADUAL]
    trained = [replace(one, seconds=one.seconds - apart) for one, apart in zip(own[FUN], fun.scoring, strict=True)]
    batch = [seconds / plan.scorings for seconds in fun.scoring]
    # Seconds of all scoring in a run of any length.
    scoring = [plan.scorings * SCORED * seconds for seconds in batch]
    ratios = [
        claim(slowdown(gradual, standard, per_step), f"time of a run, {GRADUAL} / {STANDARD}", at_most=RUN_AT_MOST),
        claim(slowdown(trained, standard, per_step), f"time of a run, {UNSCORED} / {STANDARD}"),
        claim(
            spread([seconds / per_step(one) for seconds, one in zip(batch, standard, strict=True)]),
            f"time of a scored batch / of a step of {STANDARD}",
        ),
    ]
    for name, steps in PAPER.items():
        pairs = list(zip(scoring, trained, standard, strict=True))
        whole = [(per_step(one) * steps + extra) / (per_step(other) * steps) for extra, one, other in pairs]
        shares = [extra / (per_step(one) * steps + extra) for extra, one, _ in pairs]
        length = f"{steps:,} steps ({name}; {SCORED} batches an event)"
        ratios += [
            claim(spread(whole), f"time of a run, {FUN} / {STANDARD}, {length}", at_most=RUN_AT_MOST),
            claim(spread(shares), f"share of scoring in a run of {FUN}, {length}", at_most=SCORING_AT_MOST),
        ]
    enough = [
        extra * (1 / SCORING_AT_MOST - 1) / per_step(one) / 1000 for extra, one in zip(scoring, trained, strict=True)
    ]
    ratios.append(
        claim(
            spread(enough), f"thousand steps from which scoring takes at most {SCORING_AT_MOST:.0%} of a run of {FUN}"
        )
    )
    return {
        "part": f"whole runs of {plan.steps} steps, k = {k}: all layers are open after {share:.0%} of the run",
        "precision": "fp32",
        "steps_per_round": plan.steps,
        "arms": {
            STANDARD: describe(standard),
            GRADUAL: describe(gradual),
            UNSCORED: describe(trained),
        },
        "scoring_seconds": fun.scoring,
        "orders": fun.orders,
        "ratios": ratios,
    }

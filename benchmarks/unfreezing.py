"""What does it spare to open a task adapter layer by layer, and what does it cost to choose the order by Fisher traces?

Whole runs of the same steps on the same batches, each from its first step to its last, with the schedule stretched over
two shares of them. The runs of a round go on together, a few steps each in turn. A run here is shorter than any real
one, while FUN scores a fixed number of batches; so FUN scores one batch an event here, and what its runs of the paper's
lengths take is reckoned from the measured time of a step and of a scored batch.

In an encoder with random weights FUN opens layers in an order that no pre-trained one has, and what it spares depends
on the order; the variable ``ENCODER`` names the folder of a pre-trained encoder.
"""

from __future__ import annotations

import gc
import os
import time
from collections.abc import Hashable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from torch import nn

from benchmarks.ours import new_training
from benchmarks.results import claim, machine, workload_entry
from benchmarks.timing import Measurement, describe, one_thread, per_step, slowdown, spread
from benchmarks.workload import Workload, load
from isogloss.protocols import Unfreezing
from isogloss.step.fun import Fun
from isogloss.step.loop import Training, train_until

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
        block: Steps that one run takes before it is another's turn.
        intervals: The intervals k of the schedules.
    """

    layers: int = 12
    hidden: int = 384
    batch_size: int = 8
    steps: int = 120
    block: int = 4
    # The preset's N/40, whose layers open over 30 % of the run; and 7N/120, over 70 %, as on SQuAD with mBERT.
    intervals: tuple[int, ...] = (3, 7)

    @property
    def scorings(self) -> int:
        """Events at which there is something to choose: not the first, nor the last."""
        return self.layers - 2

    def share(self, k: int) -> float:
        """How much of a run the schedule takes: as the paper has it, all layers times the interval."""
        return self.layers * k / self.steps


TOY = Plan(layers=3, hidden=16, batch_size=4, steps=4, block=2, intervals=(1, 2))
"""Small enough for a test; its numbers mean nothing."""


@one_thread()
def run(workload: Workload, rounds: int) -> dict[str, Any]:
    """Measure whole runs with each interval, in fp32."""
    started, plan = machine(), Plan() if workload.size.limit is None else TOY
    size = replace(workload.size, layers=plan.layers, hidden=plan.hidden, batch_size=plan.batch_size)
    encoder = os.environ.get("ENCODER")
    if encoder is None:
        workload = replace(workload, size=size)
    else:
        workload = load(workload.data, size, Path(encoder))
        own = workload.new_model().config
        size = replace(size, layers=own.num_hidden_layers, hidden=own.hidden_size)
        workload, plan = replace(workload, size=size), replace(plan, layers=size.layers, hidden=size.hidden)
    arms = {(STANDARD, 0): WholeRun(workload, plan.steps, "adapters")}
    for k in plan.intervals:
        arms[GRADUAL, k] = WholeRun(workload, plan.steps, "gradual_unfreezing", unfreezing={"every": k})
        arms[FUN, k] = WholeRun(workload, plan.steps, "fun", unfreezing={"every": k, "batches": 1})
    for _ in range(rounds):
        _together(list(arms.values()), plan)
    return {
        "benchmark": "unfreezing",
        "machine": started,
        "workload": {**workload_entry(workload), **asdict(plan), "encoder": encoder and Path(encoder).name},
        "skipped": [] if encoder else ["an order of FUN that means anything: ENCODER names no pre-trained encoder"],
        "parts": [_part(plan, k, arms[STANDARD, 0], arms[GRADUAL, k], arms[FUN, k]) for k in plan.intervals],
    }


def _together(runs: Sequence[WholeRun], plan: Plan) -> None:
    """A round: every run from its first step to its last, turn by turn, every second time the other way round."""
    gc.collect()
    for run in runs:
        run.begin()
    for number, step in enumerate(range(0, plan.steps, plan.block)):
        for run in runs if number % 2 else runs[::-1]:
            run.go_on(min(step + plan.block, plan.steps))
    for run in runs:
        run.end()


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
    """Trains a task adapter from the first step to the last, in every round anew.

    Args:
        workload: Data and model.
        steps: Steps of the run.
        method: Name of the method.
        answers: Recipe keys that differ from the method's own.

    Attributes:
        whole: Of each round, what the run has taken, with all that went into saying what may move.
        scoring: Of each round, the seconds of the latter: where it does not score they are next to none.
        orders: Of each round, the layers in the order in which FUN has opened them.
    """

    def __init__(self, workload: Workload, steps: int, method: str, **answers: object) -> None:
        self.workload, self.steps = workload, steps
        self.recipe = workload.recipe(method, "fp32", steps=steps, adapters={}, **answers)
        self.whole: list[Measurement] = []
        self.scoring: list[float] = []
        self.orders: list[list[Hashable]] = []

    def begin(self) -> None:
        """Be before the first step, with fresh weights."""
        training, opened = new_training(self.workload, self.recipe)
        assert opened.unfreezing is not None
        self._rule, self._clocked, self._seconds = opened.unfreezing, Clocked(opened.unfreezing), 0.0
        self._training: Training | None = replace(training, unfreezing=self._clocked)

    def go_on(self, step: int) -> None:
        """Train until so many steps have been taken in all."""
        assert self._training is not None
        began = time.process_time()
        train_until(self._training, step, lambda rows: None)
        self._seconds += time.process_time() - began

    def end(self) -> None:
        """Note what the run has taken, and forget its model."""
        self._training = None
        self.whole.append(Measurement(self._seconds, self.steps))
        self.scoring.append(self._clocked.seconds)
        self.orders.append(list(self._rule.order) if isinstance(self._rule, Fun) else [])

    def without_scoring(self) -> list[Measurement]:
        """Of each round, what the run has taken but for saying what may move."""
        return [replace(one, seconds=one.seconds - own) for one, own in zip(self.whole, self.scoring, strict=True)]


def _part(plan: Plan, k: int, standard: WholeRun, gradual: WholeRun, fun: WholeRun) -> dict[str, Any]:
    base, trained = standard.whole, fun.without_scoring()
    batch = [seconds / plan.scorings for seconds in fun.scoring]
    # Seconds of all scoring in a run of any length.
    scoring = [plan.scorings * SCORED * seconds for seconds in batch]
    ratios = [
        claim(slowdown(gradual.whole, base, per_step), f"time of a run, {GRADUAL} / {STANDARD}", at_most=RUN_AT_MOST),
        claim(slowdown(trained, base, per_step), f"time of a run, {UNSCORED} / {STANDARD}"),
        claim(
            spread([seconds / per_step(one) for seconds, one in zip(batch, base, strict=True)]),
            f"time of a scored batch / of a step of {STANDARD}",
        ),
    ]
    for name, steps in PAPER.items():
        rounds = list(zip(scoring, trained, base, strict=True))
        whole = [(per_step(one) * steps + extra) / (per_step(other) * steps) for extra, one, other in rounds]
        shares = [extra / (per_step(one) * steps + extra) for extra, one, _ in rounds]
        length = f"{steps:,} steps ({name}; {SCORED} batches an event)"
        ratios += [
            claim(spread(whole), f"time of a run, {FUN} / {STANDARD}, {length}", at_most=RUN_AT_MOST),
            claim(spread(shares), f"share of scoring in a run of {FUN}, {length}", at_most=SCORING_AT_MOST),
        ]
    enough = [
        extra * (1 / SCORING_AT_MOST - 1) / per_step(one) / 1000 for extra, one in zip(scoring, trained, strict=True)
    ]
    shortest = f"thousand steps from which scoring takes at most {SCORING_AT_MOST:.0%} of a run of {FUN}"
    return {
        "part": f"whole runs of {plan.steps} steps, k = {k}: a schedule over {plan.share(k):.0%} of the run",
        "precision": "fp32",
        "steps_per_round": plan.steps,
        "arms": {STANDARD: describe(base), GRADUAL: describe(gradual.whole), UNSCORED: describe(trained)},
        "scoring_seconds": fun.scoring,
        "orders": fun.orders,
        "ratios": [*ratios, claim(spread(enough), shortest)],
    }

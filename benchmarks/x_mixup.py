"""What does X-Mixup cost over training on the same texts and their translations, and xTune over its two forwards?

Every arm sees the same pairs, each as one batch of twice as many texts. Plain training has the loss of all of them and
nothing else, as translate-train-all does; consistency adds the terms that the two texts of a pair must agree in, and
X-Mixup mixes them in a layer besides. The texts are no translations of each other here, but as long as these would be.

xTune's example consistency needs a text and an augmented form of it in one batch, too: here the form has noise on its
embeddings, which costs next to nothing by itself. It is compared with the loss of the task on both forms.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from benchmarks.ours import Ours
from benchmarks.results import claim, machine, workload_entry
from benchmarks.timing import Arm, Measurement, describe, interleave, per_step, slowdown
from benchmarks.workload import TOY, Workload
from isogloss.objectives.side_by_side import padding_of, side_by_side
from isogloss.objectives.supervised import Supervised
from isogloss.protocols import Batch, DataSource, Stream

PLAIN, CONSISTENCY, MIXED = "translate-train on pairs", "consistency, no mixing", "X-Mixup"
TWO_FORMS, X_TUNE = "both forms of a text", "xTune, example consistency"
AT_MOST = 1.15
DEPTH = 12
"""Layers of the smallest encoders that users have. Mixing is in one layer, so its share of a step falls with them."""


@dataclass(frozen=True)
class Flat:
    """Batches of pairs as batches of twice as many texts.

    Attributes:
        pairs: The pairs.
        padding: Id of the padding sub-word.
    """

    pairs: Stream
    padding: int

    def __call__(self, k: int) -> list[Batch]:
        """The texts of the k-th batch."""
        return [side_by_side(batch, self.padding) for batch in self.pairs(k)]


def plain(workload: Workload) -> Ours:
    """Training on both texts of each pair, which do not know of each other."""
    return _flat(Ours(workload, "x_mixup", "fp32", objective={"mix": False}))


def two_forms(workload: Workload) -> Ours:
    """Training on both forms of each text, which do not know of each other."""
    return _flat(x_tune(workload))


def _flat(arm: Ours) -> Ours:
    """The arm with the loss of the task alone, on the texts of its pairs."""
    padding = padding_of(arm.training.model)
    arm.training.sources = {
        name: DataSource(name, Flat(own.stream, padding), Supervised()) for name, own in arm.training.sources.items()
    }
    return arm


def consistency(workload: Workload) -> Ours:
    """The loss of X-Mixup without its mixing."""
    return Ours(workload, "x_mixup", "fp32", objective={"mix": False})


def mixed(workload: Workload) -> Ours:
    """X-Mixup as it is by default."""
    return Ours(workload, "x_mixup", "fp32")


def x_tune(workload: Workload) -> Ours:
    """The first stage of xTune."""
    return Ours(workload, "x_tune", "fp32", objective={"augment": {"kind": "noise"}})


def _deep(workload: Workload) -> Workload:
    """The same texts under a deeper encoder, and fewer steps a round."""
    size = workload.size
    if size == TOY:
        return workload
    return replace(workload, size=replace(size, layers=DEPTH, steps=size.steps // 4))


def run(workload: Workload, rounds: int) -> dict[str, Any]:
    """Measure the arms, in fp32."""
    started, deep = machine(), _deep(workload)
    arms: dict[str, Arm] = {PLAIN: plain(workload), CONSISTENCY: consistency(workload), MIXED: mixed(workload)}
    forms: dict[str, Arm] = {TWO_FORMS: two_forms(workload), X_TUNE: x_tune(workload)}
    measured = interleave({**arms, **forms}, rounds)
    measured_deep = interleave({PLAIN: plain(deep), MIXED: mixed(deep)}, rounds)
    bounds = {CONSISTENCY: None, MIXED: AT_MOST}
    return {
        "benchmark": "x_mixup",
        "machine": started,
        "workload": workload_entry(workload),
        "skipped": [],
        "parts": [
            _part("steps on pairs", workload, {name: measured[name] for name in arms}, bounds),
            _part(f"steps on pairs, {deep.size.layers} layers", deep, measured_deep, bounds),
            _part(
                "steps on two forms of a text", workload, {name: measured[name] for name in forms}, {X_TUNE: AT_MOST}
            ),
        ],
    }


def _part(
    name: str, workload: Workload, measured: Mapping[str, list[Measurement]], bounds: Mapping[str, float | None]
) -> dict[str, Any]:
    """What was measured of arms, of which each is told against the first one."""
    base, *others = measured
    return {
        "part": name,
        "precision": "fp32",
        "steps_per_round": workload.size.steps,
        "arms": {arm: describe(own) for arm, own in measured.items()},
        "ratios": [
            claim(
                slowdown(measured[arm], measured[base], per_step),
                f"time of a step, {arm} / {base}",
                at_most=bounds[arm],
            )
            for arm in reversed(others)
        ],
    }

"""What does X-Mixup cost over training on the same texts and their translations, and xTune over its two forwards?

Every arm sees the same pairs, each as one batch of twice as many texts. Plain training has the loss of all of them and
nothing else, as translate-train-all does; consistency adds the terms that the two texts of a pair must agree in, and
X-Mixup mixes them in a layer besides. The texts are no translations of each other here, but as long as these would be.

xTune's example consistency needs a text and an augmented form of it in one batch, too: here the form has noise on its
embeddings, which costs next to nothing by itself. It is compared with the loss of the task on both forms.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from benchmarks.ours import Ours
from benchmarks.results import claim, machine, workload_entry
from benchmarks.timing import Arm, describe, interleave, per_step, slowdown
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
    started = machine()
    arms: dict[str, Arm] = {PLAIN: plain(workload), CONSISTENCY: consistency(workload), MIXED: mixed(workload)}
    forms: dict[str, Arm] = {TWO_FORMS: two_forms(workload), X_TUNE: x_tune(workload)}
    measured = interleave({**arms, **forms}, rounds)
    base, agreeing, mixing, both, tuning = measured.values()
    deep = _deep(workload)
    tall: dict[str, Arm] = {PLAIN: plain(deep), MIXED: mixed(deep)}
    measured_deep = interleave(tall, rounds)
    deep_base, deep_mixing = measured_deep.values()
    parts = {
        "steps on pairs": (
            arms,
            [
                claim(slowdown(mixing, base, per_step), f"time of a step, {MIXED} / {PLAIN}", at_most=AT_MOST),
                claim(slowdown(agreeing, base, per_step), f"time of a step, {CONSISTENCY} / {PLAIN}"),
            ],
        ),
        f"steps on pairs, {deep.size.layers} layers": (
            tall,
            [claim(slowdown(deep_mixing, deep_base, per_step), f"time of a step, {MIXED} / {PLAIN}", at_most=AT_MOST)],
        ),
        "steps on two forms of a text": (
            forms,
            [claim(slowdown(tuning, both, per_step), f"time of a step, {X_TUNE} / {TWO_FORMS}", at_most=AT_MOST)],
        ),
    }
    return {
        "benchmark": "x_mixup",
        "machine": started,
        "workload": workload_entry(workload),
        "skipped": [],
        "parts": [
            {
                "part": part,
                "precision": "fp32",
                "steps_per_round": (deep if own is tall else workload).size.steps,
                "arms": {name: describe((measured_deep if own is tall else measured)[name]) for name in own},
                "ratios": ratios,
            }
            for part, (own, ratios) in parts.items()
        ],
    }

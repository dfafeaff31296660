"""A short walk of plain multi-task training, looked at on the way: conflicts, traces, movement, forgetting."""

from __future__ import annotations

import time
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import mean

import torch
from scipy.stats import t as student_t
from torch import Tensor, nn
from transformers import PreTrainedModel

from isogloss.common.errors import IsoglossError
from isogloss.diagnostics.conflicts import conflicts
from isogloss.diagnostics.fisher import Fisher
from isogloss.diagnostics.forgetting import forgetting, load_start
from isogloss.models.parts import groups_of_layers, whole_and_parts
from isogloss.protocols import Batch, DataSource
from isogloss.step.loop import Training, take_step

DRAWS, FEWEST = 4, 3
"""Draws of batches over which a cosine is known or not: as many as there is time for."""

MOST_BATCHES = 4
"""Batches of a language in a draw."""

STEPS = 200
"""Steps that are taken at most: a walk is no training."""

TRACE_BATCHES = 4


@dataclass(frozen=True)
class Walked:
    """What was seen on the way.

    Attributes:
        steps: Steps taken.
        seconds: Seconds that all of it took.
        cosines: By pair of languages the mean cosine of their gradients over draws, and its upper 97.5 % t-bound.
        batches: Batches of a language in a draw.
        growth: Trace of the Fisher matrix over all layers after the walk, as a multiple of that before.
        rises: By language how much masked-LM loss has risen, in nats; empty: the encoder has no masked-LM head.
        reason: Why nothing was seen of forgetting.
    """

    steps: int
    seconds: float
    cosines: Mapping[tuple[str, str], tuple[float, float]]
    batches: int
    growth: float | None
    rises: Mapping[str, float]
    reason: str = ""

    @property
    def conflicting(self) -> list[tuple[str, str]]:
        """Pairs of languages whose gradients point apart, cosine below 0, beyond noise."""
        return [pair for pair, (_, high) in self.cosines.items() if high < 0]


def walk(
    training: Training,
    sources: Mapping[str, DataSource],
    enough: int,
    masked: Mapping[str, Sequence[Batch]],
    start: str | None,
    budget: float,
) -> Walked:
    """Take steps for a third of the time, then look.

    Args:
        training: The parts of a plain run; its model moves.
        sources: Each training language, with fixed batches without repetition.
        enough: How many such batches each of them has.
        masked: Masked text by language.
        start: The checkpoint that it starts from; None: random weights, which have nothing to forget.
        budget: Seconds to spend, about.
    """
    begun, model = time.perf_counter(), training.model
    assert isinstance(model, PreTrainedModel)
    before = _trace(model, sources)
    took: list[float] = []
    while training.progress.step < STEPS and (not took or time.perf_counter() - begun + took[-1] < budget / 3):
        at = time.perf_counter()
        model.train()
        take_step(training)
        took.append(time.perf_counter() - at)
    after = _trace(model, sources)
    rises, reason = _forgotten(model, masked, start)
    # A step is a batch forth and back, and the optimizer, which a look does without.
    left = max(0.0, budget - (time.perf_counter() - begun))
    affordable = int(left / (mean(took) * DRAWS * max(1, len(sources))))
    batches = max(1, min(MOST_BATCHES, affordable, enough // DRAWS))
    until = begun + budget
    seen = _cosines(model, sources, batches, until) if len(sources) > 1 and enough >= DRAWS else {}
    growth = after / before if before > 0 else None
    return Walked(len(took), time.perf_counter() - begun, seen, batches, growth, rises, reason)


def _trace(model: PreTrainedModel, sources: Mapping[str, DataSource]) -> float:
    """tr(F) over all layers, from batches of the languages in turn."""
    streams = list(sources.values())
    batches = [streams[k % len(streams)].stream(k // len(streams)) for k in range(TRACE_BATCHES)]
    layers: dict[Hashable, Sequence[nn.Parameter]] = {name: own for name, own in groups_of_layers(model).items()}
    return sum(Fisher()(model, layers, batches).means.values())


def _forgotten(
    model: PreTrainedModel, masked: Mapping[str, Sequence[Batch]], start: str | None
) -> tuple[dict[str, float], str]:
    if start is None:
        return {}, "the encoder starts from random weights"
    if not masked:
        return {}, "the tokenizer has no mask"
    try:
        first = load_start(start)
    except IsoglossError:
        return {}, "the encoder has no masked-LM head"
    nn.Module.to(first, next(model.parameters()).device)
    return {language: found.rise for language, found in forgetting(model, first, masked).items()}, ""


def _cosines(
    model: PreTrainedModel, sources: Mapping[str, DataSource], batches: int, until: float
) -> dict[tuple[str, str], tuple[float, float]]:
    """Cosines over draws of batches that have none in common; `FEWEST` draws, however late it is."""
    groups = whole_and_parts(model, per_layer=False)
    part = {"encoder": groups.get("encoder", groups["model"])}
    draws: list[Tensor] = []
    while len(draws) < DRAWS and (len(draws) < FEWEST or time.perf_counter() < until):
        drawn = {name: _from(source, len(draws) * batches) for name, source in sources.items()}
        draws.append(conflicts(model, drawn, part, batches=batches, halves=False).cosines[0])
    stacked, names = torch.stack(draws), list(sources)
    found = {}
    for i, one in enumerate(names):
        for j, other in enumerate(names[:i]):
            values = stacked[:, i, j]
            values = values[values.isfinite()]
            if len(values) > 1:
                error = float(values.std()) / len(values) ** 0.5
                bound = float(student_t.ppf(0.975, len(values) - 1)) * error
                found[other, one] = float(values.mean()), float(values.mean()) + bound
    return found


def _from(source: DataSource, first: int) -> DataSource:
    """A source that begins with a later batch."""
    return replace(source, stream=lambda k: source.stream(first + k))

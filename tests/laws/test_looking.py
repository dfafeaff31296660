"""Law 5: whoever looks at a run does not change it."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from isogloss.common.distributed import ALONE
from isogloss.optim import Lookahead, evaluation_weights
from isogloss.protocols import Progress
from isogloss.step.loop import Training, train_until
from isogloss.step.sampling import Temperature
from tests.laws.small import LANGUAGES, Tagger, adamw, assert_same, training, weights

MIXTURE = Temperature(LANGUAGES, (1, 1, 1), seed=2)


class Nosy:
    """Looks at every second step: runs the model with and without dropout, takes gradients, draws random numbers."""

    def due(self, step: int) -> bool:
        return step % 2 == 0

    def __call__(self, model: nn.Module, progress: Progress) -> list[dict[str, Any]]:
        ids = torch.randint(11, (3, 5))
        loss = model(ids).square().sum()
        gradients = torch.autograd.grad(loss, [p for p in model.parameters() if p.requires_grad])
        model.eval()
        with torch.no_grad():
            seen = float(model(ids).sum())
        model.train()
        np.random.seed(progress.step)
        noise = np.random.random() + random.random() + float(torch.randn(()))
        return [{"step": progress.step, "seen": seen, "gradient": float(gradients[0].sum()), "noise": noise}]


def plain(model: nn.Module) -> torch.optim.Optimizer:
    return adamw(model)


def slow(model: nn.Module) -> Lookahead:
    return Lookahead(adamw(model), period=5, alpha=0.3)


def restarting(model: nn.Module) -> Lookahead:
    return Lookahead(adamw(model), period=2, alpha=0.3, restarts=3)


def run(parts: Training, after: Callable[[list[dict[str, Any]]], None]) -> list[dict[str, torch.Tensor]]:
    trace = []

    def note(rows: list[dict[str, Any]]) -> None:
        after(rows)
        trace.append(weights(parts.model))

    train_until(parts, 23, note)
    return trace


@pytest.mark.parametrize("build", [plain, slow, restarting])
def test_probes_and_evaluation_change_nothing(build: Callable):
    alone, watched = Tagger(dropout=0.3), Tagger(dropout=0.3)
    rows: list[dict[str, Any]] = []
    parts = training(watched, build(watched), MIXTURE, probes=[Nosy()])

    def evaluate(probed: list[dict[str, Any]]) -> None:
        rows.extend(probed)
        before = weights(watched)
        with evaluation_weights(parts.optimizer), torch.no_grad():
            watched(torch.randint(11, (3, 5)))
            torch.rand(7)
        assert_same(weights(watched), before)
        parts.meter.read(ALONE)

    left = run(training(alone, build(alone), MIXTURE), lambda probed: None)
    right = run(parts, evaluate)
    for one, other in zip(left, right, strict=True):
        assert_same(one, other)
    assert [row["step"] for row in rows] == list(range(2, 23, 2))


def test_probes_see_the_slow_weights():
    model = Tagger()
    optimizer = slow(model)
    seen: list[dict[str, torch.Tensor]] = []

    class Look:
        def due(self, step: int) -> bool:
            return step in (2, 5, 7)

        def __call__(self, model: nn.Module, progress: Progress) -> list[dict[str, Any]]:
            seen.append(weights(model))
            return []

    start = weights(model)
    trace = run(training(model, optimizer, MIXTURE, probes=[Look()]), lambda probed: None)
    # In the first walk phi is the start; after the outer step at 5, theta and phi are one.
    assert_same(seen[0], start)
    assert_same(seen[1], trace[4])
    assert_same(seen[2], trace[4])
    assert not torch.equal(trace[6]["head.weight"], seen[2]["head.weight"])


def test_dropout_is_another_one_in_every_step_and_for_every_seed():
    def draws(seed: int) -> list[float]:
        model = Tagger(dropout=0.5)
        still = torch.optim.SGD(model.parameters(), lr=0.0)
        parts = training(model, still, lambda step: ("en",), seed=0)
        parts.seed = seed
        parts.progress.draws["en"] = 0
        losses: list[float] = []
        for _ in range(4):
            train_until(parts, parts.progress.step + 1, lambda rows: losses.append(parts.meter.read(ALONE)["loss"]))
            parts.progress.draws["en"] = 0  # the same batch again
        return losses

    assert len(set(draws(1))) == 4
    assert draws(1) == draws(1) != draws(2)

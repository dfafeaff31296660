from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import nn

from isogloss.common.errors import IsoglossError
from isogloss.optim import Lookahead, carry, evaluation_weights, forget_all, forget_momentum
from isogloss.step.loop import Training
from isogloss.step.sampling import Temperature
from tests.laws.small import LANGUAGES, Tagger, adamw, assert_same, training, walk, weights

MIXTURE = Temperature(LANGUAGES, (1, 1, 1), seed=2)
STEPS = 14


def closing(step: int, model: nn.Module) -> frozenset[str]:
    """The hidden layer is closed at steps 3 to 7, and from step 11 on."""
    return frozenset({"embeddings", "head"} if 3 <= step < 8 or step >= 11 else {"embeddings", "hidden", "head"})


def build(model: nn.Module, *, unfreezes: bool, **settings: Any) -> Training:
    optimizer = Lookahead(adamw(model), alpha=0.4, **settings)
    parts = training(model, optimizer, MIXTURE)
    if unfreezes:
        parts.unfreezing = closing
        parts.parameter_groups = {name: list(child.parameters()) for name, child in model.named_children()}
    return parts


def stored(parts: Training) -> Any:
    """What a checkpoint holds, through a file and back."""
    file = io.BytesIO()
    with evaluation_weights(parts.optimizer):
        model = weights(parts.model)
    state = [model, parts.optimizer.state_dict(), parts.schedule.state_dict(), parts.progress.state_dict()]
    torch.save(state, file)
    file.seek(0)
    return torch.load(file, weights_only=True)


def restore(parts: Training, state: Any) -> None:
    model, optimizer, schedule, progress = state
    with torch.no_grad():
        for name, parameter in parts.model.named_parameters():
            parameter.copy_(model[name])
    parts.optimizer.load_state_dict(optimizer)
    parts.schedule.load_state_dict(schedule)
    parts.progress.load_state_dict(progress)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("period", "restarts", "reset", "unfreezes"),
    [
        (4, 1, carry, False),
        (4, 1, forget_momentum, True),
        (4, 1, forget_all, True),
        (2, 3, carry, True),
        (2, 3, forget_momentum, False),
        (2, 3, forget_all, True),
        (1, 2, carry, True),
    ],
)
def test_a_run_goes_on_from_any_step_as_if_it_had_not_stopped(
    period: int, restarts: int, reset: Callable, unfreezes: bool
):
    settings = {"period": period, "restarts": restarts, "reset": reset, "unfreezes": unfreezes}
    parts = build(Tagger(dropout=0.2), **settings)
    states, trace = [stored(parts)], []
    for _ in range(STEPS):
        trace += walk(parts, 1)
        states.append(stored(parts))
    for stop in range(STEPS):
        again = build(Tagger(dropout=0.2), **settings)
        nn.init.zeros_(again.model.head.weight)
        restore(again, states[stop])
        with evaluation_weights(again.optimizer):
            assert_same(weights(again.model), states[stop][0])
        if stop:
            assert_same(weights(again.model), trace[stop - 1])
        for expected, found in zip(trace[stop:], walk(again, STEPS - stop), strict=True):
            assert_same(expected, found)
        with evaluation_weights(again.optimizer):
            assert_same(weights(again.model), states[STEPS][0])


def test_going_back_in_the_same_process():
    parts = build(Tagger(), period=2, restarts=3, unfreezes=True)
    walk(parts, 3)
    state = stored(parts)
    before = walk(parts, 10)
    restore(parts, state)
    for expected, found in zip(before, walk(parts, 10), strict=True):
        assert_same(expected, found)


def test_evaluation_weights_are_the_slow_ones_until_the_outer_step():
    model = Tagger()
    start = weights(model)
    parts = build(model, period=4, unfreezes=False)
    for _ in range(3):
        fast = walk(parts, 1)[-1]
        with evaluation_weights(parts.optimizer):
            assert_same(weights(model), start)
        assert_same(weights(model), fast)
    moved = walk(parts, 1)[-1]
    assert not torch.equal(moved["head.weight"], start["head.weight"])
    with evaluation_weights(parts.optimizer):
        assert_same(weights(model), moved)


def test_the_fast_weights_come_back_after_an_error():
    parts = build(Tagger(), period=4, unfreezes=False)
    fast = walk(parts, 2)[-1]
    with pytest.raises(KeyError), evaluation_weights(parts.optimizer):
        raise KeyError
    assert_same(weights(parts.model), fast)


def test_a_plain_optimizer_evaluates_what_it_moves():
    model = Tagger()
    with evaluation_weights(adamw(model)):
        assert_same(weights(model), weights(Tagger()))


@pytest.mark.parametrize("restarts", [1, 3])
def test_outer_steps_are_counted(restarts: int):
    parts = build(Tagger(), period=2, restarts=restarts, unfreezes=False)
    walk(parts, 13)
    assert parts.optimizer.outer_steps == 13 // (2 * restarts)


@pytest.mark.parametrize("settings", [{"period": 0}, {"restarts": 0}, {"alpha": 0.0}, {"alpha": 1.5}])
def test_settings_that_make_no_sense(settings: dict[str, float]):
    with pytest.raises(IsoglossError, match="found"):
        Lookahead(adamw(Tagger()), **{"period": 5, "alpha": 0.1, **settings})


def test_alpha_of_a_group_is_checked_too():
    with pytest.raises(IsoglossError, match=r"alpha must be in \(0, 1\], found -1"):
        Lookahead(torch.optim.SGD([{"params": Tagger().parameters(), "alpha": -1.0}], lr=0.1), period=5, alpha=0.1)


def test_an_alpha_of_another_meaning_is_not_taken_for_ours():
    with pytest.raises(IsoglossError, match="RMSprop cannot be an inner optimizer"):
        Lookahead(torch.optim.RMSprop(Tagger().parameters()), period=5, alpha=0.1)

from __future__ import annotations

import copy
import io
from typing import Any

import pytest
import torch
from torch import nn

from isogloss.run.selection import Best, Last, RunningAverage, Selection


def model_of(value: float) -> nn.Module:
    """A model all of whose weights are ``value``."""
    model = nn.Linear(3, 2)
    fill(model, value)
    return model


def fill(model: nn.Module, value: float) -> None:
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.fill_(value)


def value_of(model: nn.Module) -> float:
    (value,) = {float(x) for parameter in model.parameters() for x in parameter.detach().flatten()}
    return value


def consider(selection: Selection, scores: list[float | None], *, start: int = 0) -> nn.Module:
    """Considers, at step 10 (i + 1), a model of weights i."""
    model = model_of(0.0)
    for index, score in enumerate(scores[start:], start):
        fill(model, float(index))
        selection.consider(model, 10 * (index + 1), score)
    return model


def through_a_file(state: dict[str, Any]) -> dict[str, Any]:
    file = io.BytesIO()
    torch.save(state, file)
    file.seek(0)
    return torch.load(file, weights_only=True)


def test_best_keeps_the_earliest_of_the_best():
    best = Best()
    model = consider(best, [0.2, 0.5, None, 0.5, 0.4])
    assert (best.step, best.score) == (20, 0.5)
    assert value_of(model) == 4.0
    best.apply(model)
    assert value_of(model) == 1.0


def test_best_without_any_score_leaves_the_model():
    best = Best()
    model = consider(best, [None, None])
    best.apply(model)
    assert value_of(model) == 1.0 and best.step is None


def test_last_is_the_model_itself():
    last = Last()
    model = consider(last, [0.9, 0.1])
    last.apply(model)
    assert (value_of(model), last.step, last.score) == (1.0, 20, 0.1)


def test_running_average_is_the_mean():
    average = RunningAverage(start=30)
    models = []
    for step in range(10, 90, 10):
        torch.manual_seed(step)
        model = nn.Linear(3, 2)
        average.consider(model, step, None)
        models.append(copy.deepcopy(model))
    average.apply(model)
    expected = torch.stack([one.weight for one in models[2:]]).mean(dim=0)
    torch.testing.assert_close(model.weight, expected)
    assert (average.step, average.taken) == (80, 6)


def test_before_the_start_nothing_is_averaged():
    average = RunningAverage(start=1_000)
    model = consider(average, [0.1, 0.2])
    average.apply(model)
    assert value_of(model) == 1.0


@pytest.mark.parametrize("build", [Best, Last, lambda: RunningAverage(start=20)])
@pytest.mark.parametrize("stop", [0, 1, 3, 5])
def test_a_selection_goes_on_where_it_stopped(stop: int, build: Any):
    scores: list[float | None] = [0.2, 0.5, 0.1, 0.5, 0.6, None]
    whole, first, second = build(), build(), build()
    model = consider(whole, scores)
    consider(first, scores[:stop])
    second.load_state_dict(through_a_file(first.state_dict()))
    again = consider(second, scores, start=stop)
    whole.apply(model)
    second.apply(again)
    assert value_of(model) == value_of(again)
    assert (whole.step, whole.score) == (second.step, second.score)


@pytest.mark.parametrize("build", [Best, lambda: RunningAverage(start=0)])
def test_a_state_stays_as_it_was(build: Any):
    selection, other = build(), build()
    consider(selection, [0.1, 0.2])
    state = selection.state_dict()
    before = copy.deepcopy(state)
    other.load_state_dict(state)
    for part in (selection, other):
        consider(part, [0.1, 0.2, 0.9, 0.3])
    torch.testing.assert_close(state["weights"], before["weights"], rtol=0, atol=0)
    assert state["step"] == before["step"]

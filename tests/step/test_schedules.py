"""Schedules of unfreezing: their timelines, and FUN as a function of the step and of the order chosen so far."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from itertools import pairwise

import pytest
from torch import nn

from isogloss.common.errors import IsoglossError
from isogloss.step.fun import Fun
from isogloss.step.unfreezing import (
    Staged,
    never_opened,
    paper_timeline,
    released_fun_timeline,
    released_gradual_timeline,
)

LAYERS = tuple(f"layer_{number}" for number in range(1, 13))
MODEL = nn.Linear(1, 1)
TOP_DOWN = tuple(frozenset({layer}) for layer in reversed(LAYERS))


def opened_at(rule: Staged | Fun, steps: int) -> dict[Hashable, int]:
    """The first step in which each group is open."""
    found: dict[Hashable, int] = {}
    for step in range(steps):
        for group in rule(step, MODEL):
            found.setdefault(group, step)
    return found


def test_gradual_unfreezing_in_the_three_timelines() -> None:
    """The steps that the specification reads off paper and code, of 12 layers and an interval of 100."""
    for timeline, second, last in (
        (paper_timeline, 100, 1100),
        (released_gradual_timeline, 199, 1199),
        (released_fun_timeline, 99, 1099),
    ):
        rule = Staged(frozenset({"head"}), TOP_DOWN, timeline(100, 12))
        found = opened_at(rule, 1300)
        assert (found["head"], found["layer_12"], found["layer_11"], found["layer_1"]) == (0, 0, second, last)
        assert rule.opening == {"head", *LAYERS}


def test_what_is_open_stays_open() -> None:
    rule = Staged(frozenset({"head"}), TOP_DOWN, paper_timeline(3, 12))
    seen = [rule(step, MODEL) for step in range(60)]
    assert all(before <= after for before, after in pairwise(seen))


def by_place(model: nn.Module, closed: Sequence[Hashable]) -> Mapping[Hashable, float]:
    return {layer: LAYERS.index(str(layer)) for layer in closed}


def test_fun_by_the_place_of_a_layer_is_gradual_unfreezing() -> None:
    starts = paper_timeline(7, 12)
    fun, gradual = Fun(frozenset({"head"}), LAYERS, starts, by_place), Staged(frozenset({"head"}), TOP_DOWN, starts)
    for step in range(100):
        assert fun(step, MODEL) == gradual(step, MODEL)


def test_fun_scores_only_what_is_closed_and_only_at_events() -> None:
    asked: list[tuple[Hashable, ...]] = []

    def score(model: nn.Module, closed: Sequence[Hashable]) -> dict[Hashable, float]:
        asked.append(tuple(closed))
        return {layer: float(layer == "layer_2") for layer in closed}

    rule = Fun(frozenset(), LAYERS[:4], (0, 2, 4, 6), score, first="layer_4")
    for step in range(9):
        rule(step, MODEL)
    assert asked == [("layer_1", "layer_2", "layer_3"), ("layer_1", "layer_3")]
    assert rule.order == ["layer_4", "layer_2", "layer_3", "layer_1"]  # equal scores open the upper layer first


@pytest.mark.parametrize("stop", [0, 1, 2, 3, 5])
def test_fun_goes_on_with_its_order(stop: int) -> None:
    """A rule that is stopped before, at and after an event asks no more than it would have, and chooses the same."""
    changing = {"layer_1": [0.0, 9.0, 0.0], "layer_2": [5.0, 0.0, 1.0], "layer_3": [1.0, 1.0, 2.0]}
    asked = iter(range(9))

    def score(model: nn.Module, closed: Sequence[Hashable]) -> dict[Hashable, float]:
        moment = next(asked)
        return {layer: changing[str(layer)][moment] for layer in closed}

    def rule() -> Fun:
        return Fun(frozenset(), LAYERS[:3], (0, 2, 4), score)

    straight = rule()
    expected = [straight(step, MODEL) for step in range(7)]
    asked = iter(range(9))
    begun = rule()
    for step in range(stop):
        begun(step, MODEL)
    again = rule()
    again.load_state_dict(begun.state_dict())
    assert [again(step, MODEL) for step in range(stop, 7)] == expected[stop:]
    assert again.order == straight.order


def test_what_a_short_run_never_opens_is_named() -> None:
    assert never_opened(TOP_DOWN, paper_timeline(100, 12), 1000) == ["layer_2", "layer_1"]
    assert never_opened(TOP_DOWN, paper_timeline(100, 12), 1101) == []


def test_schedules_that_make_no_sense() -> None:
    with pytest.raises(IsoglossError, match="2 stages need as many starts that rise"):
        Staged(frozenset(), TOP_DOWN[:2], (5, 3))
    with pytest.raises(IsoglossError, match="3 layers need as many events"):
        Fun(frozenset(), LAYERS[:3], (0, 1), by_place)
    with pytest.raises(IsoglossError, match="first is 'layer_9', which is none of the layers layer_1, layer_2"):
        Fun(frozenset(), LAYERS[:2], (0, 1), by_place, first="layer_9")

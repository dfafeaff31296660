"""Law 3: unfreezing with everything open is no unfreezing, and what is closed does not move by anything."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from isogloss.common.errors import IsoglossError
from isogloss.optim import Lookahead, evaluation_weights, forget_all
from isogloss.step.loop import take_step
from isogloss.step.sampling import Temperature
from tests.laws.small import LANGUAGES, Tagger, adamw, assert_close, assert_same, training, walk, weights

MIXTURE = Temperature(LANGUAGES, (1, 1, 1), seed=2)
EVERYTHING = frozenset({"embeddings", "hidden", "head"})
WITHOUT_HIDDEN = EVERYTHING - {"hidden"}
HIDDEN = ("hidden.weight", "hidden.bias")


def groups_of(model: nn.Module) -> dict[str, list[nn.Parameter]]:
    return {name: list(model.get_submodule(name).parameters()) for name in EVERYTHING}


def plain(model: nn.Module) -> torch.optim.Optimizer:
    return adamw(model)


def slow(model: nn.Module) -> Lookahead:
    return Lookahead(adamw(model), period=4, alpha=0.5)


def restarting(model: nn.Module) -> Lookahead:
    return Lookahead(adamw(model), period=4, alpha=0.5, restarts=3)


def forgetting(model: nn.Module) -> Lookahead:
    return Lookahead(adamw(model), period=3, alpha=0.5, restarts=2, reset=forget_all)


OPTIMIZERS = [plain, slow, restarting, forgetting]


def hidden(values: dict[str, Tensor]) -> dict[str, Tensor]:
    return {name: values[name] for name in HIDDEN}


def unfreezing_run(model: nn.Module, optimizer: Any, unfreezing: Callable[..., frozenset]) -> Any:
    return training(model, optimizer, MIXTURE, unfreezing=unfreezing, parameter_groups=groups_of(model))


def test_groups_must_partition_the_parameters():
    model = Tagger()
    groups = groups_of(model)
    del groups["hidden"]
    with pytest.raises(IsoglossError, match=r"found 2 that are not: hidden\.weight \(in 0\), hidden\.bias \(in 0\)"):
        training(model, plain(model), MIXTURE, unfreezing=lambda step, model: EVERYTHING, parameter_groups=groups)
    twice = {**groups_of(model), "again": [model.head.weight]}
    with pytest.raises(IsoglossError, match=r"found 1 that are not: head\.weight \(in 2\)"):
        training(model, plain(model), MIXTURE, unfreezing=lambda step, model: EVERYTHING, parameter_groups=twice)


@pytest.mark.parametrize("build", OPTIMIZERS)
def test_everything_open_is_no_unfreezing(build: Callable):
    free, opened = Tagger(dropout=0.2), Tagger(dropout=0.2)
    left = walk(training(free, build(free), MIXTURE), 26)
    right = walk(unfreezing_run(opened, build(opened), lambda step, model: EVERYTHING), 26)
    for one, other in zip(left, right, strict=True):
        assert_same(one, other)


@pytest.mark.slow
@pytest.mark.parametrize("build", OPTIMIZERS)
@pytest.mark.parametrize("closes", [0, 1, 4, 6, 11, 12, 13])
def test_a_closed_group_does_not_move(closes: int, build: Callable):
    model = Tagger()
    optimizer = build(model)
    parts = unfreezing_run(model, optimizer, lambda step, model: EVERYTHING if step < closes else WITHOUT_HIDDEN)
    model.train()
    for _ in range(closes):
        take_step(parts)
    before = weights(model)
    for _ in range(26):
        take_step(parts)
        assert all(parameter.grad is None for parameter in model.parameters())
        assert_same(hidden(weights(model)), hidden(before))
        with evaluation_weights(optimizer):
            assert_same(hidden(weights(model)), hidden(before))
        assert_same(hidden(weights(model)), hidden(before))
    assert not torch.equal(weights(model)["head.weight"], before["head.weight"])


def test_a_closed_group_gets_no_gradient():
    model = Tagger()
    seen = []
    optimizer = adamw(model)
    optimizer.register_step_pre_hook(lambda *_: seen.append([p.grad is None for p in model.hidden.parameters()]))
    walk(unfreezing_run(model, optimizer, lambda step, model: WITHOUT_HIDDEN if step % 2 else EVERYTHING), 4)
    assert seen == [[False, False], [True, True], [False, False], [True, True]]


def test_a_gradient_left_from_before_does_not_move_a_closed_group():
    model = Tagger()
    before = weights(model)
    for parameter in model.parameters():
        parameter.grad = torch.ones_like(parameter)
    walk(unfreezing_run(model, adamw(model), lambda step, model: WITHOUT_HIDDEN), 1)
    assert_same(hidden(weights(model)), hidden(before))


def thetas(model: nn.Module, optimizer: Lookahead) -> list[dict[str, Tensor]]:
    """A list that gets the weights after every inner step, before what follows it."""
    found: list[dict[str, Tensor]] = []
    optimizer.inner.register_step_post_hook(lambda *_: found.append(weights(model)))
    return found


def test_the_rest_moves_as_ever_when_a_group_closes_in_a_walk():
    model = Tagger(dtype=torch.float64)
    optimizer = slow(model)
    start = weights(model)
    found = thetas(model, optimizer)
    walk(unfreezing_run(model, optimizer, lambda step, model: EVERYTHING if step < 2 else WITHOUT_HIDDEN), 4)
    expected = {name: start[name] + 0.5 * (found[3][name] - start[name]) for name in start}
    expected.update(hidden(found[1]))
    assert_close(weights(model), expected)


def test_a_group_that_opens_in_the_second_of_three_walks_stood_still_in_the_first():
    model = Tagger(dtype=torch.float64)
    optimizer = restarting(model)
    start = weights(model)
    found = thetas(model, optimizer)
    walk(unfreezing_run(model, optimizer, lambda step, model: WITHOUT_HIDDEN if step < 6 else EVERYTHING), 12)
    ends = [found[3], found[7], found[11]]
    means = {name: sum(theta[name] for theta in ends) / 3 for name in start}
    assert_same(hidden(ends[0]), hidden(start))
    assert not torch.equal(ends[1]["hidden.weight"], start["hidden.weight"])
    assert_close(weights(model), {name: start[name] + 0.5 * (means[name] - start[name]) for name in start})


def test_a_group_that_closes_and_opens_between_outer_steps_starts_where_it_closed():
    model = Tagger(dtype=torch.float64)
    optimizer = restarting(model)
    start = weights(model)
    found = thetas(model, optimizer)
    closed = range(6, 9)  # from the middle of the second walk to the middle of the third
    walk(unfreezing_run(model, optimizer, lambda step, model: WITHOUT_HIDDEN if step in closed else EVERYTHING), 12)
    means = {name: (found[3][name] + found[7][name] + found[11][name]) / 3 for name in start}
    expected = {name: start[name] + 0.5 * (means[name] - start[name]) for name in start}
    for name in HIDDEN:
        phi = found[5][name]  # where it closed; it stood there at the ends of two walks
        expected[name] = phi + 0.5 * ((2 * phi + found[11][name]) / 3 - phi)
    assert_close(weights(model), expected)


def test_a_group_that_opens_again_walks_from_where_it_closed():
    model = Tagger(dtype=torch.float64)
    optimizer = slow(model)
    found = thetas(model, optimizer)
    closed = range(2, 9)
    parts = unfreezing_run(model, optimizer, lambda step, model: WITHOUT_HIDDEN if step in closed else EVERYTHING)
    walk(parts, 11)
    with optimizer.evaluation_weights():
        assert_same(hidden(weights(model)), hidden(found[1]))
    walk(parts, 1)
    for name in HIDDEN:
        expected = found[1][name] + 0.5 * (found[11][name] - found[1][name])
        torch.testing.assert_close(weights(model)[name], expected)

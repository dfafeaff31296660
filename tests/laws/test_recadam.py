"""RecAdam is what its paper's code computes, and AdamW where there is nothing to recall."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from isogloss import IsoglossError
from isogloss.optim import Constant, Linear, Lookahead, RecAdam, Sigmoid, forget_all, parameter_groups
from isogloss.step.loop import Training
from isogloss.step.sampling import Joint, Temperature
from tests.laws.small import LANGUAGES, Tagger, assert_close, assert_same, training, walk, weights

RATE = 0.02
MIXTURE = Temperature(LANGUAGES, (900, 90, 10), 2.0, seed=3)


def recadam(model: nn.Module, **options: Any) -> RecAdam:
    own = {"head.weight": {"pull": 0.0}}
    groups = parameter_groups(model, weight_decay=0.1, own=own)
    return RecAdam(groups, lr=RATE, **{"pull": 20.0, "annealing": Sigmoid(0.5, 6), **options})


class Literal:
    """RecAdam for one tensor, written out in the order of the paper's code, but that decay comes first as in torch."""

    def __init__(self, tensor: Tensor, *, decay: float, pull: float, annealing: Callable[[int], float]) -> None:
        self.theta, self.starting = tensor.clone(), tensor.clone()
        self.first, self.second = torch.zeros_like(tensor), torch.zeros_like(tensor)
        self.decay, self.pull, self.annealing, self.step = decay, pull, annealing, 0

    def move(self, gradient: Tensor) -> None:
        self.step += 1
        self.first = 0.9 * self.first + 0.1 * gradient
        self.second = 0.999 * self.second + 0.001 * gradient**2
        first, second = self.first / (1 - 0.9**self.step), self.second / (1 - 0.999**self.step)
        share = self.annealing(self.step)
        self.theta = self.theta - RATE * self.decay * self.theta
        self.theta = self.theta - share * RATE * first / (second.sqrt() + 1e-8)
        self.theta = self.theta - RATE * (1 - share) * self.pull * (self.theta - self.starting)


@pytest.mark.parametrize("annealing", [Sigmoid(0.5, 6), Linear(9), Constant(0.3)])
@pytest.mark.parametrize("fused", [True, False])
def test_it_is_the_papers_rule(annealing: Callable[[int], float], fused: bool):
    random = torch.Generator().manual_seed(1)
    tensor = nn.Parameter(torch.randn(3, 4, generator=random, dtype=torch.float64))
    literal = Literal(tensor.detach(), decay=0.1, pull=20.0, annealing=annealing)
    optimizer = RecAdam([tensor], lr=RATE, weight_decay=0.1, pull=20.0, annealing=annealing, fused=fused)
    for _ in range(15):
        tensor.grad = torch.randn(3, 4, generator=random, dtype=torch.float64)
        literal.move(tensor.grad)
        optimizer.step()
        torch.testing.assert_close(tensor.detach(), literal.theta, rtol=1e-12, atol=1e-14)


def test_the_task_has_half_the_say_in_the_middle():
    assert Sigmoid(0.5, 250)(250) == 0.5
    assert Sigmoid(1.0, 1000)(1) == pytest.approx(0.0, abs=1e-300)
    assert Sigmoid(0.5, 250)(400) == pytest.approx(1.0)
    assert [Linear(4)(step) for step in (1, 2, 4, 9)] == [0.25, 0.5, 1.0, 1.0]


@pytest.mark.parametrize("options", [{"annealing": Constant(1.0)}, {"pull": 0.0}])
def test_with_nothing_to_recall_it_is_adamw(options: dict[str, Any]):
    plain, recalling = Tagger(dtype=torch.float64), Tagger(dtype=torch.float64)
    adamw = torch.optim.AdamW(parameter_groups(plain, weight_decay=0.1), lr=RATE)
    expected = walk(training(plain, adamw, MIXTURE), 20)
    assert_close(walk(training(recalling, recadam(recalling, **options), MIXTURE), 20)[-1], expected[-1])


def test_a_fresh_head_takes_adams_steps():
    gradient = torch.ones(3, 6)
    heads = []
    for pull in (0.0, 50.0):
        model = Tagger()
        optimizer = recadam(model, pull=pull)
        for _ in range(5):
            model.head.weight.grad = gradient.clone()
            model.hidden.weight.grad = torch.ones(6, 5)
            optimizer.step()
        heads.append(model.head.weight.detach().clone())
    assert torch.equal(*heads)


def test_before_the_middle_weights_stay_near_where_they_began():
    def distance(annealing: Callable[[int], float]) -> float:
        model = Tagger()
        start = model.hidden.weight.detach().clone()
        walk(training(model, recadam(model, annealing=annealing), MIXTURE), 30)
        return float((model.hidden.weight.detach() - start).norm())

    # What is left at the start is weight decay against the pull.
    assert 5 * distance(Sigmoid(1.0, 100)) < distance(Sigmoid(1.0, 25)) < distance(Constant(1.0))


def test_a_parameter_without_gradient_stands_still():
    model = Tagger()
    optimizer = recadam(model)
    before = weights(model)
    model.head.weight.grad = torch.ones(3, 6)
    optimizer.step()
    after = weights(model)
    assert not torch.equal(before.pop("head.weight"), after.pop("head.weight"))
    assert_same(before, after)


def test_it_goes_on_as_if_it_had_not_stopped():
    def built(held: dict[str, Tensor] | None = None) -> Training:
        model = Tagger()
        model.load_state_dict(held or {}, strict=held is not None)
        return training(model, recadam(model, annealing=Sigmoid(0.5, 12)), MIXTURE)

    straight = built()
    walk(straight, 8)
    # Built on weights that have moved already: where it began is in the state.
    resumed = built(weights(straight.model))
    for part in ("optimizer", "schedule", "progress"):
        getattr(resumed, part).load_state_dict(copy.deepcopy(getattr(straight, part).state_dict()))
    walk(straight, 10)
    walk(resumed, 10)
    assert_same(weights(straight.model), weights(resumed.model))


@pytest.mark.parametrize("period", [1, 4])
def test_slow_weights_of_alpha_1_change_nothing(period: int):
    plain, wrapped = Tagger(), Tagger()
    slow = Lookahead(recadam(wrapped), period=period, alpha=1.0)
    expected = walk(training(plain, recadam(plain), MIXTURE), 16)
    for left, right in zip(walk(training(wrapped, slow, MIXTURE), 16), expected, strict=True):
        assert_same(left, right)


def test_forgotten_moments_leave_the_annealing_where_it_was():
    model = Tagger()
    start = model.hidden.weight.detach().clone()
    asked: list[int] = []

    def annealing(step: int) -> float:
        asked.append(step)
        return 0.5

    slow = Lookahead(recadam(model, annealing=annealing), period=2, alpha=0.5, reset=forget_all)
    walk(training(model, slow, Joint(("en",))), 5)
    assert sorted(set(asked)) == [1, 2, 3, 4, 5]
    assert any(torch.equal(tensor, start) for tensor in slow.inner.state_dict()["starting"].values())


def test_a_pull_that_overshoots_is_refused():
    with pytest.raises(IsoglossError, match=r"pull must be at least 0 and at most 1 / learning rate = 50.*found 51"):
        RecAdam([nn.Parameter(torch.zeros(2))], lr=0.02, pull=51.0)
    with pytest.raises(IsoglossError, match="at least 0"):
        RecAdam([nn.Parameter(torch.zeros(2))], lr=0.02, pull=-1.0)


def test_a_copy_goes_on_as_the_original_and_groups_may_come_later():
    model = Tagger(dtype=torch.float64)
    first, second = list(model.parameters())[:2]
    optimizer = RecAdam([first], lr=RATE, pull=10.0, annealing=Sigmoid(0.5, 3))
    optimizer.add_param_group({"params": [second], "pull": 0.0})
    with pytest.raises(IsoglossError, match="found -1"):
        optimizer.add_param_group({"params": [nn.Parameter(torch.zeros(1))], "pull": -1.0})
    with pytest.raises(IsoglossError, match=r"learning rate = inf.*found -1"):
        optimizer.add_param_group({"params": [nn.Parameter(torch.zeros(1))], "pull": -1.0, "lr": 0.0})
    assert len(optimizer.param_groups) == 2

    def step(model: Tagger, optimizer: RecAdam) -> None:
        for number, parameter in enumerate(list(model.parameters())[:2]):
            parameter.grad = torch.full_like(parameter, 0.1 * (number + 1))
        optimizer.step()

    step(model, optimizer)
    other, again = copy.deepcopy((model, optimizer))
    for _ in range(4):
        step(model, optimizer)
        step(other, again)
    assert_same(weights(model), weights(other))
    assert list(again.param_groups[0]["params"]) == [next(other.parameters())]

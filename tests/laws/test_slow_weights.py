"""Law 1: Lookahead is its inner optimizer at alpha 1, and the Reptile family is what its papers write down."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

from isogloss.optim import Lookahead, carry, forget_all, forget_momentum
from isogloss.protocols import Sampler
from isogloss.step.sampling import Blocks, Joint, Permuted, RoundRobin, Temperature
from tests.laws.small import (
    LANGUAGES,
    Tagger,
    adamw,
    assert_close,
    assert_same,
    decay,
    mean_loss,
    sources,
    training,
    walk,
    weights,
)

MIXTURE = Temperature(LANGUAGES, (900, 90, 10), 2.0, seed=3)


@pytest.mark.parametrize("period", [1, 5])
def test_alpha_1_is_the_inner_optimizer(period: int):
    plain, wrapped = Tagger(dropout=0.2), Tagger(dropout=0.2)
    slow = Lookahead(adamw(wrapped), period=period, alpha=1.0)
    assert slow.inner.param_groups is slow.param_groups
    for left, right in zip(
        walk(training(plain, adamw(plain), MIXTURE), 60), walk(training(wrapped, slow, MIXTURE), 60), strict=True
    ):
        assert_same(left, right)
    assert slow.outer_steps == 60 // period


class Literal:
    """Reptile as it is written: loops inside loops, weights copied in and out."""

    def __init__(self, sampler: Sampler, reset: Callable[[torch.optim.Optimizer], None] = carry) -> None:
        self.model = Tagger(dtype=torch.float64)
        self.optimizer = adamw(self.model)  # made once: Adam's moments live on from loop to loop
        self.sampler, self.reset = sampler, reset
        self.streams = {name: source.stream for name, source in sources().items()}
        self.draws: Counter[str] = Counter()
        self.step = 0

    def inner_loop(self, phi: dict[str, Tensor], length: int) -> dict[str, Tensor]:
        load(self.model, phi)
        for _ in range(length):
            (name,) = self.sampler(self.step)
            for group in self.optimizer.param_groups:
                group["lr"] = 0.02 * decay(self.step)
            self.optimizer.zero_grad()
            mean_loss(self.model, self.streams[name](self.draws[name])).backward()
            nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
            self.optimizer.step()
            self.draws[name] += 1
            self.step += 1
        self.reset(self.optimizer)
        return weights(self.model)

    def run(self, *, outer: int, loops: int, length: int, alphas: dict[str, float]) -> dict[str, Tensor]:
        phi = weights(self.model)
        for _ in range(outer):
            thetas = [self.inner_loop(phi, length) for _ in range(loops)]
            for name in phi:
                mean = sum(theta[name] for theta in thetas) / loops
                phi[name] = phi[name] + alphas[name] * (mean - phi[name])
        return phi


def load(model: nn.Module, values: dict[str, Tensor]) -> None:
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            parameter.copy_(values[name])


def drop_first_moment(optimizer: torch.optim.Optimizer) -> None:
    for state in optimizer.state.values():
        state["exp_avg"] = torch.zeros_like(state["exp_avg"])


def drop_everything(optimizer: torch.optim.Optimizer) -> None:
    for parameter in list(optimizer.state):
        del optimizer.state[parameter]


RESETS = [(carry, carry), (forget_momentum, drop_first_moment), (forget_all, drop_everything)]


@pytest.mark.parametrize(("reset", "literally"), RESETS)
@pytest.mark.parametrize("length", [1, 4])
def test_reptile_is_what_is_written(length: int, reset: Callable, literally: Callable):
    sampler = Blocks(RoundRobin(LANGUAGES), length)
    model = Tagger(dtype=torch.float64)
    optimizer = Lookahead(adamw(model), period=length, alpha=0.3, restarts=3, reset=reset)
    walk(training(model, optimizer, sampler), 3 * length * 4)
    alphas = dict.fromkeys(weights(model), 0.3)
    assert_close(weights(model), Literal(sampler, literally).run(outer=4, loops=3, length=length, alphas=alphas))


@pytest.mark.parametrize(("reset", "literally"), RESETS)
def test_sequential_reptile_is_what_is_written(reset: Callable, literally: Callable):
    model = Tagger(dtype=torch.float64)
    optimizer = Lookahead(adamw(model), period=6, alpha=0.1, reset=reset)
    walk(training(model, optimizer, MIXTURE), 6 * 5)
    alphas = dict.fromkeys(weights(model), 0.1)
    assert_close(weights(model), Literal(MIXTURE, literally).run(outer=5, loops=1, length=6, alphas=alphas))


def test_fish_is_what_is_written():
    sampler = Permuted(LANGUAGES, seed=3)
    model = Tagger(dtype=torch.float64)
    walk(training(model, Lookahead(adamw(model), period=3, alpha=0.05), sampler), 3 * 6)
    seen = [sampler(step) for step in range(18)]
    assert all(len({*seen[start : start + 3]}) == 3 for start in range(0, 18, 3))  # each pass has every language once
    alphas = dict.fromkeys(weights(model), 0.05)
    assert_close(weights(model), Literal(sampler).run(outer=6, loops=1, length=3, alphas=alphas))


def test_every_parameter_group_may_have_its_own_alpha():
    model = Tagger(dtype=torch.float64)
    groups = [
        {"params": [*model.embeddings.parameters(), *model.hidden.parameters()]},
        {"params": list(model.head.parameters()), "alpha": 1.0},
    ]
    optimizer = Lookahead(torch.optim.AdamW(groups, lr=0.02, weight_decay=0.1), period=5, alpha=0.2)
    walk(training(model, optimizer, MIXTURE), 20)
    alphas = {name: 1.0 if name.startswith("head") else 0.2 for name in weights(model)}
    assert_close(weights(model), Literal(MIXTURE).run(outer=4, loops=1, length=5, alphas=alphas))


def test_forgetting_everything_is_a_new_optimizer():
    old, new = Tagger(), Tagger()
    first = Lookahead(adamw(old), period=7, alpha=0.5, reset=forget_all)
    parts = training(old, first, MIXTURE)
    walk(parts, 7)
    load(new, weights(old))
    again = training(new, Lookahead(adamw(new), period=7, alpha=0.5), MIXTURE)
    again.progress.load_state_dict(parts.progress.state_dict())
    for group in again.optimizer.param_groups:
        group["lr"] = first.param_groups[0]["lr"]
    walk(parts, 1)
    walk(again, 1)
    assert_same(weights(old), weights(new))


def test_with_one_task_all_of_the_family_are_one():
    def run(sampler: Sampler) -> dict[str, Tensor]:
        model = Tagger(dropout=0.1)
        return walk(training(model, Lookahead(adamw(model), period=4, alpha=0.1, restarts=1), sampler), 18)[-1]

    lookahead = run(Joint(("en",)))
    assert_same(lookahead, run(Temperature(("en",), (40,), 5.0, seed=1)))  # Sequential Reptile
    assert_same(lookahead, run(Blocks(RoundRobin(("en",)), 4)))  # Reptile


def quadratics() -> tuple[Tensor, Tensor, Tensor]:
    """Hessians ``[3, 3, 3]``, minima ``[3, 3]`` and probabilities ``[3]`` of three tasks in three dimensions."""
    random = torch.Generator().manual_seed(5)
    roots = torch.randn(3, 3, 3, generator=random, dtype=torch.float64)
    minima = torch.randn(3, 3, generator=random, dtype=torch.float64)
    return roots @ roots.mT / 3, minima, torch.tensor([0.5, 0.3, 0.2], dtype=torch.float64)


def meta_gradients(tasks: Tensor, rate: float, restarts: int = 1) -> Tensor:
    """phi - theta after SGD at phi = 0 over many sequences of tasks ``[n, k]`` at once: a row of the parameter each."""
    hessians, minima, _ = quadratics()
    points = nn.Parameter(torch.zeros(len(tasks), 3, dtype=torch.float64))
    optimizer = Lookahead(
        torch.optim.SGD([points], lr=rate), period=tasks.shape[1] // restarts, alpha=1.0, restarts=restarts
    )
    for task in tasks.T:
        with torch.no_grad():
            points.grad = torch.einsum("nij,nj->ni", hessians[task], points - minima[task])
        optimizer.step()
    assert optimizer.outer_steps == 1
    return -points.detach()


@pytest.mark.parametrize("rate", [0.01, 0.001])
def test_expected_meta_gradient_of_sequential_reptile(rate: float):
    steps = 6
    hessians, minima, shares = quadratics()
    tasks = torch.tensor(list(itertools.product(range(3), repeat=steps)))  # all 729 sequences

    def expected(rate: float) -> Tensor:
        return shares[tasks].prod(dim=1) @ meta_gradients(tasks, rate)

    gradient = -torch.einsum("t,tij,tj->i", shares, hessians, minima)
    hessian = torch.einsum("t,tij->ij", shares, hessians)

    def predicted(rate: float) -> Tensor:
        return rate * steps * gradient - rate**2 * steps * (steps - 1) / 2 * hessian @ gradient

    def error(rate: float) -> float:
        return float((expected(rate) - predicted(rate)).norm() / expected(rate).norm())

    assert error(rate) < 20 * rate**2
    assert error(rate) / error(rate / 10) == pytest.approx(100, rel=0.1)

    # For quadratics the expectation is even exactly that of as many full-gradient steps.
    point = torch.zeros(3, dtype=torch.float64)
    for _ in range(steps):
        point = point - rate * torch.einsum("t,tij,tj->i", shares, hessians, point - minima)
    torch.testing.assert_close(expected(rate), -point, rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("rate", [0.01, 0.001])
def test_expected_meta_gradient_of_fish(rate: float):
    hessians, minima, _ = quadratics()
    gradients = -torch.einsum("tij,tj->ti", hessians, minima)
    orders = torch.tensor(list(itertools.permutations(range(3))))
    # Between different tasks only: in one of two orders, either of a pair comes first.
    bend = torch.einsum("tij,uj->tui", hessians, gradients)
    between = bend.sum(dim=(0, 1)) - torch.einsum("tti->i", bend)

    def error(rate: float) -> float:
        found = meta_gradients(orders, rate).mean(dim=0)
        predicted = rate * gradients.sum(dim=0) - rate**2 / 2 * between
        return float((found - predicted).norm() / found.norm())

    assert error(rate) < 20 * rate**2
    assert error(rate) / error(rate / 10) == pytest.approx(100, rel=0.1)
    drawn = Permuted(("0", "1", "2"))
    passes = {tuple(int(drawn(3 * turn + k)[0]) for k in range(3)) for turn in range(60)}
    assert passes == {tuple(order) for order in orders.tolist()}


def test_meta_gradient_of_reptile():
    steps = 5
    hessians, minima, _ = quadratics()
    gradients = -torch.einsum("tij,tj->ti", hessians, minima)
    tasks = torch.arange(3).repeat_interleave(steps)[None]  # one loop per task

    def error(rate: float) -> float:
        bend = torch.einsum("tij,tj->ti", hessians, gradients)
        predicted = (rate * steps * gradients - rate**2 * steps * (steps - 1) / 2 * bend).mean(dim=0)
        found = meta_gradients(tasks, rate, restarts=3)[0]
        return float((found - predicted).norm() / found.norm())

    assert error(0.01) / error(0.001) == pytest.approx(100, rel=0.1)

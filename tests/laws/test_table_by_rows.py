"""Law: to keep the gradient of the table of sub-words by rows is plain training, for every optimizer and sum."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from isogloss.gradients import SparseTable
from isogloss.objectives.l2_sp import L2SP
from isogloss.optim import Lookahead
from isogloss.protocols import DataSource, Sampler
from isogloss.step.loop import clip, take_step
from isogloss.step.sampling import Joint, RoundRobin
from tests.laws.small import LANGUAGES, Tagger, TwoTerms, adamw, assert_close, training, walk, weights

SAMPLERS = [Joint(LANGUAGES), RoundRobin(LANGUAGES)]


@pytest.mark.slow
@pytest.mark.parametrize("sampler", SAMPLERS, ids=["joint", "round-robin"])
@pytest.mark.parametrize("accumulation", [1, 4])
@pytest.mark.parametrize("limit", [None, 0.05])
def test_a_table_kept_by_rows_is_plain_training(sampler: Sampler, accumulation: int, limit: float | None):
    dense, by_rows = Tagger(dtype=torch.float64), Tagger(dtype=torch.float64)
    slices = {"accumulation": accumulation}
    left = training(dense, adamw(dense), sampler, slices=slices, max_grad_norm=limit)
    table = SparseTable(by_rows.embeddings)
    right = training(by_rows, adamw(by_rows), sampler, slices=slices, max_grad_norm=limit, table=table)
    for one, other in zip(walk(left, 15), walk(right, 15), strict=True):
        assert_close(one, other)


@pytest.mark.parametrize("by_rows", [False, True])
def test_elements_of_the_gradient_are_clipped(by_rows: bool):
    """By plain SGD a weight moves by as much as its gradient's element, and by no more than the limit."""
    moves = {}
    for limit in (None, 1e-3):
        model = Tagger(dtype=torch.float64)
        before, table = weights(model), SparseTable(model.embeddings) if by_rows else None
        still = torch.optim.SGD(model.parameters(), lr=1.0)
        parts = training(model, still, Joint(LANGUAGES), max_grad_norm=None, max_grad_element=limit, table=table)
        take_step(parts)
        moves[limit] = {name: own - before[name] for name, own in weights(model).items()}
    assert any((own.abs() > 1e-3).any() for own in moves[None].values())
    assert_close(moves[1e-3], {name: own.clamp(-1e-3, 1e-3) for name, own in moves[None].items()})


def test_slow_weights_move_rows_that_no_batch_has():
    dense, by_rows = Tagger(dtype=torch.float64), Tagger(dtype=torch.float64)
    ours, theirs = (Lookahead(adamw(model), period=3, alpha=0.4) for model in (by_rows, dense))
    walk(training(by_rows, ours, RoundRobin(LANGUAGES), table=SparseTable(by_rows.embeddings)), 9)
    walk(training(dense, theirs, RoundRobin(LANGUAGES)), 9)
    assert_close(weights(by_rows), weights(dense))


def test_a_frozen_table_stays():
    model = Tagger()
    model.embeddings.requires_grad_(False)
    before = weights(model)["embeddings.weight"]
    walk(training(model, adamw(model), Joint(LANGUAGES), table=SparseTable(model.embeddings)), 3)
    assert torch.equal(weights(model)["embeddings.weight"], before)


def test_a_table_that_opens_and_closes_keeps_no_old_rows():
    class Alternating:
        opening = frozenset({"rest", "table"})

        def __call__(self, step: int, model: Tagger) -> frozenset[str]:
            return frozenset({"rest", "table"} if step % 2 else {"rest"})

    def run(table: bool) -> dict[str, Tensor]:
        model = Tagger(dtype=torch.float64)
        rest = [p for p in model.parameters() if p is not model.embeddings.weight]
        parts = training(
            model,
            adamw(model),
            RoundRobin(LANGUAGES),
            unfreezing=Alternating(),
            parameter_groups={"rest": rest, "table": [model.embeddings.weight]},
            table=SparseTable(model.embeddings) if table else None,
        )
        walk(parts, 8)
        return weights(model)

    assert_close(run(True), run(False))


def test_a_penalty_on_all_weights_makes_the_gradient_dense():
    def run(table: bool) -> dict[str, Tensor]:
        model = Tagger(dtype=torch.float64)
        parts = training(model, adamw(model), Joint(LANGUAGES), table=SparseTable(model.embeddings) if table else None)
        penalised = L2SP(TwoTerms(), model, strength=0.1, free=frozenset())
        parts.sources = {name: DataSource(name, one.stream, penalised) for name, one in parts.sources.items()}
        walk(parts, 6)
        return weights(model)

    assert_close(run(True), run(False))


def test_gradients_are_cleared_row_by_row():
    """The dense gradient is one tensor for the run, so what a batch has left in it must be gone in the next."""
    model = Tagger(dtype=torch.float64)
    table = SparseTable(model.embeddings)

    def gradient(ids: list[int]) -> Tensor:
        with table.taking():
            model(torch.tensor([ids])).sum().backward()
        taken = table.take(training(model, adamw(model), Joint(LANGUAGES)).group)
        assert taken is not None
        table.put([(taken, 1.0)])
        assert model.embeddings.weight.grad is not None
        return model.embeddings.weight.grad

    assert gradient([3, 5]).abs().sum(dim=1).nonzero().flatten().tolist() == [3, 5]
    model.zero_grad()
    assert gradient([7]).abs().sum(dim=1).nonzero().flatten().tolist() == [7]


@pytest.mark.parametrize("limit", [0.5, 1e3, float("inf")])
def test_clipping_is_that_of_torch(limit: float):
    def filled() -> list[nn.Parameter]:
        random = torch.Generator().manual_seed(3)
        own = [nn.Parameter(torch.zeros(shape)) for shape in ((3, 2), (4,), (2,))]
        for parameter in own[:2]:
            parameter.grad = torch.randn(parameter.shape, generator=random)
        return own

    ours, theirs = filled(), filled()
    assert torch.equal(clip(ours, limit), torch.nn.utils.clip_grad_norm_(theirs, limit))
    for one, other in zip(ours[:2], theirs[:2], strict=True):
        assert one.grad is not None and other.grad is not None and torch.equal(one.grad, other.grad)
    assert ours[2].grad is None


def test_a_step_without_any_gradient_moves_nothing():
    model = Tagger()
    model.requires_grad_(False)
    assert float(clip(list(model.parameters()), 1.0)) == 0.0


def test_one_batch_unclipped_differs_by_the_order_of_additions_alone():
    dense, by_rows = Tagger(), Tagger()
    left = training(dense, adamw(dense), RoundRobin(LANGUAGES), max_grad_norm=None)
    right = training(
        by_rows, adamw(by_rows), RoundRobin(LANGUAGES), max_grad_norm=None, table=SparseTable(by_rows.embeddings)
    )
    take_step(left)
    take_step(right)
    torch.testing.assert_close(weights(dense), weights(by_rows), rtol=1e-6, atol=1e-6)

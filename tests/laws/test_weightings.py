"""Law 2: weights of one are plain multi-task training, and the Gram matrix says all that explicit gradients say."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor

from isogloss.gradients import Add, GradientRows, GradVac, PCGrad, SparseTable
from isogloss.gradients.pcgrad import orders
from isogloss.step.loop import take_step
from isogloss.step.sampling import Joint
from tests.laws import literal_weightings as literal
from tests.laws.small import (
    LANGUAGES,
    Tagger,
    adamw,
    assert_close,
    assert_same,
    mean_loss,
    sources,
    training,
    walk,
    weights,
)


def ones(step: int, names: tuple[str, ...], grams: Tensor, losses: Tensor) -> Tensor:
    return torch.ones(1, len(names))


class Still(torch.optim.Optimizer):
    """Moves nothing and keeps the gradients it was asked to move by."""

    def __init__(self, model: torch.nn.Module) -> None:
        super().__init__(model.parameters(), {"lr": 0.1})
        self.model = model
        self.seen: dict[str, Tensor] = {}

    def step(self, closure: Any = None) -> None:
        self.seen = {n: p.grad.clone() for n, p in self.model.named_parameters() if p.grad is not None}


def explicit_gradients(model: torch.nn.Module, k: int) -> Tensor:
    """Flattened gradients ``[m, n]`` of the k-th batch of every language."""
    parameters = list(model.parameters())
    losses = [mean_loss(model, source.stream(k)) for source in sources().values()]
    return torch.stack([torch.cat([g.flatten() for g in torch.autograd.grad(loss, parameters)]) for loss in losses])


def flat(values: dict[str, Tensor]) -> Tensor:
    return torch.cat([value.flatten() for value in values.values()])


def test_weights_of_one_are_no_weighting():
    plain, weighted = Tagger(dropout=0.2), Tagger(dropout=0.2)
    left = walk(training(plain, adamw(plain), Joint(LANGUAGES)), 20)
    right = walk(training(weighted, adamw(weighted), Joint(LANGUAGES), weighting=ones), 20)
    for one, other in zip(left, right, strict=True):
        assert_same(one, other)


def test_weights_of_one_are_no_weighting_over_micro_batches():
    plain, weighted = Tagger(dtype=torch.float64), Tagger(dtype=torch.float64)
    slices = {"accumulation": 4}
    walk(training(plain, adamw(plain), Joint(LANGUAGES), slices=slices), 20)
    walk(training(weighted, adamw(weighted), Joint(LANGUAGES), slices=slices, weighting=ones), 20)
    assert_close(weights(plain), weights(weighted))


@pytest.mark.parametrize("accumulation", [1, 4])
def test_a_weighting_gets_the_inner_products_and_losses_of_the_batches(accumulation: int):
    seen = {}

    def look(step: int, names: tuple[str, ...], grams: Tensor, losses: Tensor) -> Tensor:
        seen.update(step=step, names=names, gram=grams, losses=losses)
        return torch.tensor([[0.5, 2.0, -1.0]])

    model = Tagger(dtype=torch.float64)
    still = Still(model)
    slices = {"accumulation": accumulation}
    parts = training(model, still, Joint(LANGUAGES), slices=slices, weighting=look, max_grad_norm=None)
    explicit = explicit_gradients(model, 0)
    take_step(parts)
    assert (seen["step"], seen["names"]) == (0, LANGUAGES)
    torch.testing.assert_close(seen["gram"][0], explicit @ explicit.T)
    losses = torch.stack([mean_loss(model, source.stream(0)).detach() for source in sources().values()])
    torch.testing.assert_close(seen["losses"].double(), losses, rtol=1e-6, atol=0)
    torch.testing.assert_close(flat(still.seen), torch.tensor([0.5, 2.0, -1.0]).double() @ explicit)


def test_projecting_weights_is_projecting_gradients():
    model = Tagger(dtype=torch.float64)
    optimizer = adamw(model)
    walk(training(model, optimizer, Joint(LANGUAGES)), 5)  # after some steps, languages disagree
    still = Still(model)
    parts = training(model, still, Joint(LANGUAGES), weighting=PCGrad(4), max_grad_norm=None)
    changed = 0
    for k in range(5):
        explicit = explicit_gradients(model, k)
        projected = literal.pcgrad(explicit, orders(4, k, 3))
        take_step(parts)
        torch.testing.assert_close(flat(still.seen), projected)
        changed += not torch.allclose(projected, explicit.sum(dim=0))
    assert changed > 0


def by_layer(model: Tagger, **keeping: Any) -> GradientRows:
    """Three groups of parameters, the table of sub-words among them by rows."""
    layers = [list(part.parameters()) for part in (model.head, model.embeddings, model.hidden)]
    return GradientRows(layers, table=SparseTable(model.embeddings), **keeping)


@pytest.mark.parametrize("accumulation", [1, 4])
def test_sparse_rows_of_weight_one_are_plain_training(accumulation: int):
    plain, weighted = Tagger(dtype=torch.float64), Tagger(dtype=torch.float64)
    slices = {"accumulation": accumulation}
    walk(training(plain, adamw(plain), Joint(LANGUAGES), slices=slices), 20)
    parts = training(
        weighted, adamw(weighted), Joint(LANGUAGES), slices=slices, weighting=Add(), rows=by_layer(weighted)
    )
    walk(parts, 20)
    assert_close(weights(plain), weights(weighted))


def test_sparse_rows_are_dense_ones_by_layer():
    dense, sparse = Tagger(dtype=torch.float64), Tagger(dtype=torch.float64)
    layers = [list(part.parameters()) for part in (dense.head, dense.embeddings, dense.hidden)]
    left = training(dense, adamw(dense), Joint(LANGUAGES), weighting=GradVac(1, 0.2), rows=GradientRows(layers))
    right = training(sparse, adamw(sparse), Joint(LANGUAGES), weighting=GradVac(1, 0.2), rows=by_layer(sparse))
    for one, other in zip(walk(left, 15), walk(right, 15), strict=True):
        assert_close(one, other)


@pytest.mark.parametrize(("dtype", "tolerance"), [(None, 0.0), (torch.bfloat16, 0.02)])
def test_rows_on_the_cpu_and_in_bfloat16_are_close(dtype: torch.dtype | None, tolerance: float):
    kept, exact = Tagger(), Tagger()
    elsewhere = by_layer(kept, dtype=dtype, device=torch.device("cpu"))
    found, expected = Still(kept), Still(exact)
    take_step(training(kept, found, Joint(LANGUAGES), weighting=PCGrad(1), rows=elsewhere, max_grad_norm=None))
    take_step(
        training(exact, expected, Joint(LANGUAGES), weighting=PCGrad(1), rows=by_layer(exact), max_grad_norm=None)
    )
    length = flat(expected.seen).norm()
    assert float((flat(found.seen) - flat(expected.seen)).norm() / length) <= tolerance

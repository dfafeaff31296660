from __future__ import annotations

from collections.abc import Sequence

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from isogloss import IsoglossError
from isogloss.common.distributed import ALONE
from isogloss.gradients import GradientRows, SparseTable
from isogloss.gradients.products import dot

SHAPES = [(2, 3), (4,), ()]
SIZES = (6, 4, 1)
Gradients = list[Tensor | None]


def parameters(dtype: torch.dtype = torch.float64) -> list[nn.Parameter]:
    return [nn.Parameter(torch.zeros(shape, dtype=dtype)) for shape in SHAPES]


def random_gradients(number: int, *, dtype: torch.dtype = torch.float64) -> list[Gradients]:
    random = torch.Generator().manual_seed(number)
    return [[torch.randn(shape, generator=random, dtype=dtype) for shape in SHAPES] for _ in range(number)]


def flat(gradients: Sequence[Tensor | None]) -> Tensor:
    """One vector, zero where there is no gradient."""
    parts = [torch.zeros(n) if g is None else g.flatten() for n, g in zip(SIZES, gradients, strict=True)]
    return torch.cat([part.double() for part in parts])


def fill(rows: GradientRows, own: Sequence[nn.Parameter], gradients: Sequence[Gradients]) -> None:
    with rows.taking():
        for row in gradients:
            for parameter, gradient in zip(own, row, strict=True):
                parameter.grad = None if gradient is None else gradient.clone()
            rows.take(ALONE)
            assert all(parameter.grad is None for parameter in own)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("number", [1, 2, 5])
def test_grams_are_those_of_the_flattened_gradients(number: int, dtype: torch.dtype):
    own, gradients = parameters(dtype), random_gradients(number, dtype=dtype)
    rows = GradientRows([own[:1], own[1:]])
    fill(rows, own, gradients)
    vectors = torch.stack([flat(row) for row in gradients])
    found = rows.grams()
    assert found.shape == (2, number, number) and found.dtype == torch.float64
    assert torch.equal(found, found.mT)
    tolerance = 1e-6 if dtype == torch.float32 else 1e-12
    for group, part in zip(found, (vectors[:, :6], vectors[:, 6:]), strict=True):
        torch.testing.assert_close(group, part @ part.T, rtol=tolerance, atol=tolerance)


def test_what_has_no_gradient_counts_as_zero_and_keeps_none():
    own, gradients = parameters(), random_gradients(3)
    rows = GradientRows([own])
    fill(rows, own, gradients)  # memory that is used again holds old values
    gradients[0][1] = gradients[1][1] = gradients[2][1] = None
    gradients[1] = [None, None, None]
    gradients[2][0] = None
    fill(rows, own, gradients)
    vectors = torch.stack([flat(row) for row in gradients])
    torch.testing.assert_close(rows.grams()[0], vectors @ vectors.T)
    rows.put(torch.tensor([[0.5, -2.0, 3.0]]))
    torch.testing.assert_close(
        flat([parameter.grad for parameter in own]), torch.tensor([0.5, -2.0, 3.0]).double() @ vectors
    )
    assert [parameter.grad is None for parameter in own] == [False, True, False]


def test_putting_adds_weighted_rows_by_group():
    own, gradients = parameters(), random_gradients(3)
    rows = GradientRows([own[:1], own[1:]])
    weights = torch.tensor([[0.5, -2.0, 3.0], [1.0, 0.0, -1.0]], dtype=torch.float64)
    vectors = torch.stack([flat(row) for row in gradients])
    for _ in range(2):  # the second time in memory of the first
        fill(rows, own, gradients)
        rows.put(weights)
        expected = torch.cat([weights[0] @ vectors[:, :6], weights[1] @ vectors[:, 6:]])
        torch.testing.assert_close(flat([parameter.grad for parameter in own]), expected)


def test_closed_parameters_are_left_out_from_step_to_step():
    own, gradients = parameters(), random_gradients(2)
    rows = GradientRows([own])
    for closed in (1, 2, None):
        for index, parameter in enumerate(own):
            parameter.requires_grad_(index != closed)
        here = [[None if index == closed else g for index, g in enumerate(row)] for row in gradients]
        fill(rows, own, here)
        rows.put(torch.ones(1, 2))
        torch.testing.assert_close(flat([p.grad for p in own]), flat(here[0]) + flat(here[1]))
        for index, parameter in enumerate(own):
            assert (parameter.grad is None) == (index == closed)
            parameter.grad = None


@pytest.mark.parametrize("dtype", [None, torch.bfloat16])
def test_rows_elsewhere_and_in_less_precision_are_close(dtype: torch.dtype | None):
    own, gradients = parameters(torch.float32), random_gradients(3, dtype=torch.float32)
    rows = GradientRows([own], dtype=dtype, device=torch.device("cpu"))
    fill(rows, own, gradients)
    vectors = torch.stack([flat(row) for row in gradients])
    tolerance = 1e-6 if dtype is None else 0.02
    torch.testing.assert_close(rows.grams()[0], vectors @ vectors.T, rtol=tolerance, atol=tolerance * 10)
    rows.put(torch.tensor([[0.5, -2.0, 3.0]]))
    found = flat([parameter.grad for parameter in own])
    assert all(parameter.grad is not None and parameter.grad.dtype == torch.float32 for parameter in own)
    torch.testing.assert_close(found, torch.tensor([0.5, -2, 3]).double() @ vectors, rtol=tolerance, atol=tolerance)


def test_a_long_sum_in_float32_does_not_drift():
    vector = torch.rand(3_000_000, generator=torch.Generator().manual_seed(0))
    expected = float(vector.double() @ vector.double())
    assert float(dot(vector, vector)) == pytest.approx(expected, rel=1e-6)
    assert dot(vector.bfloat16(), vector.bfloat16()).dtype == torch.float64


class Lookup(nn.Module):
    """Sub-words are looked up, and their vectors mapped."""

    def __init__(self, padding: int | None = None) -> None:
        super().__init__()
        torch.manual_seed(1)
        self.table = nn.Embedding(9, 3, padding_idx=padding, dtype=torch.float64)
        self.head = nn.Linear(3, 2, dtype=torch.float64)

    def loss(self, ids: Tensor) -> Tensor:
        return functional.softplus(self.head(self.table(ids))).square().sum()


BATCHES = [[[1, 2, 2], [0, 5, 1]], [[7, 7, 7], [0, 0, 1]], [[3, 0, 8], [8, 2, 4]]]


def walk(model: Lookup, rows: GradientRows, *, micro: int = 1) -> tuple[Tensor, dict[str, Tensor]]:
    """Gram matrices of the batches, and the gradients under some weights."""
    with rows.taking():
        for batch in BATCHES:
            for part in torch.tensor(batch).chunk(micro):
                model.loss(part).backward()
            rows.take(ALONE)
    grams = rows.grams()
    rows.put(torch.tensor([[0.5, -2.0, 3.0]] * len(grams), dtype=torch.float64))
    return grams, {n: p.grad.clone() for n, p in model.named_parameters() if p.grad is not None}


@pytest.mark.parametrize("padding", [None, 0])
@pytest.mark.parametrize("micro", [1, 2])
def test_a_table_kept_by_rows_is_the_dense_one(padding: int | None, micro: int):
    dense, sparse = Lookup(padding), Lookup(padding)
    groups = [[sparse.head.weight, sparse.head.bias], [sparse.table.weight]]
    rows = GradientRows(groups, table=SparseTable(sparse.table))
    expected, gradients = walk(dense, GradientRows([list(dense.head.parameters()), list(dense.table.parameters())]))
    for _ in range(2):
        found, own = walk(sparse, rows, micro=micro)
        torch.testing.assert_close(found, expected)
        assert own.keys() == gradients.keys()
        for name, gradient in own.items():
            assert gradient.layout == torch.strided
            torch.testing.assert_close(gradient, gradients[name])
        sparse.zero_grad()
    assert not sparse.table.sparse


def test_a_closed_table_has_no_gradient():
    model = Lookup()
    model.table.weight.requires_grad_(False)
    _, gradients = walk(model, GradientRows([list(model.parameters())], table=SparseTable(model.table)))
    assert set(gradients) == {"head.weight", "head.bias"}


def test_the_table_alone():
    model = Lookup()
    model.head.requires_grad_(False)
    _, gradients = walk(model, GradientRows([list(model.parameters())], table=SparseTable(model.table)))
    assert set(gradients) == {"table.weight"}


def test_after_an_error_the_table_is_dense_again():
    model = Lookup()
    rows = GradientRows([list(model.parameters())], table=SparseTable(model.table))
    with pytest.raises(ZeroDivisionError), rows.taking():
        raise ZeroDivisionError
    assert not model.table.sparse


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_a_table_under_autocast(dtype: torch.dtype):
    model = Lookup().float()
    rows = GradientRows([list(model.parameters())], table=SparseTable(model.table))
    with rows.taking():
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=dtype == torch.bfloat16):
            loss = model.loss(torch.tensor([[1, 1, 4]]))
        loss.backward()
        rows.take(ALONE)
    rows.put(torch.ones(1, 1))
    assert model.table.weight.grad is not None
    assert model.table.weight.grad.dtype == torch.float32
    assert model.table.weight.grad.abs().sum(dim=1).nonzero().flatten().tolist() == [1, 4]


@pytest.mark.parametrize("weights", [torch.ones(1, 2), torch.ones(2, 3), torch.ones(3)])
def test_weights_of_another_shape_are_refused(weights: Tensor):
    own = parameters()
    rows = GradientRows([own])
    fill(rows, own, random_gradients(3))
    with pytest.raises(IsoglossError, match=r"weights \[g, m\] = \[1, 3\], one per group .*found the shape"):
        rows.put(weights)

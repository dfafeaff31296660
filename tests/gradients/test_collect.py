from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from isogloss.gradients import Row, gram, put_gradients, take_gradients


def parameters_with(gradients: list[Tensor | None]) -> list[nn.Parameter]:
    parameters = [nn.Parameter(torch.zeros(2, 3)), nn.Parameter(torch.zeros(4)), nn.Parameter(torch.zeros(()))]
    for parameter, gradient in zip(parameters, gradients, strict=True):
        parameter.grad = gradient
    return parameters


def random_rows(number: int, *, dtype: torch.dtype = torch.float64) -> list[Row]:
    random = torch.Generator().manual_seed(number)
    shapes = [(2, 3), (4,), ()]
    return [[torch.randn(shape, generator=random, dtype=dtype) for shape in shapes] for _ in range(number)]


def flat(row: Row) -> Tensor:
    """One vector, zero where there is no gradient."""
    sizes = (6, 4, 1)
    parts = [torch.zeros(n) if g is None else g.flatten() for n, g in zip(sizes, row, strict=True)]
    return torch.cat([part.double() for part in parts])


def test_taking_moves_gradients_out():
    gradients = [torch.ones(2, 3), None, torch.tensor(2.0)]
    parameters = parameters_with(gradients)
    row = take_gradients(parameters)
    assert all(taken is given for taken, given in zip(row, gradients, strict=True))
    assert all(parameter.grad is None for parameter in parameters)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("number", [1, 2, 5])
def test_gram_is_that_of_the_flattened_gradients(number: int, dtype: torch.dtype):
    rows = random_rows(number, dtype=dtype)
    vectors = torch.stack([flat(row) for row in rows])
    found = gram(rows)
    assert found.shape == (1, number, number) and found.dtype == torch.float64
    assert torch.equal(found, found.mT)
    tolerance = 1e-6 if dtype == torch.float32 else 1e-12
    torch.testing.assert_close(found[0], vectors @ vectors.T, rtol=tolerance, atol=tolerance)


def test_what_has_no_gradient_counts_as_zero():
    rows = random_rows(3)
    rows[0][1] = None
    rows[1] = [None, None, None]
    rows[2][0] = None
    vectors = torch.stack([flat(row) for row in rows])
    torch.testing.assert_close(gram(rows)[0], vectors @ vectors.T)


def test_putting_adds_weighted_rows():
    rows = random_rows(3)
    rows[0][0] = None
    rows[1][1] = None
    weights = torch.tensor([[0.5, -2.0, 3.0]], dtype=torch.float64)
    expected = weights[0] @ torch.stack([flat(row) for row in rows])
    parameters = [nn.Parameter(torch.zeros(shape, dtype=torch.float64)) for shape in [(2, 3), (4,), ()]]
    put_gradients(parameters, rows, weights)
    torch.testing.assert_close(flat([parameter.grad for parameter in parameters]), expected)


def test_a_parameter_without_any_gradient_keeps_none():
    parameters = parameters_with([torch.ones(2, 3)] * 1 + [None, None])
    put_gradients(parameters, [[torch.ones(2, 3), None, None]] * 1, torch.ones(1, 1))
    assert [parameter.grad is None for parameter in parameters] == [False, True, True]

"""Take the gradients of one source out of a model, compare them, and put a weighted sum back.

One source's graph is alive at a time: its gradients are moved out of ``.grad`` as a row, and the next source starts
from none. All weightings need of the rows is their Gram matrix.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

Row = list[Tensor | None]
"""The gradients of one source, one entry per parameter, None where it has none."""


def take_gradients(parameters: Sequence[nn.Parameter]) -> Row:
    """Move each parameter's gradient out; afterwards every ``.grad`` is None."""
    row = [parameter.grad for parameter in parameters]
    for parameter in parameters:
        parameter.grad = None
    return row


def gram(rows: Sequence[Row]) -> Tensor:
    """Inner products of the rows, G[i, j] = sum over parameters of <g_i, g_j>, in float64 on the CPU.

    Returns:
        Gram matrix ``[1, m, m]``: one group, the whole model.
    """
    products = torch.zeros(1, len(rows), len(rows), dtype=torch.float64)
    for i, left in enumerate(rows):
        for j, right in enumerate(rows[: i + 1]):
            pairs = zip(left, right, strict=True)
            terms = [torch.sum(a * b, dtype=torch.float64) for a, b in pairs if a is not None and b is not None]
            products[0, i, j] = products[0, j, i] = torch.stack(terms).sum().cpu() if terms else 0.0
    return products


def put_gradients(parameters: Sequence[nn.Parameter], rows: Sequence[Row], weights: Tensor) -> None:
    """Set each parameter's gradient to sum_i w_i g_i, None where no row has one.

    Args:
        parameters: The n parameters.
        rows: The m rows, n entries each; their tensors are reused.
        weights: Weights ``[1, m]``.
    """
    for index, parameter in enumerate(parameters):
        total: Tensor | None = None
        for row, weight in zip(rows, weights[0].tolist(), strict=True):
            gradient = row[index]
            if gradient is not None:
                total = gradient.mul_(weight) if total is None else total.add_(gradient, alpha=weight)
        parameter.grad = total

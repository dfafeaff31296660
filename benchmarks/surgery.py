"""PCGrad as others compute it: what happens between the losses of all languages and the gradient of the step.

Each function sets the gradients of the parameters from one loss per language, whose graphs are all alive, and each
computes the PCGrad of the paper: gradients are added up, not averaged.
"""

from __future__ import annotations

import copy
import random
from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn

Surgery = Callable[[Sequence[nn.Parameter], Sequence[Tensor]], None]
"""Sets the gradients of parameters from the losses of the languages."""


def matrix(parameters: Sequence[nn.Parameter], losses: Sequence[Tensor]) -> None:
    """LibMTL's data flow, written anew for the CPU.

    A backward pass per loss with the graphs kept; each gradient flattened, the table's too, into a row of a matrix
    K x P; a clone of it; for every pair a product, a norm and perhaps a subtraction over P; the sum written back.
    """
    sizes = [parameter.numel() for parameter in parameters]
    gradients = torch.zeros(len(losses), sum(sizes))
    for row, loss in enumerate(losses):
        loss.backward(retain_graph=row + 1 < len(losses))  # type: ignore[no-untyped-call]
        flat = torch.zeros(sum(sizes))
        for parameter, part in zip(parameters, flat.split(sizes), strict=True):
            assert parameter.grad is not None
            part.copy_(parameter.grad.flatten())
            parameter.grad = None
        gradients[row] = flat
    projected = gradients.clone()
    for i, own in enumerate(projected):
        others = [j for j in range(len(losses)) if j != i]
        random.shuffle(others)
        for j in others:
            product = own.dot(gradients[j])
            if product < 0:
                own -= product / gradients[j].norm().square() * gradients[j]
    _write(parameters, projected.sum(dim=0))


def loop(parameters: Sequence[nn.Parameter], losses: Sequence[Tensor]) -> None:
    """A plain loop over lists, as in the most used port of PCGrad to PyTorch.

    A backward pass per loss with the graphs kept; a list of flat gradients beside a list of flat masks, ones where a
    parameter has a gradient; a deep copy; a product, a norm and a subtraction per pair; and of what was projected
    the sum where the masks agree, and that where they do not.
    """
    gradients, masks = [], []
    for loss in losses:
        for parameter in parameters:
            parameter.grad = None
        loss.backward(retain_graph=True)  # type: ignore[no-untyped-call]
        found = [parameter.grad.clone() for parameter in parameters if parameter.grad is not None]
        gradients.append(torch.cat([gradient.flatten() for gradient in found]))
        masks.append(torch.cat([torch.ones_like(gradient).flatten() for gradient in found]))
    shared = torch.stack(masks).prod(dim=0).bool()
    projected = copy.deepcopy(gradients)
    for i, own in enumerate(projected):
        others = [gradient for j, gradient in enumerate(gradients) if j != i]
        random.shuffle(others)
        for other in others:
            product = own.dot(other)
            if product < 0:
                own -= product * other / other.norm() ** 2
    total = torch.zeros_like(projected[0])
    total[shared] = torch.stack([own[shared] for own in projected]).sum(dim=0)
    total[~shared] = torch.stack([own[~shared] for own in projected]).sum(dim=0)
    _write(parameters, total)


def jacobian(parameters: Sequence[nn.Parameter], losses: Sequence[Tensor]) -> None:
    """TorchJD as its documentation shows it: all rows of the Jacobian at once, then its PCGrad."""
    from torchjd.aggregation import PCGrad
    from torchjd.autojac import backward, jac_to_grad

    backward(losses)
    jac_to_grad(parameters, PCGrad())


def jacobian_by_rows(parameters: Sequence[nn.Parameter], losses: Sequence[Tensor]) -> None:
    """TorchJD where memory matters: a row of the Jacobian at a time, and the Gramian without one large matrix."""
    from torchjd.aggregation import PCGrad
    from torchjd.autojac import backward, jac_to_grad

    backward(losses, parallel_chunk_size=1)
    jac_to_grad(parameters, PCGrad(), optimize_gramian_computation=True)


def _write(parameters: Sequence[nn.Parameter], total: Tensor) -> None:
    parts = total.split([parameter.numel() for parameter in parameters])
    for parameter, part in zip(parameters, parts, strict=True):
        parameter.grad = part.view_as(parameter)

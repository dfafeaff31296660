"""Contexts in which a model is held in another mode or with other weights, and is afterwards what it was."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import torch
from torch import Tensor, nn


@contextmanager
def evaluating(model: nn.Module) -> Iterator[None]:
    """Without dropout, which would also draw from the global random state; each module's mode is put back.

    Example:
        >>> model = nn.Sequential(nn.Dropout()).train()
        >>> with evaluating(model):
        ...     model.training, model[0].training
        (False, False)
        >>> model[0].training
        True
    """
    modes = {module: module.training for module in model.modules()}
    model.eval()
    try:
        yield
    finally:
        for module, mode in modes.items():
            module.training = mode


@contextmanager
def undisturbed(model: nn.Module) -> Iterator[None]:
    """Inside, the model has no dropout and may draw random numbers; afterwards modes and random state are as before.

    Weights, gradients and ``requires_grad`` are not put back: take gradients with `torch.autograd.grad`, which leaves
    ``.grad`` alone.
    """
    devices = {parameter.device for parameter in model.parameters() if parameter.device.type == "cuda"}
    with evaluating(model), torch.random.fork_rng(devices=list(devices)):
        yield


@contextmanager
def holding(weights: Mapping[nn.Parameter, Tensor]) -> Iterator[None]:
    """Inside, the parameters hold these weights; after it, their own again, to the last bit.

    Args:
        weights: Values by parameter, of its shape; a copy of the parameters' own is kept meanwhile.

    Example:
        >>> weight = nn.Parameter(torch.tensor([1.0, 2.0]))
        >>> with holding({weight: torch.zeros(2)}):
        ...     weight.tolist()
        [0.0, 0.0]
        >>> weight.tolist()
        [1.0, 2.0]
    """
    own = {parameter: parameter.detach().clone() for parameter in weights}
    try:
        _put(weights)
        yield
    finally:
        _put(own)


@torch.no_grad()
def _put(weights: Mapping[nn.Parameter, Tensor]) -> None:
    for parameter, values in weights.items():
        parameter.copy_(values)

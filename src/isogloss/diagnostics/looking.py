"""Looking at a model without a trace: whoever looks leaves everything as it was."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import nn


@contextmanager
def evaluating(model: nn.Module) -> Iterator[None]:
    """Without dropout, which would also draw from the global random state; each module's mode is put back."""
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

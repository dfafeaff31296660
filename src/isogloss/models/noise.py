"""Gaussian noise on the embeddings of sub-words."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor
from transformers import PreTrainedModel


@contextmanager
def noise_on_second_half(model: PreTrainedModel, size: float) -> Iterator[None]:
    """Inside, the second half of the texts of each forward pass have noisy embeddings.

    The vector e of each sub-word becomes e + size · rms(e) · z, z ~ N(0, 1), where rms is the root of the mean of the
    squares of its d units. z comes from torch's global generator, which a step seeds.

    Args:
        model: A model of transformers.
        size: Size of the noise, in units of the vector itself; > 0.
    """

    def hook(module: object, arguments: object, output: Tensor) -> Tensor:
        first, second = output.chunk(2)
        scale = size * second.detach().square().mean(dim=-1, keepdim=True).sqrt()
        return torch.cat([first, second + scale * torch.randn_like(second)])

    handle = model.get_input_embeddings().register_forward_hook(hook)
    try:
        yield
    finally:
        handle.remove()

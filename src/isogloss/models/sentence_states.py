"""The states of the first place, which stand for texts, mixed inside an encoder."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn
from transformers import PreTrainedModel

from isogloss.common.errors import IsoglossError
from isogloss.models.layer_modules import layer_modules


def layer_of(model: PreTrainedModel, layer: int | None, key: str = "objective.layer") -> nn.Module:
    """The module whose output is that of a layer.

    Args:
        model: A model of transformers, with or without a head.
        layer: Number of the layer, from 1 for the lowest; None: the last one.
        key: What a recipe calls it, for messages.

    Raises:
        IsoglossError: There is no such layer, or layers have no module each that is theirs alone.
    """
    number, layers = int(model.config.num_hidden_layers), layer_modules(model)
    if len(layers) != number or any(len(pieces) != 1 for pieces in layers):
        raise IsoglossError(
            f"{key}: a {model.config.model_type!r} model has no module for each of its layers, so the states "
            "between them cannot be had"
        )
    if layer is not None and not 1 <= layer <= number:
        raise IsoglossError(f"{key}: from 1 to {number}, the layers of the model, found {layer}")
    return layers[(layer or number) - 1][0]


@contextmanager
def mixed_first_places(layer: nn.Module, shares: Tensor) -> Iterator[None]:
    """Inside, a layer of a model that is given 2b texts leaves λ · h + (1 − λ) · h' as the state of the first place.

    h is that of text i < b and h' that of text b + i, which keeps its own. All other places stay as they are.

    Args:
        layer: The layer, see `layer_of`; its output are the states ``[2b, s, d]``, alone or first in a tuple.
        shares: λ of each of the b texts ``[b]``.
    """

    def hook(module: nn.Module, arguments: object, output: Tensor | tuple[Tensor, ...]) -> object:
        states = output[0] if isinstance(output, tuple) else output
        first, second = states[:, :1].chunk(2)
        share = shares.to(states.dtype)[:, None, None]
        places = torch.cat([share * first + (1 - share) * second, second])
        mixed = torch.cat([places, states[:, 1:]], dim=1)
        return (mixed, *output[1:]) if isinstance(output, tuple) else mixed

    handle = layer.register_forward_hook(hook)
    try:
        yield
    finally:
        handle.remove()

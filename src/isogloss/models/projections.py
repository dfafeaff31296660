"""Queries, keys and values of one layer, read while a model goes over texts: what relations of places are made of."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

from torch import Tensor, nn
from transformers import PreTrainedModel

from isogloss.models.extensions.mixing.attention import FAMILIES, attention_of
from isogloss.models.layer_modules import layer_modules

__all__ = ["FAMILIES", "Projections", "projections"]


class Projections(NamedTuple):
    """What a layer's attention makes of its input, heads side by side, each ``[b, s, h·d]``.

    Attributes:
        queries: W_q x + b_q; where positions are rotations (ModernBERT), rotated by the place.
        keys: The same with W_k.
        values: W_v x + b_v.
    """

    queries: Tensor
    keys: Tensor
    values: Tensor


@contextmanager
def projections(model: PreTrainedModel, layer: int, part: str) -> Iterator[list[Projections]]:
    """Inside, each forward pass puts the queries, keys and values of a layer into the list, in place of earlier ones.

    They are projected once more from the layer's input, beside what the layer itself does, because DeBERTa sends its
    relative positions through the same weights: of its scores these are the part of content against content.

    Args:
        model: A model of transformers, with or without a head, of one of `FAMILIES`.
        layer: The layer, from 1.
        part: The part of the recipe that asks for it, as errors name it.

    Raises:
        IsoglossError: The attention of models of its type cannot be read, or it has no such layer.

    Example:
        >>> import torch
        >>> from transformers import BertConfig, BertModel
        >>> sizes = {"num_hidden_layers": 2, "num_attention_heads": 2, "hidden_size": 4, "intermediate_size": 4}
        >>> model = BertModel(BertConfig(vocab_size=10, **sizes))
        >>> with projections(model, 2, "an example") as found:
        ...     _ = model(input_ids=torch.tensor([[5, 6, 7]]))
        >>> found[0].queries.shape
        torch.Size([1, 3, 4])
    """
    attention = attention_of(model, layer, part)
    found: list[Projections] = []

    def read(module: nn.Module, arguments: tuple[Any, ...], named: dict[str, Any]) -> None:
        states = arguments[0] if arguments else named["hidden_states"]
        found[:] = [Projections(*(own.transpose(1, 2).flatten(2) for own in attention.projected(states, named)))]

    handle = layer_modules(model)[layer - 1][0].register_forward_pre_hook(read, with_kwargs=True)
    try:
        yield found
    finally:
        handle.remove()

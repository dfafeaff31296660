"""The self-attention of one layer, read by its parts: so that one text can attend to another with the layer's weights.

Distillation reads queries, keys and values by the same names, see `isogloss.models.projections`.

Shapes: n texts, s places, h heads of d units.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Protocol

import torch
from torch import Tensor, nn
from torch.nn import functional
from transformers import PreTrainedModel

from isogloss.common.errors import IsoglossError, nearest

Change = Callable[[Tensor], Tensor | None]
"""From what a layer's attention leaves, residual and norm included ``[2b, s, h·d]``, to what takes the place of its
first half ``[b, s, h·d]``; None: nothing does."""


class Attention(Protocol):
    """The attention of a layer with its residual and, where norms come last, its norm.

    Attributes:
        scale: What products of queries and keys are multiplied by.
        dropout: Probability that a weight of attention is dropped in training.
    """

    scale: float
    dropout: float

    def queries(self, states: Tensor) -> Tensor:
        """Queries ``[n, h, s, d]`` of states ``[n, s, h·d]``."""

    def keys(self, states: Tensor) -> Tensor:
        """Keys ``[n, h, s, d]``."""

    def values(self, states: Tensor) -> Tensor:
        """Values ``[n, h, s, d]``."""

    def projected(self, states: Tensor, named: Mapping[str, Any]) -> tuple[Tensor, Tensor, Tensor]:
        """Queries, keys and values ``[n, h, s, d]`` of a layer's input, from it and what else it is given, by name."""

    def merge(self, heads: Tensor) -> Tensor:
        """What the heads ``[n, h, s, d]`` add to the residual ``[n, s, h·d]``, with the layer's own dropout."""

    def norm(self, states: Tensor) -> Tensor:
        """The norm after the residual; where norms come first, the states as they are."""

    def watch(self, change: Change) -> None:
        """From now on, let ``change`` see what this attention leaves, and replace the first half of it."""


@dataclass(frozen=True)
class _Names:
    """The parts of an attention whose norm comes last, by their names in a layer."""

    query: str
    key: str
    value: str
    output: str
    after: str | None
    """Dropout on the output."""
    norm: str
    weights: str
    """Dropout on the weights of attention."""


class PostNorm:
    """Attention as in BERT: LN(W_o · heads + residual), positions in the embeddings.

    DeBERTa scores content against relative positions besides. These mean nothing between two texts, so of its scores
    the part of content against content is taken, with the scale that it has there.

    Args:
        layer: A layer of the encoder.
        names: What its parts are called.
        heads: Number of heads.
        terms: Number of terms that the layer's own scores are the sum of.
    """

    def __init__(self, layer: nn.Module, names: _Names, heads: int, terms: int) -> None:
        part = layer.get_submodule
        self._query, self._key, self._value = part(names.query), part(names.key), part(names.value)
        self._output, self._norm, self._heads = part(names.output), part(names.norm), heads
        self._after = part(names.after) if names.after else nn.Identity()
        size = self._query.out_features // heads  # type: ignore[operator]
        self.scale = 1 / math.sqrt(size * terms)
        self.dropout = float(part(names.weights).p)  # type: ignore[arg-type]

    def queries(self, states: Tensor) -> Tensor:
        """Queries ``[n, h, s, d]``."""
        return _split(self._query(states), self._heads)

    def keys(self, states: Tensor) -> Tensor:
        """Keys ``[n, h, s, d]``."""
        return _split(self._key(states), self._heads)

    def values(self, states: Tensor) -> Tensor:
        """Values ``[n, h, s, d]``."""
        return _split(self._value(states), self._heads)

    def projected(self, states: Tensor, named: Mapping[str, Any]) -> tuple[Tensor, Tensor, Tensor]:
        """Queries, keys and values ``[n, h, s, d]``."""
        return self.queries(states), self.keys(states), self.values(states)

    def merge(self, heads: Tensor) -> Tensor:
        """W_o · heads, with dropout."""
        merged: Tensor = self._after(self._output(heads.transpose(1, 2).flatten(2)))
        return merged

    def norm(self, states: Tensor) -> Tensor:
        """The layer's norm, past its hooks."""
        normed: Tensor = self._norm.forward(states)
        return normed

    def watch(self, change: Change) -> None:
        """Put a hook on the norm."""

        def hook(module: nn.Module, arguments: object, output: Tensor) -> Tensor | None:
            first = change(output)
            return None if first is None else torch.cat([first, output[len(first) :]])

        self._norm.register_forward_hook(hook)


class PreNorm:
    """Attention as in ModernBERT: residual + W_o · heads of the normed residual, positions by rotation.

    Queries and keys of two texts are rotated by their places in their own texts.

    Args:
        layer: A layer of the encoder.
    """

    def __init__(self, layer: nn.Module) -> None:
        self._layer, self._attention, self._before = (
            layer,
            layer.get_submodule("attn"),
            layer.get_submodule("attn_norm"),
        )
        self._size = int(self._attention.head_dim)  # type: ignore[arg-type]
        self.scale, self.dropout = self._size**-0.5, float(self._attention.attention_dropout)  # type: ignore[arg-type]
        self._rotation: tuple[Tensor, Tensor] | None = None

    def queries(self, states: Tensor) -> Tensor:
        """Queries ``[n, h, s, d]``, rotated."""
        return self._rotated(self._projected(states)[0])

    def keys(self, states: Tensor) -> Tensor:
        """Keys ``[n, h, s, d]``, rotated."""
        return self._rotated(self._projected(states)[1])

    def values(self, states: Tensor) -> Tensor:
        """Values ``[n, h, s, d]``."""
        return self._projected(states)[2]

    def projected(self, states: Tensor, named: Mapping[str, Any]) -> tuple[Tensor, Tensor, Tensor]:
        """Queries and keys, rotated, and values ``[n, h, s, d]``."""
        self._rotation = named["position_embeddings"]
        query, key, value = self._projected(states)
        found = self._rotated(query), self._rotated(key), value
        self._rotation = None
        return found

    def merge(self, heads: Tensor) -> Tensor:
        """W_o · heads, with dropout."""
        merged: Tensor = self._attention.out_drop(self._attention.Wo(heads.transpose(1, 2).flatten(2)))  # type: ignore[operator]
        return merged

    def norm(self, states: Tensor) -> Tensor:
        """The states as they are: the next norm belongs to the feed-forward block."""
        return states

    def watch(self, change: Change) -> None:
        """Put hooks on the layer, which is given the residual, and on its attention."""
        residuals: list[Tensor] = []

        def keep(module: nn.Module, arguments: tuple[Any, ...], named: Mapping[str, Any]) -> None:
            residuals[:] = [arguments[0] if arguments else named["hidden_states"]]
            self._rotation = named["position_embeddings"]

        def hook(module: nn.Module, arguments: object, output: tuple[Tensor, Any]) -> tuple[Tensor, Any] | None:
            added, residual = output[0], residuals.pop()
            first = change(residual + added)
            self._rotation = None
            if first is None:
                return None
            return torch.cat([first - residual[: len(first)], added[len(first) :]]), output[1]

        self._layer.register_forward_pre_hook(keep, with_kwargs=True)
        self._attention.register_forward_hook(hook)

    def _projected(self, states: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        projected: Tensor = self._attention.Wqkv(self._before(states))  # type: ignore[operator]
        parts = projected.view(*projected.shape[:-1], 3, -1, self._size).unbind(dim=-3)
        query, key, value = (part.transpose(1, 2) for part in parts)
        return query, key, value

    def _rotated(self, vectors: Tensor) -> Tensor:
        assert self._rotation is not None
        cos, sin = (part[:1].unsqueeze(1) for part in self._rotation)  # the same places in every text
        low, high = vectors.float().chunk(2, dim=-1)
        turned: Tensor = vectors.float() * cos + torch.cat([-high, low], dim=-1) * sin
        return turned.to(vectors.dtype)


def _split(projected: Tensor, heads: int) -> Tensor:
    return projected.view(*projected.shape[:-1], heads, -1).transpose(1, 2)


_BERT = _Names(
    "attention.self.query", "attention.self.key", "attention.self.value", "attention.output.dense",
    "attention.output.dropout", "attention.output.LayerNorm", "attention.self.dropout",
)  # fmt: skip
_DEBERTA = _Names(
    "attention.self.query_proj", "attention.self.key_proj", "attention.self.value_proj", "attention.output.dense",
    "attention.output.dropout", "attention.output.LayerNorm", "attention.self.dropout",
)  # fmt: skip
_DISTILBERT = _Names(
    "attention.q_lin", "attention.k_lin", "attention.v_lin", "attention.out_lin", None, "sa_layer_norm",
    "attention.dropout",
)  # fmt: skip

Reader = Callable[[nn.Module, Any], Attention]


def _post_norm(names: _Names) -> Reader:
    def read(layer: nn.Module, config: Any) -> Attention:  # noqa: ANN401 - a config of transformers
        positions = getattr(config, "pos_att_type", None) or ()
        terms = 1 + ("c2p" in positions) + ("p2c" in positions)
        return PostNorm(layer, names, int(config.num_attention_heads), terms)

    return read


_FAMILIES: Mapping[str, tuple[str, Reader]] = MappingProxyType(
    {
        **dict.fromkeys(
            ("bert", "camembert", "electra", "roberta", "xlm-roberta"), ("encoder.layer", _post_norm(_BERT))
        ),
        "deberta-v2": ("encoder.layer", _post_norm(_DEBERTA)),
        "distilbert": ("transformer.layer", _post_norm(_DISTILBERT)),
        "modernbert": ("layers", lambda layer, config: PreNorm(layer)),
    }
)
FAMILIES = tuple(_FAMILIES)
"""The model types whose attention can be read."""


def attention_of(model: PreTrainedModel, layer: int, part: str = "mixing") -> Attention:
    """The attention of a layer.

    Args:
        model: A model of transformers, with or without a head.
        layer: Its number, from 1 for the lowest.
        part: The part of the recipe that asks for it, as errors name it.

    Raises:
        IsoglossError: The attention of models of its type cannot be read, or it has no such layer.
    """
    model_type = model.config.model_type
    if model_type not in _FAMILIES:
        raise IsoglossError(
            f"{part}: the attention of a {model_type!r} model cannot be read{nearest(model_type, FAMILIES)}"
        )
    path, read = _FAMILIES[model_type]
    layers = list(model.base_model.get_submodule(path).children())
    if not 1 <= layer <= len(layers):
        raise IsoglossError(f"{part}: layer must be from 1 to {len(layers)}, the layers of the model, found {layer}")
    return read(layers[layer - 1], model.config)


def attended(attention: Attention, weights: Tensor, values: Tensor, *, training: bool) -> Tensor:
    """What attention adds to the residual, from its weights ``[n, h, t, s]`` and values ``[n, h, s, d]``."""
    dropped = functional.dropout(weights, attention.dropout, training)
    return attention.merge(dropped.to(values.dtype) @ values)

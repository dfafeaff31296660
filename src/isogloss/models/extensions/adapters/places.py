"""Where adapters go in an encoder: found in its module tree by the names that each family gives its modules."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

from torch import nn
from transformers import PreTrainedModel

from isogloss.common.errors import IsoglossError, nearest

Block = Literal["attention", "output"]
"""The attention block of a layer, or its feed-forward block."""


@dataclass(frozen=True)
class Place:
    """Where an adapter changes a block's output before the residual is added.

    Attributes:
        layer: Number of the layer, from 0.
        block: Which of its blocks.
        source: Module that is given the residual, as its argument number ``argument``.
        argument: See ``source``.
        branch: Module whose output is changed.
        norm: The layer's own norm of the sum of both; None where there is none after the sum.
        hub: Name of the module inside the encoder that holds the adapters of this place in AdapterHub's files.
    """

    layer: int
    block: Block
    source: nn.Module
    argument: int
    branch: nn.Module
    norm: nn.Module | None
    hub: str


@dataclass(frozen=True)
class Base:
    """What an adapter must fit.

    Attributes:
        model_type: The type of the model.
        prefix: Name of the encoder inside models with a head.
        hidden: Size of the hidden states.
        embedding: Size of the embeddings.
        places: The places of the encoder, from the first layer to the last. Layers that share their modules (ALBERT)
            are one layer, and so have one bottleneck.
    """

    model_type: str
    prefix: str
    hidden: int
    embedding: int
    places: tuple[Place, ...]

    @property
    def layers(self) -> int:
        """Number of layers."""
        return self.places[-1].layer + 1


@dataclass(frozen=True)
class _Spot:
    """The modules of a `Place` by their names in a layer."""

    source: str
    argument: int
    branch: str
    norm: str | None
    hub: str


@dataclass(frozen=True)
class _Family:
    layers: str
    attention: _Spot
    output: _Spot
    embedding_size: str = "hidden_size"


_BERT = _Family(
    "encoder.layer",
    _Spot("attention.output", 1, "attention.output.dropout", "attention.output.LayerNorm", "attention.output"),
    _Spot("output", 1, "output.dropout", "output.LayerNorm", "output"),
)
_ELECTRA = _Family(_BERT.layers, _BERT.attention, _BERT.output, "embedding_size")
_DISTILBERT = _Family(
    "transformer.layer",
    _Spot("attention", 0, "attention.out_lin", "sa_layer_norm", "attention_adapters"),
    _Spot("ffn", 0, "ffn", "output_layer_norm", "output_adapters"),
)
_ALBERT = _Family(
    "encoder.albert_layer_groups.*.albert_layers",
    _Spot("attention", 0, "attention.output_dropout", "attention.LayerNorm", "attention.attention_adapters"),
    _Spot("ffn", 0, "ffn_output", "full_layer_layer_norm", "output_adapters"),
    "embedding_size",
)
# Norms come first here, and what a block is given (its residual normed) stands for the residual, as AdapterHub has it.
_MODERNBERT = _Family(
    "layers",
    _Spot("attn", 0, "attn.Wo", None, "attention_adapters"),
    _Spot("mlp", 0, "mlp.Wo", None, "output_adapters"),
)
_FAMILIES: Mapping[str, _Family] = MappingProxyType(
    {
        **dict.fromkeys(("bert", "camembert", "deberta-v2", "roberta", "xlm-roberta"), _BERT),
        "electra": _ELECTRA,
        "distilbert": _DISTILBERT,
        "albert": _ALBERT,
        "modernbert": _MODERNBERT,
    }
)
FAMILIES = tuple(_FAMILIES)
"""The model types that adapters can be put into."""


def base_of(model: PreTrainedModel) -> Base:
    """What adapters of a model must fit.

    Args:
        model: A model of transformers, with or without a head.

    Raises:
        IsoglossError: Adapters cannot be put into models of its type.
    """
    model_type = model.config.model_type
    if model_type not in _FAMILIES:
        raise IsoglossError(f"adapters cannot be put into a {model_type!r} model{nearest(model_type, FAMILIES)}")
    family = _FAMILIES[model_type]
    places = []
    for number, (path, layer) in enumerate(_layers(model.base_model, family.layers.split("."), "")):
        blocks: dict[Block, _Spot] = {"attention": family.attention, "output": family.output}
        for block, spot in blocks.items():
            source, branch = layer.get_submodule(spot.source), layer.get_submodule(spot.branch)
            norm = layer.get_submodule(spot.norm) if spot.norm else None
            places.append(Place(number, block, source, spot.argument, branch, norm, f"{path}.{spot.hub}"))
    config = model.config
    embedding = int(getattr(config, family.embedding_size))
    return Base(model_type, model.base_model_prefix, int(config.hidden_size), embedding, tuple(places))


def embeddings_of(model: PreTrainedModel) -> nn.Module:
    """The module whose output is the embeddings of sub-words with all that is added to them."""
    return model.base_model.get_submodule("embeddings")


def _layers(module: nn.Module, path: list[str], name: str) -> Iterator[tuple[str, nn.Module]]:
    """The layers under a path, where ``*`` is any child, with their names."""
    if not path:
        yield from ((f"{name}.{number}", child) for number, child in module.named_children())
        return
    names = [child for child, _ in module.named_children()] if path[0] == "*" else [path[0]]
    for child in names:
        yield from _layers(module.get_submodule(child), path[1:], f"{name}.{child}".lstrip("."))

"""The parts of a model, found in its module tree: embeddings, layers, head."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from torch import nn
from transformers import PreTrainedModel

from isogloss.models.extensions import extensions_of
from isogloss.models.extensions.adapters import NAME, Adapters
from isogloss.models.extensions.lora import NAME as LORA
from isogloss.models.extensions.lora import Lora
from isogloss.models.layer_modules import layer_modules

Parts = dict[str, list[nn.Parameter]]
"""Names of parts to their parameters."""


def parts_of(model: PreTrainedModel) -> Parts:
    """A model's parameters, each in one part; parts without parameters are left out.

    ``embeddings``, all modules beside the layers that have *emb* in their names (tables of sub-words and positions,
    their norms and projections); ``layer_1`` to ``layer_l``, as the layers of `isogloss.diagnostics.layer_vectors`;
    ``rest``, what else the encoder has (a final norm, a pooler); ``head``, all outside the encoder. A parameter that
    several parts share, such as that of a tied output layer, is in the first of them. Layers that share their
    parameters are one part: ``layer_1`` of ALBERT is all of its layers.

    Args:
        model: A model of transformers, with or without a head.
    """
    encoder = model.base_model
    layers = layer_modules(model)
    inside = {id(module) for layer in layers for module in layer.modules()}
    # A model without a head is its own encoder.
    places: list[tuple[str, Iterable[nn.Module]]] = [
        ("embeddings", [model.get_input_embeddings(), *_named_embeddings(encoder, inside)]),
        *((f"layer_{number}", [layer]) for number, layer in enumerate(layers, start=1)),
        ("rest", [encoder]),
        ("head", [model]),
    ]
    parts: Parts = {}
    seen: set[int] = set()
    for name, modules in places:
        for parameter in (parameter for module in modules for parameter in module.parameters()):
            if id(parameter) not in seen:
                seen.add(id(parameter))
                parts.setdefault(name, []).append(parameter)
    return parts


def layer_groups(model: PreTrainedModel) -> Parts:
    """The groups that schedules of unfreezing open.

    Those of `parts_of`, unless modules train in place of the encoder. Then ``layer_1`` to ``layer_l`` are LoRA's, or
    those of the last adapter of the stack, the task's; ``head`` is what is outside the encoder; and ``frozen`` is all
    else: the encoder, the adapters of languages, an invertible part. Where there are adapters of languages alone, they
    are the group ``adapters``.
    """
    parts = parts_of(model)
    lora, adapters = extensions_of(model).get(LORA), extensions_of(model).get(NAME)
    stacks = adapters.stacks if isinstance(adapters, Adapters) else None
    if isinstance(lora, Lora):
        groups = {f"layer_{number}": own for number, own in lora.layers.items()}
    elif isinstance(adapters, Adapters) and stacks is not None and stacks.then:
        layers = adapters[stacks.then[-1]].layers
        groups = {f"layer_{int(number) + 1}": list(layer.parameters()) for number, layer in layers.items()}
    elif isinstance(adapters, Adapters) and stacks is not None:  # language adapters are being trained
        groups = {"adapters": list(adapters.parameters())}
    else:
        return parts
    inside = {id(parameter) for own in (lora, adapters) if own is not None for parameter in own.parameters()}
    if "adapters" not in groups:
        groups["head"] = [parameter for parameter in parts.get("head", []) if id(parameter) not in inside]
    known = {id(parameter) for own in groups.values() for parameter in own}
    groups["frozen"] = [parameter for parameter in model.parameters() if id(parameter) not in known]
    return {name: own for name, own in groups.items() if own}


def groups_of_layers(model: PreTrainedModel) -> Parts:
    """Of `layer_groups` the layers, from bottom to top."""
    return {name: own for name, own in layer_groups(model).items() if name.startswith("layer_")}


def trains_in_place(model: PreTrainedModel) -> bool:
    """Whether modules train in place of the encoder, which stays as it is."""
    return not extensions_of(model).keys().isdisjoint((LORA, NAME))


def last_layer(model: PreTrainedModel) -> list[nn.Parameter]:
    """The parameters of the encoder's last layer, or of what trains in its place."""
    parts = layer_groups(model)
    return parts[[name for name in parts if name.startswith("layer")][-1]]


def whole_and_parts(model: PreTrainedModel, *, per_layer: bool) -> Parts:
    """The groups of parameters that gradients are compared over; only parameters that require a gradient.

    ``model``, all of them; ``encoder``, without the head; with ``per_layer`` also each of `layer_groups`.

    Args:
        model: A model of transformers.
        per_layer: Whether to look at each part too.
    """
    every = layer_groups(model)
    parts = {name: [parameter for parameter in own if parameter.requires_grad] for name, own in every.items()}
    groups = {
        "model": [parameter for own in parts.values() for parameter in own],
        "encoder": [parameter for name, own in parts.items() if name != "head" for parameter in own],
        **(parts if per_layer else {}),
    }
    return {name: own for name, own in groups.items() if own}


def _named_embeddings(encoder: nn.Module, inside: set[int]) -> Iterator[nn.Module]:
    for name, module in encoder.named_modules():
        if "emb" in name.rpartition(".")[2] and id(module) not in inside:
            yield module

"""The parts of a model, found in its module tree: embeddings, layers, head."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from torch import nn
from transformers import PreTrainedModel

from isogloss.models.extensions import extensions_of
from isogloss.models.extensions.adapters import NAME, Adapters

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
    stacks = _stacks(encoder, int(model.config.num_hidden_layers))
    layers = [nn.ModuleList(pieces) for pieces in zip(*stacks, strict=True)]
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

    Without adapters those of `parts_of`. With adapters ``layer_1`` to ``layer_l`` are those of the last adapter of the
    stack, the task's; ``head`` is what is outside the encoder; and ``frozen`` is all else: the encoder, the adapters of
    languages, an invertible part. Where there is no task's, all adapters are the group ``adapters``.
    """
    parts = parts_of(model)
    adapters = extensions_of(model).get(NAME)
    if not isinstance(adapters, Adapters) or adapters.stacks is None:
        return parts
    inside = {id(parameter) for parameter in adapters.parameters()}
    if not adapters.stacks.then:  # language adapters are being trained
        others = [parameter for parameter in model.parameters() if id(parameter) not in inside]
        return {"adapters": list(adapters.parameters()), "frozen": others}
    task = adapters[adapters.stacks.then[-1]]
    groups = {f"layer_{int(number) + 1}": list(layer.parameters()) for number, layer in task.layers.items()}
    groups["head"] = [parameter for parameter in parts.get("head", []) if id(parameter) not in inside]
    known = {id(parameter) for own in groups.values() for parameter in own}
    groups["frozen"] = [parameter for parameter in model.parameters() if id(parameter) not in known]
    return {name: own for name, own in groups.items() if own}


def layers_of(model: PreTrainedModel) -> Parts:
    """Of `layer_groups` the layers, from bottom to top."""
    return {name: own for name, own in layer_groups(model).items() if name.startswith("layer_")}


def last_layer(model: PreTrainedModel) -> list[nn.Parameter]:
    """The parameters of the encoder's last layer."""
    parts = parts_of(model)
    return parts[[name for name in parts if name.startswith("layer")][-1]]


def whole_and_parts(model: PreTrainedModel, *, per_layer: bool) -> Parts:
    """The groups of parameters that gradients are compared over; only parameters that require a gradient.

    ``model``, all of them; ``encoder``, without the head; with ``per_layer`` also each of `parts_of`.

    Args:
        model: A model of transformers.
        per_layer: Whether to look at each part too.
    """
    parts = {name: [parameter for parameter in own if parameter.requires_grad] for name, own in parts_of(model).items()}
    groups = {
        "model": [parameter for own in parts.values() for parameter in own],
        "encoder": [parameter for name, own in parts.items() if name != "head" for parameter in own],
        **(parts if per_layer else {}),
    }
    return {name: own for name, own in groups.items() if own}


def _stacks(encoder: nn.Module, layers: int) -> Sequence[nn.ModuleList]:
    """The lists with a module for each layer: one, or several beside each other (XLM has its attentions in one list).

    Where none has that length, layers share their modules (ALBERT), and the list that holds most parameters counts.
    """
    lists = {name: module for name, module in encoder.named_modules() if isinstance(module, nn.ModuleList)}
    outermost = [module for name, module in lists.items() if not any(name.startswith(f"{other}.") for other in lists)]
    found = [module for module in outermost if len(module) == layers]
    return found or [max(outermost, key=lambda module: sum(parameter.numel() for parameter in module.parameters()))]


def _named_embeddings(encoder: nn.Module, inside: set[int]) -> Iterator[nn.Module]:
    for name, module in encoder.named_modules():
        if "emb" in name.rpartition(".")[2] and id(module) not in inside:
            yield module

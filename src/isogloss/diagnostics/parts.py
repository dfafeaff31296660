"""The parts of a model by which diagnostics tell where something happens: embeddings, layers, head."""

from __future__ import annotations

from torch import nn
from transformers import PreTrainedModel

Parts = dict[str, list[nn.Parameter]]
"""Names of parts to their parameters."""


def parts_of(model: PreTrainedModel) -> Parts:
    """A model's parameters, each in one part; parts without parameters are left out.

    ``embeddings``; ``layer_1`` to ``layer_l``, as the layers of `isogloss.diagnostics.layer_vectors`; ``rest``, what
    else the encoder has (a final norm, a pooler); ``head``, all outside the encoder. A parameter that several parts
    share, such as that of a tied output layer, is in the first of them.

    Args:
        model: A model of transformers, with or without a head.
    """
    encoder = model.base_model
    stack = _stack(encoder, int(model.config.num_hidden_layers))
    places: list[tuple[str, nn.Module]] = [("embeddings", model.get_input_embeddings())]
    places += [("embeddings", module) for name, module in encoder.named_children() if "embedding" in name]
    places += [(f"layer_{number}", layer) for number, layer in enumerate(stack, start=1)]
    # A model without a head is its own encoder.
    places += [("rest", encoder), ("head", model)]
    parts: Parts = {}
    seen: set[int] = set()
    for name, module in places:
        for parameter in module.parameters():
            if id(parameter) not in seen:
                seen.add(id(parameter))
                parts.setdefault(name, []).append(parameter)
    return parts


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


def _stack(encoder: nn.Module, layers: int) -> list[nn.Module]:
    """The list of the encoder's layers; none where it shares one layer's weights between all (ALBERT)."""
    found = [module for module in encoder.modules() if isinstance(module, nn.ModuleList) and len(module) == layers]
    sizes = [sum(parameter.numel() for parameter in stack.parameters()) for stack in found]
    return list(found[sizes.index(max(sizes))]) if found else []

"""Which parameters of an encoder belong together, found in its module tree."""

from __future__ import annotations

from collections.abc import Iterable

from torch import nn
from transformers import PreTrainedModel

HEAD = "head"
"""Name of the group after the last layer."""


def layer_groups(model: PreTrainedModel) -> dict[str, list[nn.Parameter]]:
    """The parameters by depth: ``embeddings``, ``layer 0``, ``layer 1``, ..., and ``head``.

    The layers are the module list that holds most of the encoder. ``embeddings`` is the part of the encoder that the
    sub-words' table is in, with positions and norms; ``head`` is all the rest: the task's head, and what an encoder has
    after or beside its layers (a last norm, a pooler, DeBERTa's table of relative positions). A tied parameter counts
    where it comes first; layers that share their parameters (ALBERT) are one. Groups without parameters are left out.

    Args:
        model: An encoder of Hugging Face with a head.
    """
    encoder = model.base_model
    table = model.get_input_embeddings()
    around = next(child for child in encoder.children() if any(module is table for module in child.modules()))
    stacks = [module for module in encoder.modules() if isinstance(module, nn.ModuleList)]
    layers = max(stacks, key=lambda stack: sum(parameter.numel() for parameter in stack.parameters()))
    parts: dict[str, Iterable[nn.Parameter]] = {"embeddings": around.parameters()}
    parts |= {f"layer {number}": layer.parameters() for number, layer in enumerate(layers)}
    parts[HEAD] = model.parameters()
    groups: dict[str, list[nn.Parameter]] = {}
    known: set[int] = set()
    for name, parameters in parts.items():
        own = [parameter for parameter in parameters if id(parameter) not in known]
        known.update(map(id, own))
        if own:
            groups[name] = own
    return groups


def last_layer(model: PreTrainedModel) -> list[nn.Parameter]:
    """The parameters of the encoder's last layer: the deepest that is no task's head."""
    groups = layer_groups(model)
    return groups[[name for name in groups if name.startswith("layer")][-1]]


def sparse_table(model: PreTrainedModel) -> nn.Embedding | None:
    """The embedding of sub-words, if all of its gradient comes from looking sub-words up; else None.

    An output layer that is tied to it makes the gradient dense, and scaling by frequency needs the dense one.
    """
    table = model.get_input_embeddings()
    if not isinstance(table, nn.Embedding) or table.scale_grad_by_freq:
        return None
    owners = [module for module in model.modules() if any(own is table.weight for own in module._parameters.values())]
    return table if len(owners) == 1 else None

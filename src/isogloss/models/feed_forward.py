"""A student whose feed-forward blocks keep the units of its teacher's that matter most on text.

Shapes: d units of a hidden state, u units of a feed-forward block, k of them that are kept, s places of a text.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn
from transformers import PreTrainedConfig, PreTrainedModel

from isogloss.common.errors import IsoglossError
from isogloss.models.layer_modules import layer_modules
from isogloss.models.student import BERT_LIKE


class Block(NamedTuple):
    """The parts of a feed-forward block, out(activation(into(x))) + x.

    Attributes:
        activations: Linear map and activation, x ``[b, s, d]`` → a ``[b, s, u]``.
        into: The linear map to units; its weights are ``[u, d]``.
        out: The linear map from units to a hidden state; its weights are ``[d, u]``.
    """

    activations: nn.Module
    into: nn.Linear
    out: nn.Linear


class Kept(NamedTuple):
    """The units that the blocks of some layers keep.

    Attributes:
        units: Their numbers in each block, ascending ``[k]``.
        shares: Their share of each block's energy, in [0, 1].
    """

    units: list[Tensor]
    shares: list[float]


def require_fewer_units(teacher: PreTrainedConfig, number: int) -> None:
    """Stop where feed-forward blocks cannot keep as many of the teacher's units.

    Raises:
        IsoglossError: The teacher is no model of `BERT_LIKE`, or has fewer.
    """
    if teacher.model_type not in BERT_LIKE:
        raise IsoglossError(
            "student.intermediate: with from_layers the teacher must be of BERT's kind, one of "
            f"{', '.join(BERT_LIKE)}, found {teacher.model_type!r}; leave out intermediate, or from_layers"
        )
    if number > teacher.intermediate_size:
        raise IsoglossError(
            f"student.intermediate: with from_layers must be at most {teacher.intermediate_size}, the teacher's, found "
            f"{number}; nearest valid: {teacher.intermediate_size}"
        )


@torch.no_grad()
def unit_energies(model: PreTrainedModel, rows: Iterable[np.ndarray]) -> list[Tensor]:
    """How much each unit of a model's feed-forward blocks adds to the hidden states of a text.

    With x what a block reads, unit j is a_j = activation(w_j · x + b_j), and adds a_j v_j to the hidden state. Its
    energy is E[a_j²] |v_j|², the mean over places of the squared length of what is lost without it. What is lost
    without several units is not the sum of their energies: the cross terms E[a_i a_j] v_i · v_j are ignored.

    Args:
        model: An encoder of `BERT_LIKE`, in evaluation mode.
        rows: Texts as its sub-words, special ones included, each ``[s]``.

    Returns:
        The energies in each layer ``[u]``, on the CPU.

    Example:
        >>> from transformers import BertConfig, BertModel
        >>> sizes = {"hidden_size": 4, "intermediate_size": 6, "num_hidden_layers": 2, "num_attention_heads": 1}
        >>> [own.shape for own in unit_energies(BertModel(BertConfig(vocab_size=9, **sizes)), [np.array([5, 7, 8])])]
        [torch.Size([6]), torch.Size([6])]
    """
    blocks = [_block(layer) for layer in layer_modules(model)]
    squares = [block.into.weight.new_zeros(block.into.out_features) for block in blocks]

    def add(total: Tensor, activations: Tensor) -> None:
        total += activations.float().square().flatten(0, -2).sum(0)

    handles = [
        block.activations.register_forward_hook(lambda _, __, found, total=total: add(total, found))
        for block, total in zip(blocks, squares, strict=True)
    ]
    places = 0
    try:
        # One text at a time needs no padding, which would have to be left out again.
        for row in rows:
            model(input_ids=torch.from_numpy(row)[None].to(model.device))
            places += len(row)
    finally:
        for handle in handles:
            handle.remove()
    lengths = [block.out.weight.square().sum(0) for block in blocks]
    return [(own / places * length).cpu() for own, length in zip(squares, lengths, strict=True)]


def most_energy(energies: Sequence[Tensor], number: int) -> Kept:
    """The units of most energy in each block.

    Args:
        energies: The energies of each block ``[u]``.
        number: How many units to keep, k ≤ u.

    Example:
        >>> kept = most_energy([torch.tensor([3.0, 1.0, 4.0])], 2)
        >>> kept.units, kept.shares
        ([tensor([0, 2])], [0.875])
    """
    units = [own.argsort(descending=True, stable=True)[:number].sort().values for own in energies]
    shares = [float(own[kept].sum() / own.sum()) for own, kept in zip(energies, units, strict=True)]
    return Kept(units, shares)


@torch.no_grad()
def keep_units(model: PreTrainedModel, units: Sequence[Tensor]) -> None:
    """Leave out all other units of a model's feed-forward blocks.

    Units stay in their order, so a model that keeps all of them is the same to the last bit.

    Args:
        model: An encoder of `BERT_LIKE`, changed in place.
        units: The units that each layer keeps, as many in each, ascending ``[k]``.
    """
    for layer, kept in zip(layer_modules(model), units, strict=True):
        block, own = _block(layer), kept.to(model.device)
        block.into.weight = nn.Parameter(block.into.weight[own])
        block.into.bias = nn.Parameter(block.into.bias[own])
        block.out.weight = nn.Parameter(block.out.weight[:, own].contiguous())
        block.into.out_features = block.out.in_features = len(own)
    model.config.intermediate_size = len(units[0])


def _block(layer: nn.ModuleList) -> Block:
    """The feed-forward block of a layer of BERT's kind, by the names of its modules."""
    into, out = layer.get_submodule("0.intermediate.dense"), layer.get_submodule("0.output.dense")
    assert isinstance(into, nn.Linear) and isinstance(out, nn.Linear)
    return Block(layer.get_submodule("0.intermediate"), into, out)

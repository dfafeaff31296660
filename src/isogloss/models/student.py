"""A student: the architecture of a teacher in other sizes, from random weights or from some of the teacher's layers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor
from transformers import CONFIG_MAPPING, AutoConfig, PreTrainedConfig, PreTrainedModel

from isogloss.common.errors import IsoglossError
from isogloss.models.heads import numbers_of_heads, require_heads
from isogloss.models.layer_modules import layer_modules
from isogloss.models.places import places
from isogloss.models.shipped import RECIPE_DEFAULTS

_OF_THE_TABLE = (
    "vocab_size", "pad_token_id", "bos_token_id", "eos_token_id", "cls_token_id", "sep_token_id", "unk_token_id",
)  # fmt: skip
"""What a configuration says of the tokenizer."""

_OF_THE_FOLDER = (
    "architectures",
    "dtype",
    "torch_dtype",
    "auto_map",
    "transformers_version",
    "_name_or_path",
    "_attn_implementation",
    RECIPE_DEFAULTS,
)
_OF_THE_HEAD = ("id2label", "label2id", "num_labels", "problem_type", "classifier_dropout", "pooler_hidden_size")
"""What a configuration says of a head; DeBERTa's pooler, if nothing is said, has the size of a hidden state."""

_UNITS_OF_THE_TABLE = ("embedding_size", "input_embedding_size")
"""What types that lead a row of the table to a hidden state by a linear map call the units of a row: ELECTRA, ALBERT,
ConvBERT and others, and RemBERT."""

BERT_LIKE = ("bert", "camembert", "electra", "roberta", "xlm-roberta")
"""The model types whose embeddings and layers are made of modules of BERT's names."""


@dataclass(frozen=True)
class Sizes:
    """The sizes of a student; None: those that follow from the teacher's.

    Attributes:
        layers: Number of layers.
        hidden: Units of a hidden state.
        intermediate: Units inside a feed-forward block.
        heads: Heads of attention.
    """

    layers: int
    hidden: int | None = None
    intermediate: int | None = None
    heads: int | None = None


def student_config(
    teacher: PreTrainedConfig, sizes: Sizes, from_layers: Sequence[int] | None, more: Mapping[str, Any]
) -> dict[str, Any]:
    """The values of a student's configuration, without those of its tokenizer.

    They are the teacher's but for its sizes. Heads have the teacher's size, or the next larger one that divides
    ``hidden``, an even one where positions rotate pairs of units; a feed-forward block is as many times as wide as a
    hidden state. A table of sub-words that may be narrower than hidden states, as ELECTRA's, stays as it is where these
    are not narrower still.

    Args:
        teacher: The teacher's configuration.
        sizes: Sizes.
        from_layers: Layers of the teacher, from 0, that the student's begin as; None: random weights.
        more: Other values; with a ``model_type`` the teacher's are not taken but for its sizes.

    Raises:
        IsoglossError: Sizes do not fit together, or no layer of the teacher fits.

    Example:
        >>> from transformers import BertConfig
        >>> own = student_config(BertConfig(), Sizes(4, hidden=256), None, {})
        >>> own["num_hidden_layers"], own["num_attention_heads"], own["intermediate_size"]
        (4, 4, 1024)
    """
    depth, hidden = int(teacher.num_hidden_layers), sizes.hidden or int(teacher.hidden_size)
    size = int(teacher.hidden_size) // int(teacher.num_attention_heads)
    architecture = _architecture(teacher, more)
    fitting = (number for number in numbers_of_heads(architecture, hidden) if hidden // number >= size)
    heads = sizes.heads or max(fitting, default=1)
    require_heads(architecture, hidden, heads, ("student.hidden", "student.heads"))
    its_block = _name_of_block(architecture)
    wide = sizes.intermediate or round(hidden * units_of_block(teacher) / teacher.hidden_size)
    named = {"num_hidden_layers": sizes.layers, "hidden_size": hidden, "num_attention_heads": heads}
    if sizes.intermediate is not None or hasattr(architecture, its_block):
        named[its_block] = wide
    if hasattr(architecture, "num_key_value_heads"):
        # As many heads share keys and values as do there, or the next larger number that divides them.
        shared = architecture.num_attention_heads // architecture.num_key_value_heads
        groups = (number for number in range(min(shared, heads), heads + 1) if heads % number == 0)
        named["num_key_value_heads"] = heads // next(groups)
    if from_layers is None:
        own = [name for name in _UNITS_OF_THE_TABLE if hasattr(architecture, name)]
        named |= {name: min(getattr(architecture, name), hidden) for name in own}
    renamed = getattr(teacher, "attribute_map", {})
    if from_layers is not None:
        given = {name: more.get(renamed.get(name, name), value) for name, value in named.items()}
        _require_layers(teacher, given, from_layers, depth)
    if architecture is not teacher:
        return {**named, **more}
    values = teacher.to_diff_dict()
    for name in (*_OF_THE_TABLE, *_OF_THE_FOLDER, *_OF_THE_HEAD):
        values.pop(name, None)
    if hasattr(teacher, "max_position_embeddings"):
        values["max_position_embeddings"] = teacher.max_position_embeddings
    kinds = getattr(teacher, "layer_types", None)
    if kinds is not None:
        # A student with more layers goes on as the teacher's began.
        chosen = [number % depth for number in from_layers or range(sizes.layers)]
        values["layer_types"] = [kinds[number] for number in chosen]
    values |= {renamed.get(name, name): value for name, value in named.items()}
    return {"model_type": teacher.model_type, **values, **more}


def units_of_block(config: PreTrainedConfig) -> int:
    """Units inside a feed-forward block; XLM, whose configuration does not say, has four times those of a state."""
    return int(getattr(config, _name_of_block(config), 4 * config.hidden_size))


def begin_as(student: PreTrainedModel, teacher: PreTrainedModel, layers: Sequence[int], rows: np.ndarray) -> None:
    """Give a student the embeddings and some layers of its teacher, of the same sizes.

    Args:
        student: The student's encoder, changed in place.
        teacher: The teacher's.
        layers: The teacher's layer, from 0, for each of the student's.
        rows: The row of the teacher's table of sub-words for each of the student's ``[v]``; below 0: none, it stays.

    Raises:
        IsoglossError: A layer of the teacher has other parameters, or there are other places.
    """
    inside = {id(parameter) for layer in layer_modules(student) for parameter in layer.parameters()}
    table, taken = (own.get_input_embeddings().get_parameter("weight") for own in (student, teacher))
    known, own, theirs = dict(teacher.named_parameters()), places(student), places(teacher)
    with torch.no_grad():
        for name, parameter in student.named_parameters():
            if id(parameter) not in inside and parameter is not table and name in known:
                # Rows of places are taken by place, and not by number: the padding id may be another.
                fill(own.get(name, parameter), theirs.get(name, known[name]), name)
        had = torch.from_numpy(np.flatnonzero(rows >= 0))
        table[had] = taken[torch.from_numpy(rows[rows >= 0])]
    take_layers(student, teacher, layers)


def take_layers(student: PreTrainedModel, teacher: PreTrainedModel, layers: Sequence[int]) -> None:
    """Let each layer of a student be as one of its teacher's, from 0.

    Raises:
        IsoglossError: A layer of the teacher has other parameters.
    """
    own, other = layer_modules(student), layer_modules(teacher)
    for number, (layer, source) in enumerate(zip(own, layers, strict=True)):
        try:
            layer.load_state_dict(other[source].state_dict())
        except RuntimeError as error:
            lines = str(error).splitlines()
            raise IsoglossError(
                f"student.from_layers: layer {source} of the teacher cannot be layer {number} of the student: "
                f"{lines[min(1, len(lines) - 1)].strip()}"
            ) from error


def fill(parameter: Tensor, value: Tensor, name: str) -> None:
    """Give a parameter the values of its teacher's.

    Raises:
        IsoglossError: It has another shape.
    """
    if parameter.shape != value.shape:
        raise IsoglossError(
            f"student.from_layers: {name} is {list(parameter.shape)} here and {list(value.shape)} in the teacher"
        )
    parameter.copy_(value)


def _architecture(teacher: PreTrainedConfig, more: Mapping[str, Any]) -> PreTrainedConfig:
    """The teacher's configuration, or one of another ``model_type`` that is asked for; an unknown one has no keys."""
    kind = str(more.get("model_type", teacher.model_type))
    if kind == teacher.model_type:
        return teacher
    return AutoConfig.for_model(kind) if kind in CONFIG_MAPPING else PreTrainedConfig()


def _name_of_block(config: PreTrainedConfig) -> str:
    """What a configuration calls the units inside a feed-forward block.

    DistilBERT has a name of its own, and XLM no key.
    """
    return "hidden_dim" if hasattr(config, "hidden_dim") else "intermediate_size"


def _require_layers(
    teacher: PreTrainedConfig, named: Mapping[str, int], from_layers: Sequence[int], depth: int
) -> None:
    for number in from_layers:
        if not 0 <= number < depth:
            raise IsoglossError(
                f"student.from_layers: a layer of the teacher is from 0 to {depth - 1}, found {number}; nearest valid: "
                f"{min(max(number, 0), depth - 1)}"
            )
    wanted = {name: int(getattr(teacher, name)) for name in named} | {"num_hidden_layers": len(from_layers)}
    for name, found in named.items():
        if found != wanted[name]:
            whose = "the number of these" if name == "num_hidden_layers" else "the teacher's"
            raise IsoglossError(
                f"student: with from_layers {name} must be {whose}, {wanted[name]}, found {found}; leave it out, or "
                "leave out from_layers"
            )

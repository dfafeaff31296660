"""Which linear modules of an encoder a recipe means: words for the parts of attention, or the modules' own names."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from torch import nn
from transformers import PreTrainedModel

from isogloss.common.errors import IsoglossError, nearest
from isogloss.models.layer_modules import layer_modules

WORDS = ("query", "key", "value", "output")
"""The linear parts of attention, in every family."""


def _attention(*names: str) -> Mapping[str, str]:
    return MappingProxyType(dict(zip(WORDS, names, strict=True)))


_BERT = _attention("attention.self.query", "attention.self.key", "attention.self.value", "attention.output.dense")
_XLM = _attention("q_lin", "k_lin", "v_lin", "out_lin")
_FAMILIES: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        **dict.fromkeys(("bert", "camembert", "electra", "roberta", "xlm-roberta"), _BERT),
        "deberta-v2": _attention(
            "attention.self.query_proj",
            "attention.self.key_proj",
            "attention.self.value_proj",
            "attention.output.dense",
        ),
        "distilbert": _attention("attention.q_lin", "attention.k_lin", "attention.v_lin", "attention.out_lin"),
        "albert": _attention("attention.query", "attention.key", "attention.value", "attention.dense"),
        "modernbert": _attention("attn.Wqkv", "attn.Wqkv", "attn.Wqkv", "attn.Wo"),
        **dict.fromkeys(("xlm", "flaubert"), _XLM),
    }
)


def targets_of(model: PreTrainedModel, targets: Iterable[str]) -> dict[int, dict[str, nn.Linear]]:
    """The linear modules that targets name, by number of their layer, from 1, and their name in the encoder.

    Args:
        model: A model of transformers, with or without a head.
        targets: Words of `WORDS`, or names of modules, which may lack what comes before a dot, as in peft.

    Raises:
        IsoglossError: A target names no linear module of a layer.

    Example:
        >>> from transformers import BertConfig, BertModel
        >>> sizes = {"hidden_size": 4, "intermediate_size": 4, "num_attention_heads": 1, "vocab_size": 9}
        >>> model = BertModel(BertConfig(num_hidden_layers=1, **sizes))
        >>> [*targets_of(model, ["query", "intermediate.dense"])[1]]
        ['encoder.layer.0.attention.self.query', 'encoder.layer.0.intermediate.dense']
    """
    family = _FAMILIES.get(model.config.model_type, {})
    layers = _linear(model)
    every = [name for layer in layers.values() for name in layer]
    found: dict[int, dict[str, nn.Linear]] = {}
    wanted = tuple(family.get(target, target) for target in targets)
    for target in wanted:
        if not any(_is(name, target) for name in every):
            here = [*family, *dict.fromkeys(map(_in_layer, every))]
            raise IsoglossError(f"lora.targets: no linear module {target!r} in the layers{nearest(target, here)}")
    for number, layer in layers.items():
        own = {name: module for name, module in layer.items() if any(_is(name, target) for target in wanted)}
        if own:
            found[number] = own
    return found


def told(model: PreTrainedModel, targets: Iterable[str]) -> list[str]:
    """A line where words name a module that other words name too, so that these are changed as well."""
    family, asked = _FAMILIES.get(model.config.model_type, {}), set(targets)
    lines = []
    for name in dict.fromkeys(family[word] for word in WORDS if word in asked & family.keys()):
        words = [word for word in WORDS if family[word] == name]
        if not asked.issuperset(words):
            lines.append(
                f"lora.targets: a {model.config.model_type!r} model has {', '.join(words)} in one module, {name!r}, so "
                "all of them are changed"
            )
    return lines


def _linear(model: PreTrainedModel) -> dict[int, dict[str, nn.Linear]]:
    """The linear modules of each layer, by number of the layer, from 1, and name in the encoder."""
    names = {module: name for name, module in model.base_model.named_modules()}
    return {
        number: {names[module]: module for module in layer.modules() if isinstance(module, nn.Linear)}
        for number, layer in enumerate(layer_modules(model), start=1)
    }


def _is(name: str, target: str) -> bool:
    return f".{name}".endswith(f".{target}")


def _in_layer(name: str) -> str:
    """A module's name without the number of its layer and what comes before it."""
    parts = name.split(".")
    last = max((place for place, part in enumerate(parts) if part.isdigit()), default=-1)
    return ".".join(parts[last + 1 :])

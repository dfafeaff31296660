"""The configuration of an encoder: read, or made for a tokenizer, and set up for a task."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from huggingface_hub.errors import StrictDataclassError
from transformers import CONFIG_MAPPING, AutoConfig, PreTrainedConfig, PreTrainedTokenizerBase
from transformers.models.auto.modeling_auto import (
    MODEL_FOR_CAUSAL_LM_MAPPING_NAMES,
    MODEL_FOR_MASKED_LM_MAPPING_NAMES,
)

from isogloss.common.errors import IsoglossError, nearest
from isogloss.models.dropout import set_dropout
from isogloss.models.heads import require_heads, rotates

_UNLIMITED = 1_000_000
"""transformers gives a tokenizer that knows no limit one far beyond this."""


def read_config(source: str | Path, revision: str | None, *, remote: bool) -> PreTrainedConfig:
    """The configuration in a folder or on the hub.

    Raises:
        IsoglossError: There is none, or it needs code that may not run.
    """
    try:
        config: PreTrainedConfig = AutoConfig.from_pretrained(str(source), revision=revision, trust_remote_code=remote)
    except (OSError, ValueError, KeyError, StrictDataclassError) as error:
        raise IsoglossError(f"model {str(source)!r}: its config.json cannot be used: {error}") from error
    return config


def new_config(
    values: Mapping[str, Any], tokenizer: PreTrainedTokenizerBase, like: PreTrainedConfig | None = None
) -> PreTrainedConfig:
    """A configuration from values, with the tokenizer's vocabulary and special tokens where they say nothing else.

    Args:
        values: ``model_type`` and whatever differs from the defaults of that type.
        tokenizer: The tokenizer.
        like: A configuration that values were taken from. Of the same type, its names are known beside those of the
            type: config.json on the hub holds names that the type of transformers lacks, and of which some count in
            the model all the same (``position_buckets`` of mDeBERTa).

    Raises:
        IsoglossError: ``model_type`` or another name is unknown, or a value is not valid, heads among them.
    """
    model_type = str(values.get("model_type"))
    if model_type not in CONFIG_MAPPING:
        raise IsoglossError(f"model_type {model_type!r} is unknown{nearest(model_type, _encoders())}")
    known = like if like is not None and like.model_type == model_type else AutoConfig.for_model(model_type)
    for name in values:
        if not hasattr(known, name):
            raise IsoglossError(f"a model of type {model_type!r} has no {name!r}{nearest(name, known.to_dict())}")
    length = tokenizer.model_max_length if tokenizer.model_max_length < _UNLIMITED else 512
    # XLM-R and its kin number positions from the padding id + 1; to the others the few more do no harm.
    defaults = {"vocab_size": len(tokenizer), "max_position_embeddings": length + tokenizer.pad_token_id + 1}
    for name in ("pad_token_id", "bos_token_id", "eos_token_id", "cls_token_id", "sep_token_id"):
        defaults[name] = getattr(tokenizer, name)
    fitting = {name: value for name, value in defaults.items() if hasattr(known, name)}
    try:
        made = AutoConfig.for_model(**{**fitting, **values})
    except (TypeError, ValueError, StrictDataclassError) as error:
        raise IsoglossError(f"configuration of a {model_type!r} model: {' '.join(str(error).split())}") from error
    if rotates(made):
        require_heads(made, made.hidden_size, made.num_attention_heads, ("hidden_size", "num_attention_heads"))
    return made


def prepare(config: PreTrainedConfig, labels: Sequence[str] | None, dropout: float | None) -> None:
    """Set up a configuration, in place, for an encoder with a head for ``labels``.

    Raises:
        IsoglossError: It is not that of an encoder with sub-words, or ``dropout`` cannot be set.
    """
    # An encoder is what transformers can pre-train by masked language modelling; code from the hub speaks for itself.
    known = config.model_type in MODEL_FOR_MASKED_LM_MAPPING_NAMES or getattr(config, "auto_map", None)
    if not known or config.is_encoder_decoder or getattr(config, "is_decoder", False):
        why = _why_not(config)
        raise IsoglossError(f"a model of type {config.model_type!r} {why}{nearest(config.model_type, _encoders())}")
    if labels is not None:
        config.id2label = dict(enumerate(labels))
        config.label2id = {label: index for index, label in enumerate(labels)}
        config.problem_type = None  # one label each, whatever the checkpoint was trained for
    else:
        config.num_labels = 2  # start and end of an answer; other heads without labels do not ask
    if dropout is not None:
        set_dropout(config, dropout)


def _why_not(config: PreTrainedConfig) -> str:
    """Why a model that cannot be used cannot be."""
    if config.model_type == "canine":
        return "reads characters, by no sub-words and without a fast tokenizer, both of which isogloss needs"
    decodes = config.is_encoder_decoder or getattr(config, "is_decoder", False)
    if decodes or config.model_type in MODEL_FOR_CAUSAL_LM_MAPPING_NAMES:
        return "is no encoder"
    return "is none that transformers can pre-train by masked language modelling, which is what isogloss takes"


def _encoders() -> list[str]:
    return list(MODEL_FOR_MASKED_LM_MAPPING_NAMES)

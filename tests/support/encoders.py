"""A tiny model with random weights of every kind of encoder whose module tree differs."""

from __future__ import annotations

from typing import Any

import torch
from transformers import AutoConfig, AutoModelForTokenClassification, PreTrainedModel

SMALL = {"hidden_size": 16, "intermediate_size": 16, "num_hidden_layers": 3, "num_attention_heads": 2, "vocab_size": 40}
_XLM = {"emb_dim": 16, "n_layers": 3, "n_heads": 2, "n_words": 40, "n_langs": 2, "pad_index": 0}
KINDS: dict[str, dict[str, Any]] = {
    "bert": {},
    "xlm-roberta": {},
    "modernbert": {"pad_token_id": 0, "bos_token_id": 1, "eos_token_id": 2, "cls_token_id": 1, "sep_token_id": 2},
    "deberta-v2": {"relative_attention": True, "pos_att_type": ["p2c", "c2p"]},
    "electra": {"embedding_size": 8},
    "distilbert": {"dim": 16, "hidden_dim": 16, "n_layers": 3, "n_heads": 2},
    "albert": {"embedding_size": 8, "num_hidden_groups": 1},
    "xlm": _XLM,
    "flaubert": _XLM,
}


def build(kind: str, auto_class: Any = AutoModelForTokenClassification, **more: Any) -> PreTrainedModel:
    sizes = {} if KINDS[kind] is _XLM else SMALL
    torch.manual_seed(0)
    return auto_class.from_config(AutoConfig.for_model(kind, **{**sizes, **KINDS[kind], **more}))

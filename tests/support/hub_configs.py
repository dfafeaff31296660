"""What teachers on the hub have in config.json, but for small sizes: names among it that their types do not know."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from transformers import AutoConfig, AutoModelForMaskedLM, AutoTokenizer

from isogloss.common.writing import write_json
from isogloss.models.stored import write_model

_BERT: dict[str, Any] = {
    "attention_probs_dropout_prob": 0.1,
    "hidden_act": "gelu",
    "hidden_dropout_prob": 0.1,
    "hidden_size": 16,
    "initializer_range": 0.02,
    "intermediate_size": 32,
    "max_position_embeddings": 512,
    "num_attention_heads": 2,
    "num_hidden_layers": 3,
    "pad_token_id": 0,
    "vocab_size": 76,
}

HUB_CONFIGS: dict[str, dict[str, Any]] = {
    "FacebookAI/xlm-roberta-base": {
        **_BERT,
        "architectures": ["XLMRobertaForMaskedLM"],
        "bos_token_id": 0,
        "eos_token_id": 2,
        "layer_norm_eps": 1e-05,
        "max_position_embeddings": 514,
        "model_type": "xlm-roberta",
        "output_past": True,
        "pad_token_id": 1,
        "position_embedding_type": "absolute",
        "transformers_version": "4.17.0.dev0",
        "type_vocab_size": 1,
        "use_cache": True,
    },
    "intfloat/multilingual-e5-small": {
        **_BERT,
        "_name_or_path": "nreimers/mMiniLMv2",
        "architectures": ["BertModel"],
        "classifier_dropout": None,
        "layer_norm_eps": 1e-12,
        "model_type": "bert",
        "position_embedding_type": "absolute",
        "tokenizer_class": "XLMRobertaTokenizer",
        "torch_dtype": "float32",
        "transformers_version": "4.29.0.dev0",
        "type_vocab_size": 2,
        "use_cache": True,
    },
    "google-bert/bert-base-multilingual-cased": {
        **_BERT,
        "architectures": ["BertForMaskedLM"],
        "directionality": "bidi",
        "layer_norm_eps": 1e-12,
        "model_type": "bert",
        "pooler_fc_size": 768,
        "pooler_num_attention_heads": 12,
        "pooler_num_fc_layers": 3,
        "pooler_size_per_head": 128,
        "pooler_type": "first_token_transform",
        "position_embedding_type": "absolute",
        "type_vocab_size": 2,
    },
    "distilbert/distilbert-base-multilingual-cased": {
        "activation": "gelu",
        "architectures": ["DistilBertForMaskedLM"],
        "attention_dropout": 0.1,
        "dim": 16,
        "dropout": 0.1,
        "hidden_dim": 32,
        "initializer_range": 0.02,
        "max_position_embeddings": 512,
        "model_type": "distilbert",
        "n_heads": 2,
        "n_layers": 3,
        "output_past": True,
        "pad_token_id": 0,
        "qa_dropout": 0.1,
        "seq_classif_dropout": 0.2,
        "sinusoidal_pos_embds": False,
        "tie_weights_": True,
        "vocab_size": 76,
    },
    "microsoft/mdeberta-v3-base": {
        **_BERT,
        "layer_norm_eps": 1e-07,
        "max_relative_positions": -1,
        "model_type": "deberta-v2",
        "norm_rel_ebd": "layer_norm",
        "pos_att_type": "p2c|c2p",
        "position_biased_input": False,
        "position_buckets": 8,
        "relative_attention": True,
        "share_att_key": True,
        "type_vocab_size": 0,
    },
    "jhu-clsp/mmBERT-small": {
        "architectures": ["ModernBertForMaskedLM"],
        "attention_bias": False,
        "attention_dropout": 0.0,
        "bos_token_id": 2,
        "classifier_activation": "gelu",
        "classifier_bias": False,
        "classifier_dropout": 0.0,
        "classifier_pooling": "mean",
        "cls_token_id": 1,
        "decoder_bias": True,
        "deterministic_flash_attn": False,
        "embedding_dropout": 0.0,
        "eos_token_id": 1,
        "global_attn_every_n_layers": 3,
        "global_rope_theta": 160000,
        "gradient_checkpointing": False,
        "hidden_activation": "gelu",
        "hidden_size": 16,
        "initializer_cutoff_factor": 2.0,
        "initializer_range": 0.02,
        "intermediate_size": 32,
        "layer_norm_eps": 1e-05,
        "local_attention": 128,
        "local_rope_theta": 160000,
        "mask_token_id": 4,
        "max_position_embeddings": 8192,
        "mlp_bias": False,
        "mlp_dropout": 0.0,
        "model_type": "modernbert",
        "norm_bias": False,
        "norm_eps": 1e-05,
        "num_attention_heads": 2,
        "num_hidden_layers": 3,
        "pad_token_id": 0,
        "position_embedding_type": "sans_pos",
        "repad_logits_with_grad": False,
        "sep_token_id": 1,
        "sparse_pred_ignore_index": -100,
        "sparse_prediction": False,
        "torch_dtype": "float32",
        "unk_token_id": 3,
        "vocab_size": 76,
    },
}


def write_hub_model(name: str, encoder: Path, folder: Path) -> None:
    """A model with random weights and a config.json as the hub has it, with the tokenizer of another."""
    tokenizer = AutoTokenizer.from_pretrained(encoder)
    stored = {**HUB_CONFIGS[name], "vocab_size": len(tokenizer)}
    torch.manual_seed(0)
    auto_class: Any = AutoModelForMaskedLM
    write_model(folder, auto_class.from_config(AutoConfig.for_model(**stored)), tokenizer)
    write_json(folder / "config.json", stored)

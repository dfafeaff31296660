from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn
from transformers import (
    AutoConfig,
    AutoModelForMaskedLM,
    AutoModelForTokenClassification,
    PreTrainedModel,
)

from isogloss.gradients import last_layer, layer_groups, sparse_table

SMALL = {"hidden_size": 16, "intermediate_size": 16, "num_hidden_layers": 3, "num_attention_heads": 2, "vocab_size": 40}
TYPES: dict[str, dict[str, Any]] = {
    "bert": {},
    "xlm-roberta": {},
    "modernbert": {"pad_token_id": 0, "bos_token_id": 1, "eos_token_id": 2, "cls_token_id": 1, "sep_token_id": 2},
    "deberta-v2": {"relative_attention": True, "pos_att_type": ["p2c", "c2p"]},
    "electra": {"embedding_size": 8},
    "distilbert": {"dim": 16, "hidden_dim": 16, "n_layers": 3, "n_heads": 2},
    "albert": {"embedding_size": 8, "num_hidden_groups": 1},
}


def build(kind: str, auto_class: Any = AutoModelForTokenClassification) -> PreTrainedModel:
    config = AutoConfig.for_model(kind, **{**SMALL, **TYPES[kind]})
    torch.manual_seed(0)
    return auto_class.from_config(config)


@pytest.mark.parametrize("kind", TYPES)
def test_every_parameter_is_in_one_group(kind: str):
    model = build(kind)
    groups = layer_groups(model)
    layers = ["layer 0"] if kind == "albert" else ["layer 0", "layer 1", "layer 2"]
    assert list(groups) == ["embeddings", *layers, "head"]
    found = [id(parameter) for group in groups.values() for parameter in group]
    assert sorted(found) == sorted(id(parameter) for parameter in model.parameters())
    named = {id(parameter): name for name, parameter in model.named_parameters()}
    assert all("embeddings" in named[id(parameter)] for parameter in groups["embeddings"])
    assert any(named[id(parameter)].startswith("classifier") for parameter in groups["head"])
    assert len({sum(p.numel() for p in groups[layer]) for layer in layers[1:]}) <= 1
    assert last_layer(model) == groups[layers[-1]]


@pytest.mark.parametrize("kind", TYPES)
def test_a_table_is_sparse_unless_it_is_tied(kind: str):
    model = build(kind)
    assert sparse_table(model) is model.get_input_embeddings()
    tied = build(kind, AutoModelForMaskedLM)
    assert sparse_table(tied) is None
    found = [id(parameter) for group in layer_groups(tied).values() for parameter in group]
    assert sorted(found) == sorted(id(parameter) for parameter in tied.parameters())


@pytest.mark.parametrize("kind", TYPES)
def test_sparse_gradients_of_an_encoder_are_its_dense_ones(kind: str):
    model = build(kind).double()
    table = sparse_table(model)
    assert isinstance(table, nn.Embedding)
    ids = torch.tensor([[3, 4, 4, 9, 0], [5, 3, 0, 0, 0]])

    def gradient() -> torch.Tensor:
        model.zero_grad()
        torch.manual_seed(0)
        model(input_ids=ids, attention_mask=(ids != 0).long()).logits.square().sum().backward()
        assert table.weight.grad is not None
        return table.weight.grad

    dense = gradient()
    table.sparse = True
    assert gradient().is_sparse
    torch.testing.assert_close(gradient().to_dense(), dense)


def test_a_table_scaled_by_frequency_is_dense():
    model = build("bert")
    model.get_input_embeddings().scale_grad_by_freq = True
    assert sparse_table(model) is None

"""Masked language modelling: the loss is that of the full logits, for the heads of all the families."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch.nn import functional
from transformers import AutoConfig, AutoModelForMaskedLM

from isogloss.objectives.masked_lm import MaskedLM, masked_logits
from isogloss.protocols import Batch

SIZES = {"hidden_size": 16, "intermediate_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "vocab_size": 30}


def model(model_type: str) -> Any:
    torch.manual_seed(0)
    config = AutoConfig.for_model(model_type, **SIZES, pad_token_id=1)
    return AutoModelForMaskedLM.from_config(config).eval()


@pytest.fixture
def batch() -> Batch:
    ids = torch.tensor([[0, 7, 8, 9, 2, 1], [0, 5, 6, 2, 1, 1], [0, 9, 9, 9, 9, 2]])
    labels = torch.tensor([[-100, 7, -100, 3, -100, -100], [-100, -100, 6, -100, -100, -100], [-100] * 6])
    return Batch({"input_ids": ids, "attention_mask": (ids != 1).long()}, labels, ("en", "fr", "ru"))


@pytest.mark.parametrize("model_type", ["xlm-roberta", "bert", "deberta-v2", "modernbert"])
def test_the_loss_is_that_of_all_logits(model_type: str, batch: Batch):
    network, objective = model(model_type), MaskedLM("tlm")
    loss = objective(network, batch)["tlm"]
    logits = network(**batch.inputs).logits
    assert batch.labels is not None
    expected = functional.cross_entropy(logits.transpose(1, 2), batch.labels, reduction="none").sum(dim=1)
    torch.testing.assert_close(loss, expected)
    assert loss[2] == 0
    assert objective.counts(batch)["tlm"].tolist() == [2, 1, 0]
    loss.sum().backward()
    assert all(torch.isfinite(p.grad).all() for p in network.parameters() if p.grad is not None)


def test_the_model_is_left_as_it_was(batch: Batch):
    network = model("bert")
    before = network(**batch.inputs).logits
    masked_logits(network, batch.inputs, batch.inputs["input_ids"] == 9)
    assert torch.equal(network(**batch.inputs).logits, before)

from __future__ import annotations

import pytest
import torch
from transformers import AutoModelForMaskedLM

from isogloss.gradients import sparse_table
from tests.support.encoders import KINDS, build


@pytest.mark.parametrize("kind", KINDS)
def test_a_table_is_sparse_unless_it_is_tied(kind: str):
    model = build(kind)
    table = sparse_table(model)
    assert table is not None and table.weight is model.get_input_embeddings().weight
    tied = build(kind, AutoModelForMaskedLM)
    assert sparse_table(tied) is None


@pytest.mark.parametrize("kind", KINDS)
def test_sparse_gradients_of_an_encoder_are_its_dense_ones(kind: str):
    model = build(kind).double()
    table = sparse_table(model)
    assert table is not None
    ids = torch.tensor([[3, 4, 4, 9, 0], [5, 3, 0, 0, 0]])

    def gradient() -> torch.Tensor:
        model.zero_grad()
        torch.manual_seed(0)
        model(input_ids=ids, attention_mask=(ids != 0).long()).logits.square().sum().backward()
        assert table.weight.grad is not None
        return table.weight.grad

    dense = gradient()
    with table.taking():
        by_rows = gradient()
    assert by_rows.is_sparse
    torch.testing.assert_close(by_rows.to_dense(), dense)


def test_a_table_scaled_by_frequency_is_dense():
    model = build("bert")
    model.get_input_embeddings().scale_grad_by_freq = True
    assert sparse_table(model) is None

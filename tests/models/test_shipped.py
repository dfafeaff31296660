"""Encoders that come with the package: whole, in half precision, with a head for masked language modelling."""

from __future__ import annotations

import pytest
import torch
from safetensors.torch import load_file
from transformers import AutoModelForMaskedLM, AutoTokenizer

from isogloss.models.shipped import DEFAULTS, RECIPE_DEFAULTS, shipped_models


@pytest.mark.parametrize("name", shipped_models())
def test_transformers_opens_it_with_its_head_and_misses_nothing(name: str, caplog: pytest.LogCaptureFixture):
    folder = shipped_models()[name]
    model, told = AutoModelForMaskedLM.from_pretrained(folder, output_loading_info=True)
    assert not any(told.values()), told
    assert not caplog.records
    inputs, outputs = (
        own.get_parameter("weight") for own in (model.get_input_embeddings(), model.get_output_embeddings())
    )
    assert inputs is outputs
    assert getattr(model.config, RECIPE_DEFAULTS) == name
    assert (folder / DEFAULTS).is_file()
    stored = load_file(folder / "model.safetensors")
    assert {tensor.dtype for tensor in stored.values()} == {torch.float16}
    assert all(tensor.isfinite().all() for tensor in stored.values())


@pytest.mark.parametrize("name", shipped_models())
def test_its_tokenizer_is_that_of_its_table(name: str):
    folder = shipped_models()[name]
    tokenizer = AutoTokenizer.from_pretrained(folder)
    config = AutoModelForMaskedLM.from_pretrained(folder).config
    assert len(tokenizer) == config.vocab_size
    assert (tokenizer.pad_token_id, tokenizer.mask_token_id is not None) == (config.pad_token_id, True)
    assert tokenizer.model_max_length == config.max_position_embeddings

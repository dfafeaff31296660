"""A tokenizer, and a stored model of each type."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import AutoModelForMaskedLM

from isogloss.models import new_model, train_tokenizer
from tests.support.loading import SIZE, TEXTS, TYPES


@pytest.fixture(scope="module", autouse=True)
def _one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def tokenizer():
    return train_tokenizer(TEXTS, 70, max_length=64)


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory, tokenizer: Any) -> dict[str, Path]:
    """Per model type a half-precision masked language model, as one finds them on the hub."""
    made = {}
    for model_type in TYPES:
        folder = made[model_type] = tmp_path_factory.mktemp(model_type)
        loaded = new_model({"model_type": model_type, **SIZE}, tokenizer, AutoModelForMaskedLM, None, seed=1)
        loaded.model.half().save_pretrained(folder)
        loaded.tokenizer.save_pretrained(folder)
    return made

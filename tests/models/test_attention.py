"""Which implementation of attention a model takes."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from transformers import AutoModelForTokenClassification

from isogloss.recipe.build.model import build_model
from isogloss.recipe.spec.model import Model


@pytest.mark.parametrize("asked", ["eager", "sdpa"])
def test_a_model_attends_as_it_is_asked(folders: dict[str, Path], asked: str):
    how = Model.model_validate({"attention": asked, "dropout": 0})
    loaded = build_model(str(folders["bert"]), how, AutoModelForTokenClassification, ["A", "B"], None, 0)
    assert loaded.model.config._attn_implementation == asked
    plain = build_model(str(folders["bert"]), Model(), AutoModelForTokenClassification, ["A", "B"], None, 0)
    inputs = {"input_ids": torch.tensor([[5, 6, 7]])}
    torch.testing.assert_close(loaded.model.eval()(**inputs).logits, plain.model.eval()(**inputs).logits)

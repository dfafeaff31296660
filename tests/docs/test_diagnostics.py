"""The example of docs/diagnostics.md runs."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from transformers import AutoModelForSequenceClassification

from isogloss.models.open import new_model
from isogloss.models.tokenizer import train_tokenizer
from tests.support.world import XLM_R, parallel_lines

PAGE = Path(__file__).parents[2] / "docs" / "diagnostics.md"


def test_the_notebook(capsys: pytest.CaptureFixture[str]):
    (text,) = re.findall(r"^```py\n(.*?)^```", PAGE.read_text("utf-8"), re.M | re.S)
    texts = {code: [(line, n % 2) for n, line in enumerate(parallel_lines(code)[:8])] for code in ("en", "de")}
    tokenizer = train_tokenizer([line for rows in texts.values() for line, _ in rows], 90)
    loaded = new_model(XLM_R, tokenizer, AutoModelForSequenceClassification, ["a", "b"], seed=0)
    names: dict[str, Any] = {"model": loaded.model, "tokenizer": loaded.tokenizer, "texts": texts}
    exec(text.replace("from __future__ import annotations", ""), names)
    printed = capsys.readouterr().out
    assert "('en', 'de') ('model', 'encoder', 'embeddings', 'layer_1', 'head')" in printed
    assert names["seen"].cosines.isfinite().all() and names["seen"].within.isfinite().all()

"""mDeBERTa as it lies on the hub: a tokenizer of sentencepiece, pickled weights, and a generator beside them."""

from __future__ import annotations

from pathlib import Path

import torch
from transformers import AutoConfig, AutoModelForMaskedLM

import isogloss
from isogloss.models.tokenizer import load_tokenizer
from tests.models.trimming.conftest import KEPT, SIZES, write_texts
from tests.support.tokenizers import TEXTS, write_sentencepiece


def test_mdeberta_is_cut_as_others_are(tmp_path: Path):
    folder = tmp_path / "model"
    AutoConfig.for_model("deberta-v2", **SIZES, vocab_size=100, max_position_embeddings=80).save_pretrained(folder)
    before = load_tokenizer(write_sentencepiece(folder))
    torch.manual_seed(0)
    model, generator = (AutoModelForMaskedLM.from_config(AutoConfig.from_pretrained(folder)) for _ in range(2))
    torch.save(model.state_dict(), folder / "pytorch_model.bin")
    torch.save(generator.state_dict(), folder / "pytorch_model.generator.bin")
    found = isogloss.trim(folder, languages="de,en", text=write_texts(tmp_path / "text"), output=tmp_path / "cut")
    assert found.checked == 2 and found.sub_words == (len(before), len(load_tokenizer(tmp_path / "cut")))
    assert found.sub_words[1] < found.sub_words[0] and found.megabytes[1] < found.megabytes[0]
    assert not [*(tmp_path / "cut").glob("*.bin"), *(tmp_path / "cut").glob("*.model")]
    after = load_tokenizer(tmp_path / "cut")
    assert all(after.tokenize(text) == before.tokenize(text) for text in KEPT.values())
    for text in TEXTS:
        unknown = [each(text)["input_ids"].count(each.unk_token_id) for each in (before, after)]
        assert unknown[1] <= unknown[0]

"""The laws of a table of sub-words that is cut, for each kind of tokenizer."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from transformers import (
    AutoConfig,
    AutoModel,
    AutoModelForMaskedLM,
    AutoModelForMultipleChoice,
    AutoModelForQuestionAnswering,
    AutoModelForSequenceClassification,
    AutoModelForTokenClassification,
)

import isogloss
from tests.models.trimming.conftest import KEPT, KINDS, Kind, drawn_texts, write_model, write_texts
from tests.support.tokenizers import TEXTS

Kinds = Callable[[str], Kind]
each_kind = pytest.mark.parametrize("name", KINDS)


@each_kind
def test_texts_whose_pieces_all_stay_are_cut_alike(name: str, kinds: Kinds):
    before, after = kinds(name).before(), kinds(name).after()
    assert len(after) < len(before)
    kept, same = set(after.get_vocab()), 0
    for text in [*KEPT.values(), *drawn_texts(300)]:
        if kept.issuperset(before.tokenize(text)):
            assert after.tokenize(text) == before.tokenize(text)
            assert after.convert_ids_to_tokens(after(text).input_ids) == before.convert_ids_to_tokens(
                before(text).input_ids
            )
            same += 1
    assert same > 20
    assert all(after.tokenize(text) == before.tokenize(text) for text in KEPT.values())


@each_kind
def test_others_fall_into_smaller_pieces_and_nothing_becomes_unknown(name: str, kinds: Kinds):
    before, after = kinds(name).before(), kinds(name).after()
    longer = 0
    for text in [*TEXTS, *drawn_texts(300)]:
        was, now = before(text).input_ids, after(text).input_ids
        assert now.count(after.unk_token_id) <= was.count(before.unk_token_id), text
        longer += len(now) > len(was)
    assert longer > 20


@each_kind
def test_outputs_are_the_same_bit_for_bit(name: str, kinds: Kinds):
    kind = kinds(name)
    texts = [*KEPT.values(), "der sofa", "Hund"]
    options = {"padding": True, "return_tensors": "pt"}
    was, now = kind.before()(texts, **options), kind.after()(texts, **options)
    states = [
        AutoModel.from_pretrained(folder, dtype=torch.float32).eval()(**inputs).last_hidden_state
        for folder, inputs in ((kind.folder, was), (kind.trimmed, now))
    ]
    assert torch.equal(*states)
    logits = [
        AutoModelForMaskedLM.from_pretrained(folder, dtype=torch.float32).eval()(**inputs).logits
        for folder, inputs in ((kind.folder, was), (kind.trimmed, now))
    ]
    ids = kind.before().get_vocab()
    rows = [ids[piece] for piece, _ in sorted(kind.after().get_vocab().items(), key=lambda entry: entry[1])]
    # The product with a smaller table may add up in another order.
    assert torch.allclose(logits[0][..., rows], logits[1], atol=1e-6)


@each_kind
def test_special_tokens_keep_their_meaning(name: str, kinds: Kinds):
    kind = kinds(name)
    before, after = kind.before(), kind.after()
    assert after.special_tokens_map == before.special_tokens_map
    assert {*after.get_added_vocab()} == {*before.get_added_vocab()} and "<ent>" in after.get_vocab()
    assert after.tokenize("der <ent> Hund") == before.tokenize("der <ent> Hund")
    pair = [tokenizer.convert_ids_to_tokens(tokenizer("Hund", "dogs").input_ids) for tokenizer in (before, after)]
    assert pair[0] == pair[1]
    configs = [AutoConfig.from_pretrained(folder) for folder in (kind.folder, kind.trimmed)]
    assert configs[1].vocab_size == len(after)
    for part in ("pad", "bos", "eos", "cls", "sep"):
        was, now = (getattr(config, f"{part}_token_id", None) for config in configs)
        assert (was is None) == (now is None)
        assert was is None or before.convert_ids_to_tokens(was) == after.convert_ids_to_tokens(now)


@each_kind
@pytest.mark.parametrize("tied", [True, False])
def test_output_layer_and_bias_are_cut_too(name: str, tied: bool, tmp_path: Path):
    folder = write_model(tmp_path / "model", name, tie_word_embeddings=tied)
    for other in ("checkpoint-20", "1_Pooling"):  # a Trainer's, which has the whole table, and a sentence encoder's
        (folder / other).mkdir()
    isogloss.trim(folder, languages="de,en", text=write_texts(tmp_path / "text"), output=tmp_path / "trimmed")
    assert [path.name for path in (tmp_path / "trimmed").iterdir() if path.is_dir()] == ["1_Pooling"]
    model = AutoModelForMaskedLM.from_pretrained(tmp_path / "trimmed")
    rows = model.config.vocab_size
    layer, table = model.get_output_embeddings(), model.get_input_embeddings()
    assert layer.weight.shape[0] == table.weight.shape[0] == layer.bias.shape[0] == rows
    assert (layer.weight is table.weight) == tied
    assert model.dtype == torch.float16
    whole, cut = (load_file(path / "model.safetensors") for path in (folder, tmp_path / "trimmed"))
    assert whole.keys() == cut.keys()
    assert all(torch.equal(whole[key], cut[key]) for key in cut if len(cut[key]) != rows)


@each_kind
def test_every_auto_class_opens_the_folder(name: str, kinds: Kinds):
    for kind in (
        AutoModelForMultipleChoice,
        AutoModelForQuestionAnswering,
        AutoModelForSequenceClassification,
        AutoModelForTokenClassification,
    ):
        _, report = kind.from_pretrained(kinds(name).trimmed, output_loading_info=True)
        assert not report["mismatched_keys"] and not any("embeddings" in key for key in report["missing_keys"])


@each_kind
@pytest.mark.parametrize("options", [{}, {"min_count": 2}, {"size": True}], ids=["all", "count", "size"])
def test_what_was_cut_stays_as_it_is_when_it_is_cut_again(
    name: str, options: dict[str, int], kinds: Kinds, tmp_path: Path
):
    kind = kinds(name)
    if "size" in options:
        options = {"size": len(kind.after()) - 8}
    once = isogloss.trim(kind.folder, languages="de,en", text=kind.text, output=tmp_path / "once", **options)
    again = isogloss.trim(once.output, languages="de,en", text=kind.text, output=tmp_path / "again", **options)
    assert again.sub_words == (once.sub_words[1],) * 2 and once.sub_words[1] <= options.get("size", 10**6)
    assert (again.sub_words[1] < len(kind.after())) == bool(options)
    for file in ("model.safetensors", "config.json", "tokenizer.json", "tokenizer_config.json"):
        assert (tmp_path / "once" / file).read_bytes() == (tmp_path / "again" / file).read_bytes(), file
    assert json.loads((tmp_path / "again/tokenizer.json").read_text("utf-8"))["added_tokens"]

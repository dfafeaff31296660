"""Modules beside those of transformers: they train, move, are saved beside the model, and are claimed when it opens."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor
from transformers import AutoModelForMaskedLM, AutoModelForTokenClassification, PreTrainedModel

from isogloss.common.errors import IsoglossError
from isogloss.models.extensions import Extension, MaskedHead, attach, extensions_of
from isogloss.models.open import open_model
from isogloss.models.stored import read_weights, write_model
from isogloss.objectives.masked_lm import masked_logits
from tests.support import encoders
from tests.support.loading import TAGGING, copy_of

FAMILIES = [kind for kind in encoders.KINDS if kind not in ("xlm", "flaubert")]
"""The LM heads of XLM and FlauBERT want all places of a text."""


class Shift(Extension):
    """Adds a vector to the last hidden states, by a hook."""

    kind, changes_outputs = "shift", True

    def __init__(self, model: PreTrainedModel, settings: Mapping[str, Any]) -> None:
        super().__init__()
        self.scale = settings["scale"]
        self.vector = torch.nn.Parameter(torch.zeros(model.config.hidden_size))
        model.base_model.register_forward_hook(self.shift)

    def settings(self) -> Mapping[str, Any]:
        return {"scale": self.scale}

    def shift(self, module: Any, inputs: Any, output: Any) -> Any:
        output.last_hidden_state = output.last_hidden_state + self.scale * self.vector
        return output


IDS = torch.tensor([[5, 6, 7, 8], [9, 10, 11, 12]])


def shifted(folder: Path) -> tuple[PreTrainedModel, Any]:
    loaded = open_model(folder, TAGGING.auto_class, TAGGING.labels, seed=0)
    attach(loaded.model, "shift", Shift(loaded.model, {"scale": 2.0}))
    with torch.no_grad():
        loaded.model.get_parameter("extensions.shift.vector").copy_(torch.arange(loaded.model.config.hidden_size))
    return loaded.model.eval(), loaded.tokenizer


@torch.no_grad()
def logits(model: PreTrainedModel) -> Tensor:
    return model.eval()(input_ids=IDS).logits


def test_an_extension_trains_with_the_model_and_comes_back_with_it(folders: dict[str, Path], tmp_path: Path) -> None:
    model, tokenizer = shifted(folders["bert"])
    assert "extensions.shift.vector" in dict(model.named_parameters())
    write_model(tmp_path / "model", model, tokenizer)
    again = open_model(tmp_path / "model", TAGGING.auto_class, TAGGING.labels, seed=1, kinds={"shift": Shift})
    assert list(extensions_of(again.model)) == ["shift"]
    assert torch.equal(logits(again.model), logits(model))


def test_transformers_reads_the_folder_without_it_and_the_card_says_what_that_means(
    folders: dict[str, Path], tmp_path: Path
) -> None:
    model, tokenizer = shifted(folders["bert"])
    write_model(tmp_path / "model", model, tokenizer)
    plain = AutoModelForTokenClassification.from_pretrained(tmp_path / "model")
    assert not torch.equal(logits(plain), logits(model))
    assert "without it the model computes something else" in (tmp_path / "model" / "README.md").read_text()
    with torch.no_grad():
        model.get_parameter("extensions.shift.vector").zero_()
    assert torch.equal(logits(plain), logits(model))


def test_a_model_without_extensions_is_a_plain_folder(folders: dict[str, Path], tmp_path: Path) -> None:
    loaded = open_model(folders["bert"], TAGGING.auto_class, TAGGING.labels, seed=0)
    write_model(tmp_path / "model", loaded.model, loaded.tokenizer)
    names = {path.name for path in (tmp_path / "model").iterdir()}
    assert not names & {"extensions.json", "extensions.safetensors", "README.md"}


def test_an_extension_of_no_known_kind_is_refused(folders: dict[str, Path], tmp_path: Path) -> None:
    model, tokenizer = shifted(folders["bert"])
    write_model(tmp_path / "model", model, tokenizer)
    with pytest.raises(IsoglossError, match=r"extensions\.json: extension 'shift' is of kind 'shift', without which"):
        open_model(tmp_path / "model", TAGGING.auto_class, TAGGING.labels, seed=0)


@pytest.mark.parametrize("change", ["lacking", "strange", "broken"])
def test_weights_of_extensions_are_claimed_one_by_one(change: str, folders: dict[str, Path], tmp_path: Path) -> None:
    model, tokenizer = shifted(folders["bert"])
    write_model(tmp_path / "model", model, tokenizer)
    path = tmp_path / "model" / "extensions.safetensors"
    tensors = load_file(path)
    if change == "lacking":
        save_file({"shift.other": tensors["shift.vector"]}, path)
    elif change == "strange":
        save_file({**tensors, "shift.more": tensors["shift.vector"].clone()}, path)
    else:
        path.write_bytes(path.read_bytes()[:20])
    with pytest.raises(IsoglossError, match=r"extensions\.safetensors: (damaged|\d tensors are missing)"):
        open_model(tmp_path / "model", TAGGING.auto_class, TAGGING.labels, seed=0, kinds={"shift": Shift})
    with pytest.raises(IsoglossError, match=r"extensions\.safetensors"):
        read_weights(tmp_path / "model", model)


def test_two_of_one_name_are_refused(folders: dict[str, Path]) -> None:
    model, _ = shifted(folders["bert"])
    with pytest.raises(IsoglossError, match="extension 'shift': the model has one of that name"):
        attach(model, "shift", Shift(model, {"scale": 1.0}))


@pytest.mark.parametrize("kind", FAMILIES)
def test_a_masked_head_reads_the_encoder_of_the_task(kind: str) -> None:
    """The same encoder weights under the head give what the masked-LM model itself gives; a tied output layer is tied
    to the trained model's embeddings."""
    task, masked = encoders.build(kind).eval(), encoders.build(kind, AutoModelForMaskedLM).eval()
    with torch.no_grad():
        for parameter in masked.base_model.parameters():
            parameter.add_(0.01)
    task.base_model.load_state_dict(masked.base_model.state_dict(), strict=False)
    places = torch.tensor([[True, False, True, False], [False, True, False, False]])
    with torch.no_grad():
        expected = masked_logits(masked, {"input_ids": IDS}, places)
    head = MaskedHead(masked, task.base_model)
    attach(task, "masked_head", head)
    with torch.no_grad():
        torch.testing.assert_close(masked_logits(head.masked, {"input_ids": IDS}, places), expected)
    assert any(p is task.get_input_embeddings().weight for p in head.parameters())
    names = [name for name, _ in task.named_parameters()]
    assert len(names) == len(set(names)) and any(name.startswith("extensions.masked_head") for name in names)


def test_a_masked_head_is_saved_without_what_it_shares(folders: dict[str, Path], tmp_path: Path) -> None:
    loaded = open_model(folders["xlm-roberta"], TAGGING.auto_class, TAGGING.labels, seed=0)
    masked = open_model(folders["xlm-roberta"], AutoModelForMaskedLM, None, seed=0)
    attach(loaded.model, "masked_head", MaskedHead(masked.model, loaded.model.base_model))
    write_model(tmp_path / "model", loaded.model, loaded.tokenizer)
    stored = load_file(tmp_path / "model" / "extensions.safetensors")
    assert "masked_head.parts.lm_head.dense.weight" in stored
    assert not any(tensor.shape == loaded.model.get_input_embeddings().weight.shape for tensor in stored.values())
    again = open_model(tmp_path / "model", TAGGING.auto_class, TAGGING.labels, seed=5, complete=True)
    assert not extensions_of(again.model)
    assert again.notes == (
        f"model {str(tmp_path / 'model')!r}: its extension 'masked_head' (masked_head) changes no output of it",
    )
    assert torch.equal(logits(again.model), logits(loaded.model))


def with_tensor(folder: Path, target: Path, name: str) -> Path:
    copy = copy_of(folder, target)
    tensors = load_file(copy / "model.safetensors")
    save_file({**tensors, name: torch.zeros(3)}, copy / "model.safetensors", metadata={"format": "pt"})
    return copy


@pytest.mark.parametrize(
    "name", ["bert.encoder.layer.0.attention.output.adapters.de.down.weight", "bert.encoder.layer.1.lora_A.weight"]
)
def test_a_weight_inside_the_encoder_that_no_one_claims_is_an_error(
    name: str, folders: dict[str, Path], tmp_path: Path
) -> None:
    folder = with_tensor(folders["bert"], tmp_path / "model", name)
    with pytest.raises(IsoglossError, match=rf"1 parameters inside the encoder .*'{name}' among them"):
        open_model(folder, TAGGING.auto_class, TAGGING.labels, seed=0)


@pytest.mark.parametrize(
    "name", ["bert.pooler.dense.bias", "bert.embeddings.position_ids", "cls.seq_relationship.bias"]
)
def test_what_checkpoints_are_known_to_hold_is_expected(name: str, folders: dict[str, Path], tmp_path: Path) -> None:
    folder = with_tensor(folders["bert"], tmp_path / "model", name)
    loaded = open_model(folder, TAGGING.auto_class, TAGGING.labels, seed=0)
    assert name in loaded.unused or name.endswith("position_ids")


@pytest.mark.parametrize("entry", ["{}", '"shift"', '{"kind": "shift"}'])
def test_a_damaged_description_is_an_error(entry: str, folders: dict[str, Path], tmp_path: Path) -> None:
    folder = copy_of(folders["bert"], tmp_path / "model")
    (folder / "extensions.json").write_text(f'{{"shift": {entry}}}', encoding="utf-8")
    with pytest.raises(IsoglossError, match=r"extensions\.json: damaged: extension 'shift' needs kind"):
        open_model(folder, TAGGING.auto_class, TAGGING.labels, seed=0)


def test_a_finished_model_must_have_its_head(folders: dict[str, Path], tmp_path: Path) -> None:
    loaded = open_model(folders["bert"], TAGGING.auto_class, TAGGING.labels, seed=0)
    write_model(tmp_path / "model", loaded.model, loaded.tokenizer)
    path = tmp_path / "model" / "model.safetensors"
    assert not open_model(tmp_path / "model", TAGGING.auto_class, TAGGING.labels, seed=0, complete=True).fresh
    tensors = {name: tensor for name, tensor in load_file(path).items() if name != "classifier.bias"}
    save_file(tensors, path, metadata={"format": "pt"})
    with pytest.raises(IsoglossError, match=r"its weights lack 1 parameters, 'classifier\.bias' among them"):
        open_model(tmp_path / "model", TAGGING.auto_class, TAGGING.labels, seed=0, complete=True)
    save_file({**tensors, "classifier.bias": torch.zeros(3), "adapters.up": torch.zeros(3)}, path, {"format": "pt"})
    with pytest.raises(IsoglossError, match=r"'adapters\.up' among them, that the model has no place for"):
        open_model(tmp_path / "model", TAGGING.auto_class, TAGGING.labels, seed=0, complete=True)
    assert json.loads((tmp_path / "model" / "config.json").read_text())["model_type"] == "bert"

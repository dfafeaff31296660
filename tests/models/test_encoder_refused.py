"""Models that cannot be built or loaded, each with the reason."""

from __future__ import annotations

import json
import pickle
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import AutoModelForSequenceClassification

from isogloss.common.errors import IsoglossError
from isogloss.models import load_tokenizer, new_model, open_model, train_tokenizer
from isogloss.models.identity import identify
from tests.support.loading import TAGGING, TEXTS, copy_of, load


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"model_type": "xlmroberta"}, "did you mean 'xlm-roberta'"),
        ({}, "model_type 'None' is unknown"),
        ({"model_type": "bert", "hidden_sise": 3}, "no 'hidden_sise'; did you mean 'hidden_size'"),
        ({"model_type": "bert", "hidden_size": "big"}, "configuration of a 'bert' model"),
        ({"model_type": "bert", "hidden_size": 10, "num_attention_heads": 3}, "cannot be built|multiple"),
        ({"model_type": "gpt2"}, "'gpt2' is no encoder"),
        ({"model_type": "t5"}, "'t5' is no encoder"),
        ({"model_type": "bart"}, "'bart' is no encoder"),
        ({"model_type": "canine"}, "'canine' reads characters, by no sub-words and without a fast tokenizer"),
        ({"model_type": "lilt"}, "'lilt' is none that transformers can pre-train by masked language modelling"),
    ],
)
def test_configuration_errors(tokenizer: Any, config: dict[str, Any], message: str) -> None:
    with pytest.raises(IsoglossError, match=message):
        new_model(config, tokenizer, AutoModelForSequenceClassification, ("a", "b"), seed=0)


def test_folder_errors(folders: dict[str, Path], tmp_path: Path) -> None:
    bert = folders["bert"]
    with pytest.raises(IsoglossError, match=r"has no config\.json"):
        load(copy_of(bert, tmp_path / "a", "config.json"))
    with pytest.raises(IsoglossError, match="has no weights"):
        load(copy_of(bert, tmp_path / "b", "model.safetensors"))
    with pytest.raises(IsoglossError, match="has no tokenizer"):
        load(copy_of(bert, tmp_path / "c", "tokenizer.json", "tokenizer_config.json"))
    broken = copy_of(bert, tmp_path / "d")
    (broken / "model.safetensors").write_bytes((bert / "model.safetensors").read_bytes()[:999])
    with pytest.raises(IsoglossError, match="weights cannot be read"):
        load(broken)
    (broken / "config.json").write_text("{")
    with pytest.raises(IsoglossError, match=r"config\.json cannot be used"):
        load(broken)
    assert load(copy_of(bert, tmp_path / "e", "model.safetensors"), random_weights=True).identity["seed"] == 0


def test_weights_of_another_model_are_refused(folders: dict[str, Path], tmp_path: Path) -> None:
    for change in ({"num_hidden_layers": 3}, {"intermediate_size": 32}):
        folder = copy_of(folders["bert"], tmp_path / next(iter(change)))
        config = json.loads((folder / "config.json").read_text())
        (folder / "config.json").write_text(json.dumps(config | change))
        with pytest.raises(IsoglossError, match="missing or of another shape"):
            load(folder)


def test_a_tokenizer_of_another_model_is_refused(folders: dict[str, Path], tmp_path: Path) -> None:
    folder = copy_of(folders["bert"], tmp_path / "model")
    train_tokenizer([*TEXTS, "many more words than before : Straßenbahnhaltestelle"], 130).save_pretrained(folder)
    with pytest.raises(IsoglossError, match="sub-words, but the model has embeddings for 70 only"):
        load(folder)


class Command:
    """Runs when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (self.path,)


def test_code_in_a_pickle_does_not_run(folders: dict[str, Path], tmp_path: Path) -> None:
    folder, proof = copy_of(folders["bert"], tmp_path / "model", "model.safetensors"), tmp_path / "ran"
    torch.save({"bert.embeddings.word_embeddings.weight": Command(proof)}, folder / "pytorch_model.bin")
    with pytest.raises(IsoglossError, match="weights cannot be read"):
        load(folder)
    (folder / "pytorch_model.bin").write_bytes(pickle.dumps(Command(proof), protocol=2))
    with pytest.raises(IsoglossError, match="weights cannot be read"):
        load(folder)
    assert not proof.exists()


@pytest.mark.parametrize("name", ["isogloss-smal", "isogloss_small", "Isogloss-Small", "isogloss-smll"])
def test_a_misspelt_shipped_encoder_is_not_looked_for_on_the_hub(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("isogloss.models.identity.cached_file", lambda *_, **__: pytest.fail("asked the hub"))
    with pytest.raises(IsoglossError, match=f"no model '{name}'; did you mean 'isogloss-small', which comes with"):
        identify(name, weights=True)


@pytest.mark.parametrize("name", ["runs/none/model", "./none", "/none", "../none/model", "a model"])
def test_what_can_only_be_a_folder_is_not_looked_for_on_the_hub(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("isogloss.models.identity.cached_file", lambda *_, **__: pytest.fail("asked the hub"))
    with pytest.raises(IsoglossError, match=f"model '{name}': no such folder"):
        identify(name, weights=True)


def test_the_folder_of_a_run_is_no_model_but_holds_one(folders: dict[str, Path], tmp_path: Path) -> None:
    copy_of(folders["bert"], tmp_path / "run" / "model")
    for opened in (load, load_tokenizer):
        with pytest.raises(IsoglossError, match=r"model '.*/run': the folder of a run, .*name '.*/run/model' instead"):
            opened(tmp_path / "run")


@pytest.mark.parametrize(
    ("proxies", "host", "asks"),
    [({}, None, False), ({"https": "http://proxy"}, None, True), ({}, "found", True)],
)
def test_without_a_network_the_hub_is_asked_no_six_times(
    proxies: dict[str, str], host: str | None, asks: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[bool] = []

    def look_up(*arguments: object) -> str:
        if host is None:
            raise OSError("no network")
        return host

    def file(*arguments: object, local_files_only: bool) -> None:
        asked.append(not local_files_only)
        raise OSError("not there")

    monkeypatch.setattr("socket.getaddrinfo", look_up)
    monkeypatch.setattr("urllib.request.getproxies", lambda: proxies)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", False)
    monkeypatch.setattr("isogloss.models.identity.cached_file", file)
    with pytest.raises(IsoglossError, match="neither a local folder nor to be had from the hub: not there"):
        identify("nobody/nothing", weights=True)
    assert asked == [asks]


def test_an_unreachable_hub_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    with pytest.raises(IsoglossError, match=r"(?s)neither a local folder nor to be had from the hub.*hf download"):
        open_model("nobody/nothing", TAGGING.auto_class, TAGGING.labels, seed=0)

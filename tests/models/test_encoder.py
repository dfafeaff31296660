"""A stored or new encoder with a fresh head: its weights, dropout, lengths and identity."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import AutoConfig, AutoModelForMaskedLM, AutoModelForSequenceClassification, PreTrainedConfig

from isogloss.common.errors import IsoglossError
from isogloss.models import new_model, open_model
from isogloss.models.configuration import prepare
from isogloss.models.dropout import set_dropout
from isogloss.models.weights import head
from isogloss.objectives import Supervised
from isogloss.tasks import Task
from tests.support.loading import EXAMPLES, NLI, SIZE, TAGGING, TYPES, copy_of, load, weights


@pytest.fixture(params=["safetensors", "bin"])
def stored(request: pytest.FixtureRequest, folders: dict[str, Path], tmp_path: Path):
    """The folder of a model type, in one of the two formats."""

    def get(model_type: str) -> Path:
        if request.param == "safetensors":
            return folders[model_type]
        folder = tmp_path / model_type
        shutil.copytree(folders[model_type], folder)
        (folder / "model.safetensors").unlink()
        model = AutoModelForMaskedLM.from_pretrained(folders[model_type], dtype=torch.float16)
        torch.save(model.state_dict(), folder / "pytorch_model.bin")
        return folder

    return get


@pytest.mark.parametrize("task", [TAGGING, NLI], ids=["tagging", "classification"])
@pytest.mark.parametrize("model_type", TYPES)
def test_loads_in_float32_and_trains(stored: Any, model_type: str, task: Task) -> None:
    folder = stored(model_type)
    loaded = load(folder, task)
    assert {parameter.dtype for parameter in loaded.model.parameters()} == {torch.float32}
    assert loaded.model.training
    # The encoder is the stored one; what is fresh lies in the head or the pooler.
    reference = AutoModelForMaskedLM.from_pretrained(folder, dtype=torch.float32).base_model.state_dict()
    for name, tensor in loaded.model.base_model.state_dict().items():
        assert "pooler" in name or torch.equal(tensor, reference[name])
    assert loaded.fresh
    assert all("classifier" in name or "pooler" in name for name in loaded.fresh)
    assert loaded.model.config.id2label == dict(enumerate(task.labels))
    examples = EXAMPLES[task.name]
    features = task.encode(examples, loaded.tokenizer, 32).features
    batch = task.collate(features, loaded.tokenizer)
    losses = Supervised()(loaded.model, batch)["task"]
    losses.sum().backward()
    assert torch.isfinite(losses).all()
    assert all(loaded.model.get_parameter(name).grad is not None for name in loaded.fresh)
    logits = loaded.model(**batch.inputs).logits
    predictions = task.assemble(examples, features, task.decode(logits, features))
    assert set(task.score([task.gold(example) for example in examples], predictions)) == set(task.metrics)


def test_padding_changes_no_logits(folders: dict[str, Path]) -> None:
    for model_type in TYPES:
        loaded = load(folders[model_type])
        loaded.model.eval()
        features = TAGGING.encode(EXAMPLES["pos"], loaded.tokenizer, 32).features
        short = min(features, key=len)
        with torch.no_grad():
            alone = loaded.model(**TAGGING.collate([short], loaded.tokenizer).inputs).logits[0]
            both = loaded.model(**TAGGING.collate(features, loaded.tokenizer).inputs).logits[features.index(short)]
        assert torch.allclose(both[: len(short)], alone, atol=1e-5), model_type


def test_random_weights_keep_architecture_and_tokenizer(folders: dict[str, Path]) -> None:
    folder = folders["bert"]
    first, second = load(folder, random_weights=True), load(folder, random_weights=True)
    trained = load(folder)
    everything = frozenset(name for name, _ in first.model.named_parameters())
    assert first.fresh == everything
    assert weights(first, everything) == weights(second, everything)
    name = "bert.encoder.layer.0.attention.self.query.weight"
    assert not torch.equal(first.model.get_parameter(name), trained.model.get_parameter(name))
    assert first.tokenizer.get_vocab() == trained.tokenizer.get_vocab()
    assert first.identity == {"source": str(folder), "weights": "random", "seed": 0}
    assert {parameter.dtype for parameter in first.model.parameters()} == {torch.float32}


def test_identity_is_of_the_weights(stored: Any) -> None:
    folder = stored("bert")
    identity = load(folder).identity
    (name, digest), *others = identity["sha256"].items()
    assert (identity["source"], others, len(digest)) == (str(folder), [], 64)
    assert (folder / name).is_file()
    assert json.loads(json.dumps(identity)) == identity


def test_loading_is_quiet_of_fresh_heads_only(
    folders: dict[str, Path], capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    load(folders["bert"])
    assert "Loading weights" not in capfd.readouterr().err
    assert not caplog.records
    AutoModelForSequenceClassification.from_pretrained(folders["bert"])
    assert "LOAD REPORT" in caplog.text


def test_dropout(folders: dict[str, Path], tokenizer: Any) -> None:
    for model_type in TYPES:
        loaded = load(folders[model_type], NLI, dropout=0.25)
        rates = {module.p for module in loaded.model.modules() if isinstance(module, torch.nn.Dropout)}
        # ModernBERT's and DeBERTa's classes hold further dropouts that are functions.
        assert rates <= {0.25}, model_type
        assert rates, model_type
    built = new_model({"model_type": "bert", **SIZE}, tokenizer, NLI.auto_class, NLI.labels, seed=0, dropout=0.0)
    assert built.model.config.classifier_dropout == built.model.config.hidden_dropout_prob == 0.0
    with pytest.raises(IsoglossError, match=r"dropout is 1\.0"):
        load(folders["bert"], dropout=1.0)
    with pytest.raises(IsoglossError, match="'llama' is no encoder"):
        prepare(AutoConfig.for_model("llama"), None, 0.1)
    with pytest.raises(IsoglossError, match="has none to set"):
        set_dropout(PreTrainedConfig(), 0.1)


@pytest.mark.parametrize("model_type", TYPES)
def test_built_models_take_the_longest_input(tokenizer: Any, model_type: str) -> None:
    loaded = new_model({"model_type": model_type, **SIZE}, tokenizer, TAGGING.auto_class, TAGGING.labels, seed=0)
    longest = loaded.tokenizer.model_max_length
    assert longest == 64
    ids = torch.full((1, longest), 7)
    assert loaded.model(input_ids=ids, attention_mask=torch.ones_like(ids)).logits.shape == (1, 64, 3)
    assert loaded.fresh == {name for name, _ in loaded.model.named_parameters()}
    assert head(loaded.model) < loaded.fresh
    config = loaded.model.config
    assert (config.vocab_size, config.pad_token_id, config.bos_token_id, config.eos_token_id) == (70, 1, 0, 2)


def test_built_models_depend_on_the_seed_alone(tokenizer: Any) -> None:
    config = {"model_type": "xlm-roberta", **SIZE}
    first, second, other = (
        new_model(config, tokenizer, TAGGING.auto_class, TAGGING.labels, seed=seed) for seed in (0, 0, 1)
    )
    assert weights(first, first.fresh) == weights(second, first.fresh)
    assert weights(first, first.fresh) != weights(other, first.fresh)
    assert first.identity == {"config": config, "weights": "random", "seed": 0}


def test_fewer_positions_shorten_the_tokenizer(tokenizer: Any) -> None:
    config = {"model_type": "xlm-roberta", **SIZE, "max_position_embeddings": 34}
    loaded = new_model(config, tokenizer, TAGGING.auto_class, TAGGING.labels, seed=0)
    assert (loaded.tokenizer.model_max_length, tokenizer.model_max_length) == (32, 64)
    with pytest.raises(IsoglossError, match="to 32 "):
        TAGGING.encode(EXAMPLES["pos"], loaded.tokenizer, 33)


def test_a_hub_model_is_identified_by_its_commit(
    folders: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit = "0123456789abcdef0123456789abcdef01234567"
    cache = tmp_path / "models--someone--model"
    copy_of(folders["bert"], cache / "snapshots" / commit)
    (cache / "refs").mkdir()
    (cache / "refs" / "main").write_text(commit)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    monkeypatch.setattr("transformers.utils.hub.constants.HF_HUB_CACHE", str(tmp_path))
    loaded = open_model("someone/model", TAGGING.auto_class, TAGGING.labels, seed=0)
    assert loaded.identity == {"source": "someone/model", "commit": commit}
    assert weights(loaded, loaded.fresh) == weights(load(folders["bert"]), loaded.fresh)

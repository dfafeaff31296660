"""Training with LoRA, as a user does it: what moves, what peft reads of it, what opens when, and what is refused."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
import torch
import yaml
from peft import PeftModel
from safetensors.torch import load_file
from torch import Tensor
from transformers import AutoModelForTokenClassification

import isogloss
from isogloss import IsoglossError
from isogloss.calls.finished import open_run
from isogloss.common.writing import read_json, read_lines
from isogloss.recipe.resolve import as_yaml, resolve
from tests.support.methods import LAYERED, recipe

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def trained(world: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    run = tmp_path_factory.mktemp("lora") / "run"
    isogloss.train(recipe("lora", world, model=str(world / "encoder"), test=True), output=run)
    return run


def lora_of(folder: Path) -> dict[str, Tensor]:
    """The weights in a folder of peft's."""
    return load_file(folder / "lora" / "adapter_model.safetensors")


def test_the_encoder_stays_and_lora_and_the_head_learn(trained: Path, world: Path) -> None:
    start, end = load_file(world / "encoder" / "model.safetensors"), load_file(trained / "model" / "model.safetensors")
    same = [name for name in start if f"roberta.{name}" in end]
    assert len(same) > 20 and all(torch.equal(end[f"roberta.{name}"], start[name]) for name in same)
    assert end["classifier.bias"].any()  # it begins as zero
    learned = lora_of(trained / "model")
    assert len(learned) == 4 * len([name for name in start if name.endswith("query.weight")])
    assert all(tensor.any() for tensor in learned.values())  # B begins as zero
    moved = sum(tensor.numel() for tensor in learned.values())
    head = sum(tensor.numel() for name, tensor in end.items() if name.startswith("classifier"))
    assert read_json(trained / "cost.json")["trained_parameters"] == moved + head


@torch.no_grad()
def test_peft_computes_what_we_compute_and_merges_it(trained: Path) -> None:
    _, _, _, loaded = open_run(trained)
    ids = torch.tensor([[5, 6, 7, 8], [9, 10, 11, 12]])
    ours = loaded.model.eval()(input_ids=ids).logits
    base = AutoModelForTokenClassification.from_pretrained(trained / "model").eval()
    assert not torch.allclose(base(input_ids=ids).logits, ours, atol=1e-3)
    theirs = PeftModel.from_pretrained(base, trained / "model" / "lora")
    assert torch.equal(theirs(input_ids=ids).logits, ours)
    torch.testing.assert_close(theirs.merge_and_unload()(input_ids=ids).logits, ours)


def test_a_merged_model_is_a_start_like_any_other(trained: Path, world: Path, tmp_path: Path) -> None:
    base = AutoModelForTokenClassification.from_pretrained(trained / "model")
    merged = PeftModel.from_pretrained(base, trained / "model" / "lora").merge_and_unload()
    shutil.copytree(trained / "model", tmp_path / "model", ignore=shutil.ignore_patterns("*xtensions*", "lora"))
    merged.save_pretrained(tmp_path / "model")
    isogloss.train(recipe("multitask", world, model=str(tmp_path / "model"), steps=1), output=tmp_path / "run")
    with pytest.raises(
        IsoglossError, match=r"holds LoRA, over an encoder .* merge it into the weights first, as .*README\.md"
    ):
        isogloss.train(recipe("multitask", world, model=str(trained / "model"), steps=1), output=tmp_path / "other")


def test_a_finished_run_is_measured_as_it_was_and_labels_texts(trained: Path, world: Path, tmp_path: Path) -> None:
    rows = isogloss.evaluate(Path(shutil.copytree(trained, tmp_path / "run")), split="test")
    final = [row for row in read_lines(trained / "results.jsonl") if row["selection"] and row["split"] == "test"]
    assert [row["value"] for row in rows] == [row["value"] for row in final]
    isogloss.predict(trained, world / "pos" / "fr" / "test.conllu", language="fr", output=tmp_path / "labels")
    assert (tmp_path / "labels").read_text(encoding="utf-8")
    (tmp_path / "ru-en.tsv").write_text("ба жо\tta lo\nми ню\twi ker\n", encoding="utf-8")
    assert [row["n"] for row in isogloss.retrieve(trained, data=f"{tmp_path}/{{language}}-en.tsv")] == [2]


def test_the_best_weights_come_back(world: Path, tmp_path: Path) -> None:
    """A run that gets worse after its first evaluation ends with LoRA as it was there."""
    asked = recipe("lora", world, learning_rate=0.5, evaluation_steps=2, save_steps=2, save_total_limit=9)
    isogloss.train(asked, output=tmp_path / "run")
    rows = read_lines(tmp_path / "run" / "results.jsonl")
    (step,) = {row["step"] for row in rows if row["selection"] == "source-dev"}
    assert step < 10
    same = lora_of(tmp_path / "run" / f"checkpoint-{step}")
    last = lora_of(tmp_path / "run" / "checkpoint-10")
    end = lora_of(tmp_path / "run" / "model")
    assert all(torch.equal(end[name], same[name]) for name in end)
    assert not all(torch.equal(end[name], last[name]) for name in end)


@pytest.mark.parametrize("method", ["gradual_unfreezing", "fun"])
def test_layers_open_one_after_the_other(
    method: str, world: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Query and value of a layer together; what has not opened by the end is as it began."""
    name = "gradual_over_lora" if method == "gradual_unfreezing" else "fun_over_lora"
    isogloss.train(recipe(name, world, unfreezing={"every": 6}, selection="last"), output=tmp_path / "run")
    said = capsys.readouterr().err
    assert "layer_1 " in said and "head " in said and "will never open" in said
    end = lora_of(tmp_path / "run" / "model")
    moved = {name for name, tensor in end.items() if "lora_B" in name and tensor.any()}
    opened = {name.split(".layer.")[1].split(".")[0] for name in moved}
    assert len(opened) == 2 and "2" in opened
    assert len(moved) == 2 * 2


def test_under_language_adapters(world: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    asked = recipe("lora_on_language_adapters", world, test=True, save_total_limit=9)
    isogloss.train(asked, output=tmp_path / "run")
    assert "no language adapter for de (1): measured as in keep" in capsys.readouterr().err
    assert not (tmp_path / "run" / "adapters").exists()  # those of languages were there before
    stored = load_file(tmp_path / "run" / "model" / "extensions.safetensors")
    begun = load_file(tmp_path / "run" / "checkpoint-4" / "extensions.safetensors")
    of_languages = [name for name in stored if name.startswith("adapters.")]
    assert of_languages and all(torch.equal(stored[name], begun[name]) for name in of_languages)
    assert not all(torch.equal(stored[name], begun[name]) for name in stored if name.startswith("lora."))
    rows = read_lines(tmp_path / "run" / "results.jsonl")
    final = [row for row in rows if row["selection"] and row["split"] == "test"]
    through = {row["language"]: row["adapters"] for row in final}
    assert through == {"de": "keep", "en": "swap", "fr": "swap", "ru": "swap"}
    again = isogloss.evaluate(tmp_path / "run", split="test")
    assert [row["value"] for row in again] == [row["value"] for row in final]


def test_where_query_and_value_are_one_module_it_is_said(
    world: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    isogloss.train(recipe("lora_of_fused_attention", world, steps=1), output=tmp_path / "run")
    said = capsys.readouterr().err
    assert "lora: 128 parameters, 4.10% of the encoder's 3,120; 0.000512 MB as a file" in said
    assert said.count("lora.targets: a 'modernbert' model has query, key, value in one module, 'attn.Wqkv'") == 1


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"lora": {"rank": 0}}, r"lora\.rank.*greater than or equal to 1"),
        ({"lora": {"alpha": -1}}, r"lora\.alpha.*greater than 0"),
        ({"lora": {"dropout": 1}}, r"lora\.dropout.*less than 1"),
        ({"lora": {"targets": []}}, r"lora\.targets.*at least 1"),
        ({"lora": {"rnk": 2}}, r"lora\.rnk.*did you mean 'rank'"),
        (
            {"lora": {"targets": ["q_lin"]}},
            r"lora\.targets: no linear module 'q_lin' in the layers.*\(valid: attention",
        ),
        ({"lora": {}, "adapters": {"task": {}}}, r"adapters\.task: lora learns the task in its place"),
        ({"lora": {}, "adapters": {}}, "adapters: beside lora there are those of languages alone"),
        ({"lora": {}, "method": "adapters"}, "adapters: beside lora there are those of languages alone"),
        ({"adapters": {"task": None}}, r"adapters\.task: null only beside lora"),
    ],
)
def test_what_cannot_be(changes: dict[str, Any], message: str, world: Path, tmp_path: Path) -> None:
    whole = {**recipe("multitask", world, model=LAYERED), **changes}
    with pytest.raises(IsoglossError, match=message):
        isogloss.train(whole, output=tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_a_stored_recipe_is_the_same_recipe(world: Path) -> None:
    first = resolve(recipe("lora_on_language_adapters", world))
    assert first.adapters is not None and first.adapters.task is None
    assert resolve(yaml.safe_load(as_yaml(first))) == first

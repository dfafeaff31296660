"""Training with adapters, as a user does it: what moves, what is measured with which adapter, and what is refused."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

import isogloss
from isogloss import IsoglossError
from isogloss.common.writing import read_lines
from tests.support.methods import recipe

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def swapped(world: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run with language adapters for all languages but German."""
    run = tmp_path_factory.mktemp("adapters") / "run"
    isogloss.train(recipe("language_adapters", world, test=True), output=run)
    return run


def adapter_of(rows: list[dict[str, Any]]) -> dict[str, str | None]:
    return {row["language"]: row["adapters"] for row in rows if row["metric"] == "accuracy"}


def test_the_encoder_and_the_adapters_of_languages_stay_and_the_task_adapter_learns(swapped: Path, world: Path) -> None:
    start = load_file(world / "encoder" / "model.safetensors")
    end = load_file(swapped / "model" / "model.safetensors")
    same = [name for name in start if f"roberta.{name}" in end]
    assert len(same) > 20 and all(torch.equal(end[f"roberta.{name}"], start[name]) for name in same)
    extensions = load_file(swapped / "model" / "extensions.safetensors")
    begun = load_file(swapped / "checkpoint-10" / "extensions.safetensors").keys()
    assert extensions.keys() == begun
    stored = torch.load(world / "adapters" / "en" / "pytorch_adapter.bin", weights_only=True)
    down = extensions["adapters.adapter_en.layers.0.output.down.weight"]
    assert any(torch.equal(down, tensor) for tensor in stored.values())
    biases = [tensor for name, tensor in extensions.items() if "adapter_task" in name and name.endswith("bias")]
    assert biases and all(tensor.abs().sum() > 0 for tensor in biases)  # they begin as zero


def test_each_row_says_which_adapter_its_language_went_through(swapped: Path) -> None:
    assert adapter_of(read_lines(swapped / "results.jsonl")) == {"de": "keep", "en": "swap", "fr": "swap", "ru": "swap"}


def test_swapped_and_kept_differ_for_other_languages_alone(swapped: Path, world: Path, tmp_path: Path) -> None:
    """The same weights, measured the other way: the source language and one without an adapter score as before."""
    other = Path(shutil.copytree(swapped, tmp_path / "run"))
    path = other / "recipe.yaml"
    path.write_text(path.read_text().replace("at_test: swap", "at_test: keep"))
    kept = isogloss.evaluate(other, split="test")
    before = isogloss.evaluate(Path(shutil.copytree(swapped, tmp_path / "same")), split="test")
    assert set(adapter_of(kept).values()) == {"keep"}

    def predicted(run: Path, language: str) -> list[Any]:
        (file,) = run.glob(f"predictions/source-dev/pos.{language}.test.jsonl")
        return [line["predicted"] for line in read_lines(file)]

    for language in ("en", "de"):
        assert predicted(other, language) == predicted(tmp_path / "same", language)
    assert any(predicted(other, code) != predicted(tmp_path / "same", code) for code in ("fr", "ru"))
    final = [row for row in read_lines(swapped / "results.jsonl") if row["selection"] and row["split"] == "test"]
    assert [row["value"] for row in before] == [row["value"] for row in final]


def test_predict_takes_the_adapter_of_the_language(swapped: Path, world: Path, tmp_path: Path) -> None:
    file = world / "pos" / "ru" / "test.conllu"
    labels = {}
    for language in ("ru", "fr"):
        isogloss.predict(swapped, file, language=language, output=tmp_path / language)
        labels[language] = (tmp_path / language).read_text(encoding="utf-8")
    assert labels["ru"] != labels["fr"]


def test_tables_say_it_too(swapped: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    isogloss.evaluate(Path(shutil.copytree(swapped, tmp_path / "run")))
    assert "language adapters: each one's own (swap), the source's for de" in capsys.readouterr().out


def test_retrieval_reads_each_language_through_its_adapter(swapped: Path, tmp_path: Path) -> None:
    (tmp_path / "ru-en.tsv").write_text("ба жо\tta lo\nми ню\twi ker\n", encoding="utf-8")
    rows = isogloss.retrieve(swapped, data=f"{tmp_path}/{{language}}-en.tsv")
    assert [row["n"] for row in rows] == [2]


def test_sizes_are_said(world: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    isogloss.train(recipe("language_adapters", world, steps=1), output=tmp_path / "run")
    said = capsys.readouterr().err
    assert "parameters may move (" in said and "layer_1 " in said and "head " in said
    assert "no language adapter for de (1): measured as in keep" in said


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"language": {"fr": "{world}/adapters/fr"}}, "adapters.language: none for 'en', which is trained on"),
        ({"language": {"en": "{world}/nowhere"}}, "adapter '.*nowhere': neither a folder nor an id on the hub"),
        ({"language": {"en": "{world}/pos"}}, "adapter folder '.*pos' has no adapter_config.json"),
        ({"task": {"leave_out": [7]}}, "leave_out: there is no layer 7"),
        ({"task": {"non_linearity": "relo"}}, "no activation 'relo'; did you mean 'relu'"),
    ],
)
def test_what_cannot_be(changes: dict[str, Any], message: str, world: Path, tmp_path: Path) -> None:
    asked = json.loads(json.dumps(changes).replace("{world}", str(world)))
    whole = {**recipe("language_adapters", world), "adapters": asked}
    with pytest.raises(IsoglossError, match=message):
        isogloss.train(whole, output=tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_an_adapter_for_another_model_is_refused(world: Path, tmp_path: Path) -> None:
    wrong = Path(shutil.copytree(world / "adapters" / "en", tmp_path / "en"))
    description = json.loads((wrong / "adapter_config.json").read_text())
    (wrong / "adapter_config.json").write_text(json.dumps({**description, "hidden_size": 768}))
    whole = {
        **recipe("language_adapters", world),
        "adapters": {"language": {"en": str(wrong)}},
        "train_languages": ["en"],
    }
    with pytest.raises(IsoglossError, match=r"adapter_config\.json: .*768"):
        isogloss.train(whole, output=tmp_path / "run")


def test_a_changed_adapter_is_another_start(world: Path, own_world: Path, tmp_path: Path) -> None:
    whole = recipe("language_adapters", own_world, steps=1)
    isogloss.train(whole, output=tmp_path / "run")
    for name in ("pytorch_adapter.bin", "adapter_config.json"):
        shutil.copy(own_world / "adapters" / "fr" / name, own_world / "adapters" / "ru" / name)
    with pytest.raises(IsoglossError, match=r"starting_weights\.adapters\.ru"):
        isogloss.train(whole, output=tmp_path / "run", resume=True)

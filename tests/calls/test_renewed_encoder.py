"""Runs that began with an encoder whose name another has now: going on, training again and comparing say so."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

import isogloss
from isogloss import IsoglossError
from isogloss.common.writing import read_json, write_json, write_text
from isogloss.models.hashes import hashes_of_weights
from isogloss.models.renewed import FORMER, renewed
from isogloss.models.shipped import own_defaults, shipped_models
from isogloss.recipe.encoder_defaults import encoder_notes
from isogloss.recipe.resolve import resolve
from tests.calls.test_compared_by import header, run
from tests.support.runs import contents

NAME = "isogloss-small"
FOLDER = shipped_models()[NAME]
WAS = yaml.safe_load((FOLDER / FORMER).read_text(encoding="utf-8"))
OLD, DESCRIBED = next(iter(WAS.items()))
SAID = rf"{NAME} was another encoder then \(modernbert, 4 layers of 256, 16,000 sub-words, before 0\.1\.0\); now it is "


def identity(digest: str) -> dict[str, Any]:
    return {"source": NAME, "sha256": {"model.safetensors": digest}}


def began(folder: Path, digest: str | None = None, **changes: Any) -> Path:
    """A run folder as one leaves it that began with a shipped encoder: the present one, or one of other weights."""
    hashes = hashes_of_weights(FOLDER)["model.safetensors"]
    run(folder, {"model": NAME, "steps": 1, **changes})
    write_json(folder / "fingerprint.json", {"data": {}, "starting_weights": identity(digest or hashes)})
    return folder


@pytest.fixture
def old(tmp_path: Path) -> Path:
    return began(tmp_path / "old", OLD)


def test_what_an_encoder_was_and_is_now():
    config = read_json(FOLDER / "config.json")
    said = renewed(identity(OLD))
    assert said is not None
    assert DESCRIBED in said
    assert said.endswith(
        f"now it is {config['model_type']}, {config['num_hidden_layers']} layers of "
        f"{config['hidden_size']}, {config['vocab_size']:,} sub-words"
    )


def test_the_present_encoder_and_those_of_others_are_not_renewed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    assert {*hashes_of_weights(FOLDER).values()}.isdisjoint(WAS), "whoever replaces an encoder adds the one before"
    assert renewed({"source": NAME, "sha256": hashes_of_weights(FOLDER)}) is None
    assert renewed(identity("0" * 64)) is None, "a folder of the user's own that had the name"
    assert renewed({"source": "some/model", "commit": "1" * 40}) is None
    assert renewed({"config": {"model_type": "bert"}, "weights": "random", "seed": 0}) is None
    # A copy of the former encoder in a folder of its name is what the run began with.
    monkeypatch.chdir(tmp_path)
    write_text(tmp_path / NAME / "model.safetensors", "the former weights")
    former = {"source": NAME, "sha256": hashes_of_weights(tmp_path / NAME)}
    monkeypatch.setattr("isogloss.models.renewed.former", lambda identity: "modernbert")
    assert renewed(former) is None


def test_it_cannot_go_on(old: Path):
    before = contents(old)
    write_text(old.parent / "x/en/train.tsv", "text\tlabel\n")
    data = {"task": "topic", "format": "tsv", "path": str(old.parent / "x/{language}/{split}.tsv")}
    with pytest.raises(IsoglossError, match=rf"old: cannot resume, since {SAID}.*--overwrite removes the run"):
        isogloss.train({"model": NAME, "data": data, "steps": 1}, output=old, resume=True)
    assert contents(old) == before


def test_neither_can_pretraining(tmp_path: Path):
    """Here it is the teacher that was another."""
    write_text(tmp_path / "run/recipe.yaml", "steps: 1")
    write_json(tmp_path / "run/fingerprint.json", {"starting_weights": {"config": {}}, "teacher": identity(OLD)})
    with pytest.raises(IsoglossError, match=f"cannot resume, since {SAID}"):
        isogloss.distil(NAME, scale="smoke", output=tmp_path / "run", resume=True)


@pytest.mark.slow
def test_its_recipe_is_trained_again_with_a_warning(world: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    from tests.support.world import entry

    recipe = {"model": NAME, "data": entry("pos", world / "pos"), "train_languages": ["en"], "steps": 1}
    recipe |= {"evaluate_languages": ["en"], "batch_size": 2, "selection": "last", "limit": 4}
    isogloss.train(recipe, output=tmp_path / "run")
    assert "another encoder" not in capsys.readouterr().err
    fingerprint = read_json(tmp_path / "run/fingerprint.json")
    write_json(tmp_path / "run/fingerprint.json", {**fingerprint, "starting_weights": identity(OLD)})
    isogloss.train(tmp_path / "run/recipe.yaml", output=tmp_path / "again")
    said = capsys.readouterr().err
    assert f"{tmp_path / 'run/recipe.yaml'}: warning: {NAME} was another encoder then ({DESCRIBED})" in said
    with pytest.raises(IsoglossError, match=rf"interpolate: .* is not what the run began with: {SAID}"):
        isogloss.evaluate(tmp_path / "run", interpolate=[0.5])


def test_a_comparison_tells_them_apart(old: Path):
    began(old.parent / "new")
    table = isogloss.compare([old, old.parent / "new"])
    assert header(table)[2:] == [f"model={NAME}", f"model=former {NAME}"]
    assert f"- Not one encoder: {NAME} was another encoder then ({DESCRIBED})" in table
    assert table.endswith(f"The former one: {old}.")


def test_a_comparison_of_other_methods_says_it_too(old: Path):
    began(old.parent / "new", method="lpft")
    table = isogloss.compare([old, old.parent / "new"])
    assert header(table)[2:] == ["lpft", "multitask"]
    assert f"- Not one encoder: {NAME} was another encoder then" in table


@pytest.mark.parametrize("digest", [None, OLD])
def test_runs_of_one_encoder_are_compared_without_a_word(tmp_path: Path, digest: str | None):
    began(tmp_path / "a", digest)
    began(tmp_path / "b", digest, method="lpft")
    assert "encoder" not in isogloss.compare([tmp_path])


def test_what_was_made_from_another_architecture_has_not_the_defaults_of_the_present_one(tmp_path: Path):
    """``config.json`` of a model that was trained on from the former encoder names it, and no more."""
    config = read_json(FOLDER / "config.json")
    write_json(tmp_path / "model/config.json", {**config, "num_hidden_layers": 7})
    assert own_defaults(tmp_path / "model", tagging=True) == {}
    data = {"task": "pos", "format": "conllu", "path": "x/{language}/{split}"}
    recipe = resolve({"model": str(tmp_path / "model"), "data": data, "steps": 1})
    assert recipe.learning_rate == 3e-5
    (said,) = encoder_notes(recipe)
    assert said == (
        f"{tmp_path / 'model'}: was made from {NAME} when that was another encoder, so it has the usual defaults and "
        f"none of {NAME}'s (learning_rate 3e-05)"
    )
    write_json(tmp_path / "model/config.json", {**config, "vocab_size": 7})
    assert own_defaults(tmp_path / "model", tagging=True) == own_defaults(NAME, tagging=True), "a table that was cut"

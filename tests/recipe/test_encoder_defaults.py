"""A shipped encoder's own defaults: taken where nobody says anything else, announced, and kept in the run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from transformers import AutoConfig

import isogloss
from isogloss.common.writing import write_json
from isogloss.models.configuration import read_config
from isogloss.models.shipped import own_defaults, shipped_models
from isogloss.models.student import Sizes, student_config
from isogloss.recipe.encoder_defaults import encoder_notes, left_to_encoder
from isogloss.recipe.resolve import resolve
from isogloss.recipe.spec.recipe import Recipe
from isogloss.recipe.values import as_text
from tests.support.world import entry

POS = {"task": "pos", "format": "conllu", "path": "x/{language}/{split}"}
NLI = {"task": "nli", "format": "tsv", "path": "x/{language}/{split}"}
OWN = own_defaults("isogloss-small", tagging=True)
KEYS = {*OWN}
USUAL = resolve({"model": "some/model", "data": POS, "steps": 1}).model_dump(mode="json", include=KEYS)


def small(**changes: Any) -> Recipe:
    return resolve({"model": "isogloss-small", "data": POS, "steps": 10, **changes})


def of(recipe: Recipe) -> dict[str, Any]:
    return recipe.model_dump(mode="json", include=KEYS)


@pytest.mark.parametrize("name", shipped_models())
def test_every_shipped_encoder_says_what_suits_it(name: str):
    assert own_defaults(name, tagging=True).keys() <= Recipe.model_fields.keys()
    assert own_defaults(name, tagging=False)
    resolve({"model": name, "data": NLI, "steps": 10})


def test_what_nobody_says_the_encoder_says():
    assert "learning_rate" in OWN
    assert all(OWN[key] != USUAL[key] for key in KEYS)
    assert of(small()) == OWN
    of_texts = own_defaults("isogloss-small", tagging=False)
    assert of(small(data=NLI)) == {**USUAL, **of_texts}, "there are no tags to average over"


@pytest.mark.parametrize("key", sorted(KEYS))
def test_whoever_says_something_wins(key: str):
    own = USUAL[key]
    assert of(small(**{key: own})) == {**OWN, key: own}
    assert encoder_notes(small(**{key: own}))[0].count(key) == 0


def test_any_layer_wins(tmp_path: Path):
    (tmp_path / "low.yaml").write_text(yaml.safe_dump({"learning_rate": 0.5, "scales": {"s": {"max_length": 9}}}))
    assert of(small(base=str(tmp_path / "low.yaml")))["learning_rate"] == 0.5
    (tmp_path / "own.yaml").write_text(
        yaml.safe_dump({"model": "x", "data": [POS], "steps": 1, "scales": {"s": {"model": "isogloss-small"}}})
    )
    assert of(resolve(tmp_path / "own.yaml")) == USUAL
    assert of(resolve(tmp_path / "own.yaml", scale="s")) == OWN
    assert of(resolve(tmp_path / "own.yaml", scale="s", overrides=["learning_rate=3e-5"])) == {
        **OWN,
        "learning_rate": 3e-5,
    }
    assert small(method="gradual_unfreezing").unfreezing.kind == "gradual"


@pytest.mark.parametrize("changes", [{"model": "some/model"}, {"random_weights": True}])
def test_other_encoders_and_forgotten_weights_have_the_usual_defaults(changes: dict[str, Any]):
    assert of(small(**changes)) == USUAL
    assert encoder_notes(small(**changes)) == []


@pytest.mark.parametrize("name", shipped_models())
def test_what_is_made_from_an_encoder_has_its_defaults(name: str, tmp_path: Path):
    """Training and cutting write the configuration that they have read; a student is another encoder."""
    config = read_config(shipped_models()[name], None, remote=False)
    config.save_pretrained(tmp_path / "made")
    taken = resolve({"model": str(tmp_path / "made"), "data": POS, "steps": 10})
    assert of(taken) == OWN
    assert encoder_notes(taken)[0].endswith(
        f"(defaults of {name}, which it was made from; --set learning_rate=... changes one)"
    )
    AutoConfig.for_model(**student_config(config, Sizes(1), None, {})).save_pretrained(tmp_path / "student")
    assert own_defaults(tmp_path / "student", tagging=True) == {}


def test_a_configuration_that_names_no_shipped_encoder_has_no_defaults(tmp_path: Path):
    write_json(tmp_path / "config.json", {"recipe_defaults": "another"})
    assert own_defaults(tmp_path, tagging=True) == {}


def test_what_is_taken_is_announced_in_one_line():
    listed = ", ".join(f"{key} {as_text(value)}" for key, value in OWN.items())
    first = next(iter(OWN))
    assert encoder_notes(small()) == [f"isogloss-small: {listed} (its own defaults; --set {first}=... changes one)"]
    others = {key: value for key, value in USUAL.items() if key != "learning_rate"}
    assert encoder_notes(small(**others)) == [
        f"isogloss-small: learning_rate {OWN['learning_rate']:g} (its own default; --set learning_rate=... changes it)"
    ]
    assert encoder_notes(small(**OWN)) == []


def test_a_run_in_a_process_of_its_own_says_so_too():
    asked = small(learning_rate=0.5)
    sent = resolve(asked.model_dump(mode="json", exclude={*left_to_encoder(asked)}))
    assert sent == asked
    assert encoder_notes(sent) == encoder_notes(asked) != []


@pytest.mark.slow
def test_a_run_keeps_what_it_has_taken(world: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    recipe = {
        "model": "isogloss-small",
        "data": entry("pos", world / "pos"),
        "train_languages": ["en"],
        "evaluate_languages": ["en"],
        "method": "sequential_reptile",
        "optimizer": {"lookahead": {"outer_learning_rate": 1.0}},
        "batch_size": 2,
        "schedule": "constant",
        "selection": "last",
    }
    isogloss.train({**recipe, "steps": 1}, output=tmp_path / "run")
    said = capsys.readouterr().err
    assert "isogloss-small: learning_rate" in said
    assert "optimizer.lookahead.inner_steps: 1, since" in said
    kept = yaml.safe_load((tmp_path / "run" / "recipe.yaml").read_text(encoding="utf-8"))
    assert {key: kept[key] for key in KEYS} == OWN
    assert kept["optimizer"]["lookahead"]["inner_steps"] == 1
    isogloss.train({**recipe, "steps": 2}, output=tmp_path / "run", resume=True)
    after = yaml.safe_load((tmp_path / "run" / "recipe.yaml").read_text(encoding="utf-8"))
    assert after == {**kept, "steps": 2}, "a longer run keeps the loops that it began with"

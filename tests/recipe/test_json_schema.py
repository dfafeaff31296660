from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from isogloss.recipe.json_schema import pretraining_schema, training_schema
from isogloss.recipe.resolve import shipped_pretraining, shipped_recipes

TRAINING, PRETRAINING = Draft202012Validator(training_schema()), Draft202012Validator(pretraining_schema())


def complaints(validator: Draft202012Validator, recipe: Any) -> list[str]:
    return [error.json_path for error in validator.iter_errors(recipe)]


@pytest.mark.parametrize("path", shipped_recipes().values(), ids=lambda path: path.stem)
def test_shipped_recipes_fit(path: Path):
    assert complaints(TRAINING, yaml.safe_load(path.read_text(encoding="utf-8"))) == []


@pytest.mark.parametrize("path", shipped_pretraining().values(), ids=lambda path: path.stem)
def test_shipped_recipes_of_pretraining_fit(path: Path):
    assert complaints(PRETRAINING, yaml.safe_load(path.read_text(encoding="utf-8"))) == []


@pytest.mark.parametrize(
    ("recipe", "place"),
    [
        ({"stepz": 3}, "$"),
        ({"steps": 0}, "$.steps"),
        ({"method": "reptil"}, "$.method"),
        ({"scales": {"small": {"batch_sise": 3}}}, "$.scales.small"),
        ({"data": {"task": "poss", "format": "conllu", "path": "x"}}, "$.data"),
        ({"data": [{"task": "pos", "format": "conllu", "path": "x", "splits": ["val"]}]}, "$.data"),
        ({"sampling": {"kind": "mixt"}}, "$.sampling"),
    ],
)
def test_slips_are_found(recipe: dict[str, Any], place: str):
    assert complaints(TRAINING, recipe) == [place]


def test_what_a_file_may_leave_open():
    recipe = {"base": "ud-pos", "sampling": {"temperature": 3.0}, "data": {"task": "pos", "splits": ["dev", "test"]}}
    assert complaints(TRAINING, recipe) == []


def test_one_entry_needs_no_list():
    text = {"format": "lines", "path": "x/{language}.txt"}
    own = {"text": text, "sources": {"kind": "mlm", "share": 0.3}}
    assert complaints(TRAINING, {**own, "penalties": {"kind": "l2_sp"}, "probes": {"kind": "conflicts"}}) == []
    assert complaints(PRETRAINING, own) == []
    assert complaints(TRAINING, {**own, "sources": {"kind": "mml", "share": 0.3}}) == ["$.sources"]


@pytest.mark.slow
@pytest.mark.parametrize("arguments", [[], ["--pretraining"]])
def test_the_command_prints_it(arguments: list[str]):
    command = [sys.executable, "-m", "isogloss", "schema", *arguments]
    out = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert json.loads(out) == (pretraining_schema() if arguments else training_schema())

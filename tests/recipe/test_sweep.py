"""Keys with several values make a recipe of each combination."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from isogloss import IsoglossError
from isogloss.common.writing import write_text
from isogloss.recipe.resolve import as_yaml, resolve
from isogloss.recipe.sweep import resolve_sweep

RECIPE: dict[str, Any] = {"model": "m", "data": {"task": "pos", "format": "conllu", "path": "p"}, "steps": 10}


def test_values_are_combined_each_with_each():
    found = resolve_sweep(RECIPE, overrides=["learning_rate=[1e-4,3e-4]", "steps=[5, 6]", "seed=[0,1]"])
    assert [(name, one.learning_rate, one.steps) for name, one in found] == [
        ("learning_rate=0.0001,steps=5", 1e-4, 5),
        ("learning_rate=0.0001,steps=6", 1e-4, 6),
        ("learning_rate=0.0003,steps=5", 3e-4, 5),
        ("learning_rate=0.0003,steps=6", 3e-4, 6),
    ]
    assert all(one.seeds == (0, 1) and one.sweep is None for _, one in found)


def test_a_list_that_a_key_takes_is_a_value():
    recipe = resolve(RECIPE, overrides=["train_languages=[en,fr]", "optimizer.betas=[0.9,0.98]"])
    assert recipe.sweep is None and recipe.train_languages == ("en", "fr")
    found = resolve_sweep({**RECIPE, "sweep": {"train_languages": [["en"], ["en", "fr"]]}})
    assert [(name, one.train_languages) for name, one in found] == [
        ("train_languages=en", ("en",)),
        ("train_languages=en+fr", ("en", "fr")),
    ]


def test_each_method_comes_with_its_preset():
    found = dict(resolve_sweep(RECIPE, overrides=["method=[multitask,sequential_reptile]"]))
    assert found["method=multitask"].optimizer.lookahead is None
    assert found["method=sequential_reptile"].optimizer.lookahead is not None


def test_what_is_swept_need_not_stand_beside_it():
    raw = {key: value for key, value in RECIPE.items() if key != "model"} | {"sweep": {"model": ["a/x", "b"]}}
    assert [name for name, _ in resolve_sweep(raw)] == ["model=a-x", "model=b"]
    assert resolve(raw).model == "a/x"


def test_values_that_read_alike_have_folders_of_their_own():
    kinds = [{"kind": "adamw"}, {"kind": "adamw", "eps": 1e-6}]
    names = [name for name, _ in resolve_sweep({**RECIPE, "sweep": {"optimizer": kinds}})]
    assert names == ["optimizer=adamw-0", "optimizer=adamw-1"]


@pytest.mark.parametrize(
    ("swept", "override"),
    [
        ({"learning_rate": [1e-4, 3e-4]}, "learning_rate=0.5"),
        ({"steps": [5, 6]}, "epochs=2"),
        ({"optimizer.lookahead.inner_steps": [5, 6]}, "optimizer.lookahead=null"),
        ({"data.0.path": ["a", "b"]}, "data.0.path=c"),
    ],
)
def test_a_key_that_is_set_later_is_not_swept(swept: dict[str, Any], override: str):
    set_alone = resolve(RECIPE, overrides=[override])
    assert resolve_sweep({**RECIPE, "sweep": swept}, overrides=[override]) == [("", set_alone)]
    found = resolve_sweep({**RECIPE, "sweep": {**swept, "dropout": [0.0, 0.5]}}, overrides=[override])
    assert [name for name, _ in found] == ["dropout=0", "dropout=0.5"]


def test_a_scale_and_a_recipe_win_over_the_sweep_below(tmp_path: Path):
    swept = {**RECIPE, "sweep": {"steps": [50, 60]}, "scales": {"smoke": {"steps": 3}}}
    assert [one.steps for _, one in resolve_sweep(swept, scale="smoke")] == [3]
    write_text(tmp_path / "below.yaml", json.dumps(swept))
    base = {"base": str(tmp_path / "below.yaml")}
    assert [one.steps for _, one in resolve_sweep({**base, "steps": 4})] == [4]
    assert [one.steps for _, one in resolve_sweep({**base, "sweep": {"steps": [7, 8]}})] == [7, 8]
    assert [one.steps for _, one in resolve_sweep(base, overrides=["steps=[1,2]"])] == [1, 2]


def test_names_of_folders_are_short_and_safe():
    values = [
        {"a b, c": "d/e*"},
        {letter * 90: "ж" * 200 for letter in "xy"},
        {letter * 90: "ж" * 201 for letter in "xy"},
    ]
    names = [name for name, _ in resolve_sweep({**RECIPE, "sweep": {"data.0.label_map": values}})]
    assert names[0] == "data.0.label_map=-a-b-c-d-e-"
    assert all(re.fullmatch(r"data\.0\.label_map=[\w.+=-]+-[0-9a-f]{8}", name) for name in names[1:])
    assert len(set(names)) == 3 and all(len(name.encode()) <= 100 for name in names)
    digits = [name for name, _ in resolve_sweep({**RECIPE, "sweep": {"learning_rate": [0.1234567, 0.1234568]}})]
    assert digits == ["learning_rate=0.1234567", "learning_rate=0.1234568"]


def test_any_text_can_be_swept():
    found = resolve_sweep(RECIPE, overrides=["model=[a/😀, é]"])
    assert [(name, one.model) for name, one in found] == [("model=a-", "a/😀"), ("model=é", "é")]


def test_a_shown_sweep_runs_again():
    import yaml

    shown = yaml.safe_load(as_yaml(resolve(RECIPE, overrides=["learning_rate=[1e-4,3e-4]"])))
    assert [one.learning_rate for _, one in resolve_sweep(shown)] == [1e-4, 3e-4]


@pytest.mark.parametrize(
    ("sweep", "message"),
    [
        ({"steps": []}, "at least one value, found \\[\\]"),
        ({"steps": [5, 5]}, "without repetition"),
        ({"seed": [0, 1]}, "seed cannot be swept; a list of seeds is"),
        ({"stpes": [5]}, "stpes.*did you mean 'steps'"),
        ({"steps": 5}, "sweep"),
        ({"steps": [5, 0]}, "steps"),
    ],
)
def test_what_cannot_be_swept_is_refused(sweep: dict[str, Any], message: str):
    with pytest.raises(IsoglossError, match=message):
        resolve_sweep({**RECIPE, "sweep": sweep})

"""What stands unquoted in a recipe: words that YAML 1.1 takes for truth values, and paths that begin with a brace."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from isogloss import IsoglossError
from isogloss.recipe.loading import load_yaml
from isogloss.recipe.resolve import resolve

RECIPE = "model: some/model\nsteps: 2\ndata:\n  task: nli\n  format: tsv\n"
PATH = "  path: data/{language}/{split}.tsv\n"


def written(tmp_path: Path, text: str) -> Path:
    (tmp_path / "own.yaml").write_text(text)
    return tmp_path / "own.yaml"


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("no", "no"),
        ("On", "On"),
        ("true", True),
        ("False", False),
        ("[no, yes, true]", ["no", "yes", True]),
        ("{no: Latn, yes: 1}", {"no": "Latn", "yes": 1}),
        ("{columns: {pair: yes, label: no}}", {"columns": {"pair": "yes", "label": "no"}}),
        (
            "{config: {tie: no, deep: 2, act: 'on', drop: off}}",
            {"config": {"tie": False, "deep": 2, "act": "on", "drop": False}},
        ),
    ],
)
def test_yes_and_no_are_text(text: str, value: Any):
    assert load_yaml(text) == value


def test_keys_that_are_true_or_false_may_be_said_in_either_way(tmp_path: Path):
    more = "  columns: {text: premise, label: no}\n  scripts: {no: Latn}\n  languages: [no]\ntest: yes\n"
    recipe = resolve(written(tmp_path, RECIPE + PATH + more), overrides=["translate_train=no"])
    assert (recipe.test, recipe.translate_train) == (True, False)
    (entry,) = recipe.data
    assert entry.columns is not None and entry.columns.label == "no"
    assert (entry.scripts, entry.languages) == ({"no": "Latn"}, ("no",))


@pytest.mark.parametrize(
    ("path", "line", "quoted"),
    [
        ("  path: {language}/{split}.tsv\n", 6, "{language}/{split}.tsv"),
        ("  path: {language}\n", 6, "{language}"),
        ("  path: x\n  translations: {test: {path: {language}-en.tsv}}\n", 7, "{language}-en.tsv"),
        ("  path: *x/{language}.tsv\n", 6, "*x/{language}.tsv"),
    ],
)
def test_a_brace_that_wants_quotes_is_named_with_its_line(path: str, line: int, quoted: str, tmp_path: Path):
    with pytest.raises(IsoglossError) as caught:
        resolve(written(tmp_path, RECIPE + path))
    assert f"own.yaml: not YAML: line {line}: " in str(caught.value)
    assert f'stands in quotes: "{quoted}"' in str(caught.value)


def test_on_one_line_too(tmp_path: Path):
    with pytest.raises(IsoglossError, match=r'line 2: .*: "data/\{language\}/\{split\}\.tsv"$'):
        resolve(written(tmp_path, "steps: 2\ndata: {task: nli, format: tsv, path: data/{language}/{split}.tsv}\n"))


def test_other_faults_are_said_as_before(tmp_path: Path):
    with pytest.raises(IsoglossError, match="not YAML: mapping values are not allowed here"):
        resolve(written(tmp_path, RECIPE + PATH + "label: a: b\n"))


def test_the_command_line_wants_no_quotes():
    recipe = {"model": "m", "steps": 1, "data": [{"task": "nli", "format": "tsv", "path": "x"}]}
    assert resolve(recipe, overrides=["data.0.path={language}/{split}.tsv"]).data[0].path == "{language}/{split}.tsv"


@pytest.mark.parametrize(
    ("override", "hint"),
    [
        ("train_languages=pt,sv", "[pt,sv]"),
        ("train_languages=pt", "[pt]"),
        ("data.0.languages=pt,sv", "[pt,sv]"),
        ("data.0.splits=train,dev", "[train,dev]"),
        ("seed=0,1", "[0,1]"),
        ("learning_rate=1e-4,3e-4", "[1e-4,3e-4]"),
    ],
)
def test_how_a_list_is_written(override: str, hint: str):
    recipe = {"model": "m", "steps": 1, "data": [{"task": "nli", "format": "tsv", "path": "x"}]}
    with pytest.raises(IsoglossError) as caught:
        resolve(recipe, overrides=[override])
    assert str(caught.value).endswith(f"; a list is written {hint}")
    assert "[key]" not in str(caught.value)
    resolve(recipe, overrides=[f"{override.partition('=')[0]}={hint}"])


@pytest.mark.parametrize(
    ("name", "ours"), [("premise", "text"), ("hypothesis", "pair"), ("sentence1", "text"), ("ner_tags", "tags")]
)
def test_columns_under_the_names_that_files_have(name: str, ours: str):
    entry = {"task": "nli", "format": "tsv", "path": "x", "columns": {name: "a"}}
    with pytest.raises(IsoglossError, match=f"columns.{name}': {name} is `{ours}`, so write {ours}: a") as caught:
        resolve({"model": "m", "steps": 1, "data": [entry]})
    assert str(caught.value).count("so write") == 1
    with pytest.raises(IsoglossError, match="unknown key 'premise'") as other:
        resolve({"model": "m", "steps": 1, "data": [], "premise": 1})
    assert "so write" not in str(other.value)

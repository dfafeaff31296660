"""One message for everything that a user can get wrong on the command line."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.command import Command, Result, require_error

VALIDATE_X = ["data", "validate", "x", "--task", "ner", "--format", "conll"]


@pytest.mark.parametrize(
    ("arguments", "patterns"),
    [
        (["train", "ud-poss"], ["no recipe 'ud-poss'; did you mean", "'ud-pos'"]),
        (["train", "ud-pos", "--scale", "smal"], ["no scale 'smal'; did you mean", "'small'"]),
        (["show", "ud-pos", "--set", "learning_rate"], ["KEY=VALUE", "found 'learning_rate'"]),
        (["show", "ud-pos", "--set", "data.7.path=x"], ["'7' is no place in a list of 2"]),
        (["show", "ud-pos", "--set", "steps.x=1", "--scale", "smoke"], ["'x' cannot be set inside the value"]),
        (["show", "ud-pos", "--set", "steps={"], ["--set steps={: the value is not YAML"]),
        (["evaluate", "nowhere"], ["nowhere is no run folder"]),
        (["compare", "nowhere", "--baseline", "single"], ["runs: no folder nowhere"]),
        (["data", "validate", "x.conllu", "--task", "pos"], ["needs both --task and --format"]),
        (
            ["data", "validate", "x.tsv", "--task", "ner", "--format", "tsv"],
            [
                "data.format: task 'ner' takes conll or jsonl or parquet, found 'tsv'; ",
                "a token and its tag on a line are format conll",
            ],
        ),
        (["data", "validate", "ud-pos", "--columns", "{tokens: 1}"], ["columns and separator go with --task"]),
        ([*VALIDATE_X, "--columns", "tokens"], ["--columns tokens: expected a mapping such as"]),
        ([*VALIDATE_X, "--columns", "{tokens: 1"], ["--columns {tokens: 1: not YAML"]),
        ([*VALIDATE_X, "--columns", "{token: 1}"], ["unknown key 'columns.token'; did you mean 'tokens'"]),
        ([*VALIDATE_X, "--separator", ";"], ["data.separator: only formats tsv and csv"]),
        ([*VALIDATE_X, "--set", "seed=1"], ["--set and --scale change a recipe"]),
    ],
)
def test_bad_arguments_are_one_message(
    arguments: list[str], patterns: list[str], command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(tmp_path)
    require_error(command(*arguments), *patterns)
    assert not list(tmp_path.iterdir())


def test_one_occupied_folder_stops_all_seeds_before_they_train(train: Command, world: Path):
    (world / "run" / "seed-1").mkdir(parents=True)
    (world / "run" / "seed-1" / "thesis.tex").write_text("all of it")
    require_error(train(seed=[0, 1]), "seed-1 exists")
    assert [path.name for path in (world / "run").iterdir()] == ["seed-1"]


def test_a_recipe_that_is_no_yaml(command: Command, tmp_path: Path):
    (tmp_path / "bad.yaml").write_text("steps: [1\nmodel: x")
    require_error(command("train", tmp_path / "bad.yaml"), r"bad\.yaml: not YAML: .*line 2")
    (tmp_path / "list.yaml").write_text("- 1")
    require_error(command("train", tmp_path / "list.yaml"), r"a recipe is a mapping of keys, found list")


def test_output_that_is_a_file_or_below_one(train: Command, world: Path):
    (world / "file").write_text("mine")
    require_error(train("multitask", "--output", world / "file"), "file is a file, not a folder")
    below = train("multitask", "--output", world / "file" / "run")
    require_error(below, r"cannot write .*file/run: Not a directory")
    assert (world / "file").read_text() == "mine"


@pytest.mark.slow
def test_an_error_in_a_process_of_its_own(tmp_path: Path):
    done = subprocess.run(
        [sys.executable, "-m", "isogloss", "show", "nothing.yaml"], cwd=tmp_path, capture_output=True, text=True
    )
    require_error(Result(done.returncode, done.stdout, done.stderr), "no recipe 'nothing.yaml'")
    assert not list(tmp_path.iterdir())


def test_what_evaluate_and_predict_are_told_is_checked(train: Command, command: Command, world: Path):
    assert train().status == 0
    require_error(command("evaluate", world / "run", "--data", "{path: 3"), r"--data \{path: 3: not YAML")
    result = command("predict", world / "run", world / "pos/de/test.conllu", "--language", "../x")
    require_error(result, r"language: '\.\./x' is no language code")
    require_error(command("evaluate", world), "no run folder", rf"there are runs in it: .*{world}/run,")

"""Every verb, as a user calls one after the other."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from isogloss.catalogue import SETS
from isogloss.recipe.names import FORMATS, TASKS
from isogloss.recipe.presets import METHODS
from isogloss.recipe.resolve import shipped_pretraining, shipped_recipes
from tests.support.command import Command, require_error
from tests.support.world import entry


def test_a_key_inside_data_that_are_one_mapping(train: Command, world: Path):
    one = {**entry("pos", world / "pos"), "path": "nowhere/{language}/{split}.conllu"}
    assert train("multitask", "--set", f"data.0.path={entry('pos', world / 'pos')['path']}", data=one).status == 0


def test_validate_prints_json_for_other_programs(command: Command, world: Path):
    template = f"{world}/pos/{{language}}/train.conllu"
    good = command("data", "validate", template, "--task", "pos", "--format", "conllu", "--json")
    assert (good.status, good.err) == (0, "")
    assert [file["language"] for file in json.loads(good.out)["files"]] == ["en", "fr", "ru"]
    bad = command("data", "validate", template, "--task", "pos", "--format", "conll", "--json")
    assert (bad.status, bad.err) == (1, "")
    assert {problem["severity"] for problem in json.loads(bad.out)["problems"]} == {"error"}


def test_validate_takes_columns_separators_and_stars(command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    for name, content in {
        "UD_German-GSD/de_gsd-ud-dev.conllu": f"1\tHaus\t_\tNOUN{6 * f'{chr(9)}_'}\n",
        "uner/en.iob2": "# sent_id = a\n1\tAnna\tB-PER\t-\n2\tcame\tO\t-\n",
        "topics/en.csv": "text;label\na, b;c\n",
        "topics/de.csv": "text\tlabel\na, b\tc\n",
    }.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(content)
    for arguments in (
        ["UD_*/{language}_*-ud-{split}.conllu", "--task", "pos", "--format", "conllu"],
        ["uner/{language}.iob2", "--task", "ner", "--format", "conll", "--columns", "{tokens: 1, tags: 2}"],
        ["topics/en.csv", "--task", "topic", "--format", "csv", "--separator", ";"],
        ["topics/de.csv", "--task", "topic", "--format", "csv", "--separator", r"\t"],
    ):
        result = command("data", "validate", *arguments)
        assert (result.status, "0 error(s)" in result.out) == (0, True), result


@pytest.mark.parametrize(
    ("what", "names"),
    [
        ("methods", METHODS),
        ("tasks", TASKS),
        ("formats", FORMATS),
        ("recipes", shipped_recipes()),
        ("pretraining", shipped_pretraining()),
        ("data", SETS),
    ],
)
def test_list(what: str, names: dict[str, Any], command: Command):
    result = command("list", what)
    assert result.status == 0
    assert [line.split()[0] for line in result.out.splitlines()] == list(names)
    assert all(len(line.split()) > 3 for line in result.out.splitlines())


def test_show_prints_a_recipe_that_runs_again(train: Command, command: Command, world: Path):
    train()
    shown = command("show", world / "recipe.json", "--set", "steps=3").out
    (world / "shown.yaml").write_text(shown, encoding="utf-8")
    assert command("show", world / "shown.yaml").out == shown
    assert command("train", world / "shown.yaml", "--output", world / "again").status == 0


def test_data_show_says_all_of_a_public_set(command: Command):
    shown = yaml.safe_load(command("data", "show", "xnli").out)
    assert shown["labels"] == ["entailment", "neutral", "contradiction"]
    assert shown["data"] == {**SETS["xnli"].entry("xnli")}
    assert shown["status"] == "untested: never loaded from the hub"
    require_error(command("data", "show", "xnly"), "no data set 'xnly' in the catalogue; did you mean 'xnli'")
    require_error(command("data", "get", "xnly"), "no data set 'xnly' in the catalogue; did you mean 'xnli'")


def test_train_evaluate_predict_and_compare(train: Command, command: Command, world: Path):
    result = train("multitask", "--limit", "4", "--report_to".replace("_", "-"), "none", evaluation_steps=1)
    assert result.status == 0
    assert re.search(r"en \(source\) +4 ", result.out)
    assert "multitask, seed 0" in result.err
    assert not (world / "run/events").exists()

    result = command("evaluate", world / "run", "--split", "test", "--languages", "de,en", "--languages", "ru")
    assert result.status == 0
    shown = re.findall(r"^pos +(\w\w)", result.out, flags=re.MULTILINE)
    assert sorted(shown) == ["de", "en", "ru"]

    result = command("predict", world / "run", world / "pos/de/test.conllu", "--language", "de")
    assert result.status == 0
    assert result.out.strip() == str(world / "pos/de/test.predicted.conllu")
    assert (world / "pos/de/test.predicted.conllu").exists()

    assert train("lookahead", "--limit", "4", "--output", world / "other", steps=3).status == 0
    result = command("compare", world / "run", world / "other", "--baseline", "multitask")
    assert result.status == 0
    assert "lookahead − multitask" in result.out
    assert "n too small" in result.out

    result = command("compare", world / "run", "--baseline", "multitask", "--allow-mixed", "selectio")
    require_error(result, "'selectio'; did you mean 'selection'")


def test_compare_shows_negative_transfer_and_cost(train: Command, command: Command, world: Path):
    runs = (world / "multitask", world / "single")
    assert train("multitask", "--output", runs[0]).status == 0
    assert train("single", "--output", runs[1]).status == 0
    result = command("compare", *runs, "--negative-transfer", "--cost")
    assert result.status == 0, result
    transfer, cost = result.out.split("| method")
    assert "multitask − single" in transfer and "- `multitask`: below zero in" in transfer
    assert re.findall(r"^\| (\S+(?: \S+)?) +\| +1 \|", cost, flags=re.MULTILINE) == ["multitask", "single fr"]
    require_error(command("compare", *runs), "train_languages differs between the rows")
    (runs[0] / "cost.json").unlink()
    require_error(command("compare", *runs, "--cost"), "multitask has no cost.json")


def test_compare_where_runs_may_differ(train: Command, command: Command, world: Path):
    runs = (world / "multitask", world / "single")
    assert train("multitask", "--output", runs[0]).status == 0
    assert train("single", "--output", runs[1], train_languages=["en", "fr"], selection="last").status == 0
    mixed = ["--allow-mixed", "train_languages"]
    require_error(command("compare", *runs, "--baseline", "multitask", *mixed), "selection differs")
    result = command("compare", *runs, "--baseline", "multitask", *mixed, "--allow-mixed", "selection")
    assert result.status == 0, result
    header = result.out.splitlines()[0]
    assert "single en − multitask" in header
    assert "single fr − multitask" in header

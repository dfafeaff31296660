"""One message, and no run folder, for everything that a user can get wrong in a recipe or in data."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.support.command import Command, require_error
from tests.support.world import entry


def no_files(world: Path) -> dict[str, Any]:
    return {"data": [{"task": "pos", "format": "conllu", "path": f"{world}/poss/{{language}}/{{split}}.conllu"}]}


def not_utf8(world: Path) -> dict[str, Any]:
    path = world / "pos/fr/dev.conllu"
    path.write_bytes(path.read_bytes() + b"1\tcaf\xe9\t_\tNOUN\t_\t_\t_\t_\t_\t_\n\n")
    return {}


def label_in_dev_only(world: Path) -> dict[str, Any]:
    path = world / "pos/de/dev.conllu"
    path.write_text(path.read_text(encoding="utf-8").replace("DET", "INTJ"), encoding="utf-8")
    return {}


def empty_file(world: Path) -> dict[str, Any]:
    (world / "pos/en/train.conllu").write_text("")
    return {}


def ragged(world: Path) -> dict[str, Any]:
    path = world / "pos/ru/train.conllu"
    lines = path.read_text(encoding="utf-8").split("\n")
    path.write_text("\n".join([lines[0], "\t".join(lines[1].split("\t")[:4]), *lines[2:]]), encoding="utf-8")
    return {}


def without_dev(world: Path) -> dict[str, Any]:
    (world / "pos/ru/dev.conllu").unlink()
    return {}


def without_train(world: Path) -> dict[str, Any]:
    (world / "pos/ru/train.conllu").unlink()
    return {"train_languages": ["en", "ru"]}


def by_name(world: Path) -> dict[str, Any]:
    (world / "pos/ru").rename(world / "pos/portuguese")
    return {}


def swapped(world: Path) -> dict[str, Any]:
    (world / "pos/ru").rename(world / "pos/xx")
    (world / "pos/en").rename(world / "pos/ru")
    (world / "pos/xx").rename(world / "pos/en")
    return {}


def two_tasks(world: Path) -> dict[str, Any]:
    return {"data": [entry("pos", world / "pos"), entry("ner", world / "ner")]}


def in_a_circle(world: Path) -> dict[str, Any]:
    (world / "a.yaml").write_text(f"base: {world}/b.yaml")
    (world / "b.yaml").write_text(f"base: {world}/a.yaml")
    return {"base": f"{world}/a.yaml"}


def as_task(task: str, of: str) -> Callable[[Path], dict[str, Any]]:
    """Data of one task under the name of another."""

    def change(world: Path) -> dict[str, Any]:
        return {"data": {**entry(of, world / of), "task": task}}

    return change


def tagged_lines(world: Path) -> dict[str, Any]:
    """Parts of speech, a token a line, under the name of entities."""
    for path in (world / "pos").glob("*/*.conllu"):
        rows = [line.split("\t") for line in path.read_text().splitlines() if not line.startswith("#")]
        path.with_suffix(".conll").write_text("".join("\t".join(row[1:4:2]) + "\n" for row in rows))
    return {"data": {"task": "ner", "format": "conll", "path": f"{world}/pos/{{language}}/{{split}}.conll"}}


UNFIT: dict[str, tuple[Callable[[Path], dict[str, Any]], str, str]] = {
    "nli without pairs": (
        as_task("nli", "topic"),
        r"topic/\w+/\w+\.jsonl:1: error: ",
        "needs two texts.*; so in ",
    ),
    "ner on parts of speech": (
        tagged_lines,
        r"pos/en/train\.conll:\d+: error: ",
        "'[A-Z]+' is neither O .*for task pos; columns:",
    ),
    "pos on entities": (
        as_task("pos", "ner"),
        r"ner/\w+/\w+\.conll:\d+: error: ",
        "'B-[A-Z]+' is of a chunk .*for task ner; columns:",
    ),
}
"""Data of another task: what makes them, the place that is named, and why."""


UNFIT_FORMAT: dict[str, tuple[Callable[[Path], dict[str, Any]], str]] = {
    "ner on CoNLL-U": (as_task("ner", "pos"), "format: task 'ner' takes conll or jsonl or parquet, found 'conllu'"),
    "topic on tokens": (
        as_task("topic", "ner"),
        "format: task 'topic' takes tsv or csv or jsonl or parquet, found 'conll'",
    ),
    "pos on texts": (
        as_task("pos", "nli"),
        "format: task 'pos' takes conllu or conll or jsonl or parquet, found 'tsv'",
    ),
}
"""Data in a format that holds nothing for the task."""


BAD_INPUT: dict[str, tuple[Callable[[Path], dict[str, Any]] | dict[str, Any], list[str]]] = {
    "missing file": (no_files, ["no such file", "holds no 'poss'; did you mean 'pos'"]),
    "bad UTF-8": (not_utf8, [r"pos/fr/dev\.conllu:\d+: error: .*UTF-8"]),
    "label in dev only": (label_in_dev_only, [r"'INTJ' \d+ times, first in .*pos/de/\w+\.conllu:\d+", "label_map"]),
    "empty file": (empty_file, [r"pos/en/train\.conllu", "no "]),
    "ragged columns": (
        ragged,
        [r"pos/ru/train\.conllu:2: error: .*10.*found 4|pos/ru/train\.conllu:2: error: .*4.*10"],
    ),
    "language without data": ({"train_languages": ["en", "fi"]}, ["train_languages: no file for language 'fi'", "ru"]),
    "language by its name": (by_name, ["'portuguese' is no language code: Portuguese is pt"]),
    "language without training file": (
        without_train,
        ["no training file for language 'ru', which has dev", "looked for"],
    ),
    "list without brackets": ({"train_languages": "en,ru"}, [r"must be a list.*a list is written \[en,ru\]"]),
    "name of a shipped encoder misspelt": ({"model": "isogloss-smal"}, ["did you mean 'isogloss-small'"]),
    "language without dev": (without_dev, ["source-dev", "none found for ru", "selection: last"]),
    "swapped languages": (swapped, [r"pos/(en|ru)/\w+\.conllu: error: 0% .*(LATIN|CYRILLIC).*another language"]),
    "two tasks": (two_tasks, ["one task, found ner, pos"]),
    "less than an outer step": (
        {"method": "sequential_reptile", "optimizer": {"lookahead": {"inner_steps": 3}}},
        ["steps: 2 is less than one outer step", "inner_steps"],
    ),
    "batch cut too small": ({"gradient_accumulation_steps": 6}, ["batch_size", "1 x 6", "found 5"]),
    "unknown key": ({"learning_rat": 1}, ["unknown key 'learning_rat'; did you mean 'learning_rate'"]),
    "unknown key within": (
        {"optimizer": {"lookahead": {"inner_step": 1}}},
        ["unknown key 'optimizer.lookahead.inner_step'; did you mean 'inner_steps'"],
    ),
    "unknown method": ({"method": "reptil"}, ["no method 'reptil'; did you mean 'reptile'"]),
    "unknown kind": ({"sampling": {"kind": "round_robbin"}}, ["no kind 'round_robbin'; did you mean 'round_robin'"]),
    "unknown task": ({"data": {"task": "poz", "format": "conllu", "path": "x"}}, ["no task 'poz'; did you mean 'pos'"]),
    "unknown format": (
        {"data": {"task": "pos", "format": "connlu", "path": "x/{language}/{split}"}},
        [r"data\.0\.format: no format 'connlu'; did you mean 'conllu'"],
    ),
    "steps and epochs": ({"epochs": 2}, ["either steps or epochs, found steps=2 and epochs=2"]),
    "out of range": ({"learning_rate": -1}, ["learning_rate: .*greater than 0, found -1"]),
    "unknown model type": ({"model": {"config": {"model_type": "berd"}}}, ["'berd' is unknown; did you mean 'bert'"]),
    "wrong max_length": ({"max_length": 9999, "model": "{world}/encoder"}, ["max_length is 9999, but must be from"]),
    "scales that are a list": ({"scales": [1, 2]}, [r"scales: a mapping .*found \[1, 2\]"]),
    "a scale that is a number": ({"scales": {"smoke": 3}}, [r"scales: a mapping .*found \{'smoke': 3\}"]),
    "method that is a list": ({"method": ["a"]}, [r"method: no method \['a'\]"]),
    "base in a circle": (in_a_circle, [r"a\.yaml is on .*b\.yaml is on .*a\.yaml: a recipe cannot stand on itself"]),
    "betas out of range": ({"optimizer": {"betas": [2, 3]}}, [r"optimizer\.betas\.0: .*less than 1, found 2"]),
    "infinite learning rate": ({"learning_rate": float("inf")}, ["learning_rate: .*finite"]),
    "negative hidden size": (
        {"model": {"config": {"model_type": "modernbert", "hidden_size": -4}}},
        ["hidden_size|modernbert", "-4|negative"],
    ),
    "no seed": ({"seed": []}, ["seed: .*at least one entry"]),
    "one seed twice": ({"seed": [0, 0]}, ["seed: .*without repetition"]),
    "one language twice": ({"train_languages": ["en", "en"]}, ["train_languages: .*without repetition"]),
    **{case: (change, [place, text]) for case, (change, place, text) in UNFIT.items()},
    **{case: (change, [r"data\.0\." + text]) for case, (change, text) in UNFIT_FORMAT.items()},
}


@pytest.mark.parametrize("case", BAD_INPUT)
def test_bad_input_is_one_message_and_no_folder(case: str, train: Command, world: Path):
    change, patterns = BAD_INPUT[case]
    changes = change(world) if callable(change) else change
    if changes.get("model") == "{world}/encoder":
        changes = {**changes, "model": str(world / "encoder")}
    require_error(train(**changes), *patterns)
    assert not (world / "run").exists()


@pytest.mark.parametrize("case", UNFIT)
def test_validate_finds_data_of_another_task(case: str, train: Command, command: Command, world: Path):
    change, place, text = UNFIT[case]
    changes = change(world)
    train(**changes)  # writes the recipe
    data = changes["data"]
    for arguments in (
        [world / "recipe.json"],
        [data["path"], "--task", data["task"], "--format", data["format"]],
    ):
        result = command("data", "validate", *arguments)
        assert result.status == 1
        assert re.search(place + ".*" + text, result.out), result.out


def test_validate_lists_everything_and_says_so_by_its_status(command: Command, train: Command, world: Path):
    template = str(world / "pos/{language}/{split}.conllu")
    good = command("data", "validate", template, "--task", "pos", "--format", "conllu")
    assert good.status == 0
    assert "0 error(s)" in good.out

    ragged(world)
    not_utf8(world)
    bad = command("data", "validate", template, "--task", "pos", "--format", "conllu")
    assert bad.status == 1
    assert "ru/train.conllu:2: error: " in bad.out
    assert re.search(r"fr/dev\.conllu:\d+: error: ", bad.out)
    assert "2 error(s)" in bad.out
    assert not bad.err

    train()  # writes the recipe
    assert command("data", "validate", world / "recipe.json").out == bad.out

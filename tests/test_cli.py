"""The command line: every verb, and one clear message for everything that a user can get wrong."""

from __future__ import annotations

import json
import re
import resource
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml
from transformers import AutoModelForTokenClassification

import isogloss.step.loop
from isogloss.catalogue import SETS
from isogloss.cli import main
from isogloss.recipe.names import FORMATS, TASKS
from isogloss.recipe.presets import METHODS
from isogloss.recipe.resolve import shipped_pretraining, shipped_recipes
from tests.support.methods import recipe
from tests.support.world import entry, names_of_checkpoints


@dataclass
class Result:
    status: int
    out: str
    err: str


Command = Callable[..., Result]


@pytest.fixture
def command(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Command:
    """Run the command line in this process."""

    def run(*arguments: object) -> Result:
        monkeypatch.setattr(sys, "argv", ["isogloss", *map(str, arguments)])
        capsys.readouterr()
        try:
            main()
            status = 0
        except SystemExit as end:
            status = int(end.code or 0)
        return Result(status, *capsys.readouterr())

    return run


@pytest.fixture
def world(own_world: Path) -> Path:
    """A copy: most tests here spoil it, or train in it."""
    return own_world


@pytest.fixture
def train(command: Command, world: Path) -> Command:
    """Train an entry of the table, with changes, into ``world/run``."""

    def run(name: str = "multitask", *arguments: object, **changes: Any) -> Result:
        path = world / "recipe.json"
        path.write_text(json.dumps(recipe(name, world, **{"steps": 2, **changes})), encoding="utf-8")
        where = () if "--output" in arguments else ("--output", world / "run")
        return command("train", path, *where, *arguments)

    return run


def require_error(result: Result, *patterns: str) -> None:
    """One message with all the detail, and nothing else."""
    assert result.status == 2, result
    assert result.err.startswith("error: "), result.err
    assert len(re.findall("^error: ", result.err, flags=re.MULTILINE)) == 1, result.err
    assert "Traceback" not in result.err
    for pattern in patterns:
        assert re.search(pattern, result.err), f"{pattern!r} is not in {result.err!r}"


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
    "nli without pairs": (as_task("nli", "topic"), r"topic/en/train\.jsonl:1: error: ", "this task needs two texts"),
    "ner on parts of speech": (
        tagged_lines,
        r"pos/en/train\.conll:\d+: error: ",
        "'[A-Z]+' is neither O .*for task pos; columns:",
    ),
    "pos on entities": (
        as_task("pos", "ner"),
        r"ner/en/train\.conll:\d+: error: ",
        "'B-[A-Z]+' is of a chunk .*for task ner; columns:",
    ),
}
"""Data of another task: what makes them, the place that is named, and why."""


UNFIT_FORMAT: dict[str, tuple[Callable[[Path], dict[str, Any]], str]] = {
    "ner on CoNLL-U": (as_task("ner", "pos"), "format: task 'ner' takes conll or parquet, found 'conllu'"),
    "topic on tokens": (
        as_task("topic", "ner"),
        "format: task 'topic' takes tsv or csv or jsonl or parquet, found 'conll'",
    ),
    "pos on texts": (as_task("pos", "topic"), "format: task 'pos' takes conllu or conll or parquet, found 'jsonl'"),
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
                "data.format: task 'ner' takes conll or parquet, found 'tsv'; ",
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


def test_a_key_inside_data_that_are_one_mapping(train: Command, world: Path):
    one = {**entry("pos", world / "pos"), "path": "nowhere/{language}/{split}.conllu"}
    assert train("multitask", "--set", f"data.0.path={entry('pos', world / 'pos')['path']}", data=one).status == 0


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


def test_a_loss_that_is_not_finite_stops_the_run(train: Command, world: Path):
    result = train(steps=6, learning_rate=1e30, schedule="constant", save_steps=1)
    require_error(tail(result), r"step 2: ", r"source 'all'", r"(loss|term) ", "learning_rate")
    assert names_of_checkpoints(world / "run") == [1]
    assert not (world / "run" / "model").exists()


def test_weights_that_are_not_finite_leave_the_last_good_checkpoint(train: Command, world: Path):
    settings = {"steps": 6, "warmup_steps": 2, "max_grad_norm": None, "save_steps": 1, "save_total_limit": 1}
    # The first step of the warm-up has a learning rate of 0.
    result = train(learning_rate=1e39, **settings)
    require_error(tail(result), r"step 2: weights are not finite, .*; the last good is .*checkpoint-1\.")
    assert names_of_checkpoints(world / "run") == [1]
    assert not list((world / "run").glob(".checkpoint*"))
    good = AutoModelForTokenClassification.from_pretrained(world / "run" / "checkpoint-1")
    assert all(bool(parameter.isfinite().all()) for parameter in good.parameters())


def tail(result: Result) -> Result:
    """The result from the error message on, after what was announced before training."""
    return Result(result.status, result.out, result.err[result.err.find("error: ") :])


def test_long_sentences_are_counted(train: Command):
    result = train(max_length=8)
    assert result.status == 0
    counted = re.search(
        r"fr/train\.conllu:\d+: warning: longer than max_length 8 .*\((\d+) times, first here\)", result.err
    )
    assert counted, result.err
    assert 1 < int(counted[1]) <= 15


def test_long_sentences_of_dev_and_test_and_files_are_counted(train: Command, command: Command, world: Path):
    def warned(result: Result, split: str) -> bool:
        assert result.status == 0, result
        return re.search(rf"de/{split}\.conllu:\d+: warning: longer than max_length 8 ", result.err) is not None

    result = train(max_length=8, test=True)
    assert warned(result, "dev")
    assert warned(result, "test")
    result = command("evaluate", world / "run", "--split", "test")
    assert warned(result, "test")
    assert not warned(result, "dev")
    assert warned(command("predict", world / "run", world / "pos/de/dev.conllu", "--language", "de"), "dev")


def test_a_full_disk_leaves_the_last_checkpoint(train: Command, world: Path, monkeypatch: pytest.MonkeyPatch):
    take_step, limits = isogloss.step.loop.take_step, resource.getrlimit(resource.RLIMIT_FSIZE)

    def fill_the_disk(training: Any) -> None:
        if training.progress.step == 7:
            resource.setrlimit(resource.RLIMIT_FSIZE, (3000, limits[1]))
        take_step(training)

    settings = {"steps": 10, "report_to": "none"}
    with monkeypatch.context() as patch:
        patch.setattr(isogloss.step.loop, "take_step", fill_the_disk)
        try:
            result = train("sequential_reptile", **settings)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    require_error(tail(result), r"cannot write .*checkpoint-8: .*", "Is the disk full")
    assert names_of_checkpoints(world / "run") == [4]
    assert not list((world / "run").glob(".*"))

    assert train("sequential_reptile", "--resume", **settings).status == 0
    assert train("sequential_reptile", "--output", world / "straight", **settings).status == 0
    for name in ("results.jsonl", "trainer_state.json", "model/model.safetensors"):
        assert (world / "run" / name).read_bytes().replace(b"/run", b"/straight") == (
            world / "straight" / name
        ).read_bytes(), name


def test_a_disk_too_full_for_events(train: Command, monkeypatch: pytest.MonkeyPatch):
    take_step, limits = isogloss.step.loop.take_step, resource.getrlimit(resource.RLIMIT_FSIZE)

    def fill_the_disk(training: Any) -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (10, limits[1]))
        take_step(training)

    monkeypatch.setattr(isogloss.step.loop, "take_step", fill_the_disk)
    try:
        result = train(steps=4)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    require_error(tail(result), r"cannot write .*run/events/.*", "Is the disk full")


def test_an_error_in_a_process_of_its_own(tmp_path: Path):
    done = subprocess.run(
        [sys.executable, "-m", "isogloss", "train", "nothing.yaml"], cwd=tmp_path, capture_output=True, text=True
    )
    require_error(Result(done.returncode, done.stdout, done.stderr), "no recipe 'nothing.yaml'")
    assert not list(tmp_path.iterdir())


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


def test_what_evaluate_and_predict_are_told_is_checked(train: Command, command: Command, world: Path):
    assert train().status == 0
    require_error(command("evaluate", world / "run", "--data", "{path: 3"), r"--data \{path: 3: not YAML")
    result = command("predict", world / "run", world / "pos/de/test.conllu", "--language", "../x")
    require_error(result, r"language: '\.\./x' is no language code")
    require_error(command("evaluate", world), "no run folder", rf"there are runs in it: {world}/run$")


def test_compare_shows_negative_transfer_and_cost(train: Command, command: Command, world: Path):
    runs = (world / "multitask", world / "single")
    assert train("multitask", "--output", runs[0]).status == 0
    assert train("single", "--output", runs[1]).status == 0
    result = command("compare", *runs, "--negative-transfer", "--cost")
    assert result.status == 0, result
    transfer, cost = result.out.split("| method")
    assert "multitask − single" in transfer and "- `multitask`: below zero in" in transfer
    assert re.findall(r"^\| (\S+(?: \S+)?) +\| +1 \|", cost, flags=re.MULTILINE) == ["multitask", "single fr"]
    require_error(command("compare", *runs), "baseline: needed")
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

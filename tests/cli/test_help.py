"""What only shows needs none of the code that trains: help, lists, recipes, schemas and reports are there at once."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.core import TyperGroup

import isogloss
from isogloss.cli import app
from isogloss.recipe.resolve import shipped_pretraining, shipped_recipes
from tests.support.reported import several_reported

SLOW = ("torch", "transformers", "peft", "pyarrow", "datasets", "pandas", "matplotlib")
"""Modules that take seconds to import."""

PROGRAM = """
import json, sys
from isogloss.cli import main

slow, commands = json.loads(sys.stdin.read())
found = {}
for command in commands:
    sys.argv = ["isogloss", *command.split()]
    status = 0
    try:
        main()
    except SystemExit as end:
        status = end.code or 0
    found[command] = status, [name for name in slow if name in sys.modules]
print(json.dumps(found), file=sys.stderr)
"""
"""Runs commands one after the other: what one of them has imported is there after all that follow."""


def verbs(command: Any, above: tuple[str, ...] = ()) -> Iterator[tuple[str, Any]]:
    """Every verb, and every group of verbs, with the words that call it."""
    yield " ".join(above), command
    if isinstance(command, TyperGroup):
        for name, below in command.commands.items():
            yield from verbs(below, (*above, name))


VERBS = dict(verbs(typer.main.get_command(app)))
SHOWN = [
    *(f"{verb} --help".strip() for verb in VERBS),
    *(verb for verb in VERBS if verb.startswith("list ")),
    *(f"show {name}" for name in {**shipped_recipes(), **shipped_pretraining()}),
    "show ud-pos-sequential-reptile --scale paper --set seed=3",
    "schema",
    "schema --pretraining",
    "data show xnli",
]


@pytest.mark.slow
def test_what_is_only_shown_imports_nothing_slow():
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], input=json.dumps([SLOW, SHOWN]), capture_output=True, text=True, check=True
    )
    assert json.loads(done.stderr) == {command: [0, []] for command in SHOWN}


RECIPE = """
model: isogloss-small
data: {task: pos, format: conllu, path: "data/{language}/{split}.conllu"}
steps: 1
"""

WRONG = {
    "show ud-poss": "no recipe 'ud-poss'; did you mean 'ud-pos'",
    # Recipes, keys, scales, and files that they name.
    "train ud-poss": "no recipe 'ud-poss'; did you mean 'ud-pos'",
    "train ud-pos --set stepps=3": "--set stepps=3: unknown key 'stepps'; did you mean 'steps'",
    "train ud-pos --set seed=[0,1] --scale smokee": "no scale 'smokee'",
    "train ud-pos --report-to wanddb": "--report-to wanddb: report_to: ",
    "train list.yaml": "list.yaml: a recipe is a mapping of keys, found list",
    "train broken.yaml": "broken.yaml: not YAML: ",
    "train own.yaml": "template 'data/{language}/{split}.conllu': no such file",
    "train other.yaml --output run": "run exists; --resume goes on with it",
    "train other.yaml --resume --overwrite": "resume and overwrite exclude each other",
    "pretrain isogloss-smal": "no recipe 'isogloss-smal'",
    "pretrain isogloss-small --set stepps=3": "--set stepps=3: unknown key 'stepps'",
    "pretrain isogloss-small --set text.0.path=no/{language}.txt": "template 'no/{language}.txt': no such file",
    "pretrain-adapter language-adapter": "no recipe 'language-adapter'",
    "distil --objective relation": "objective: no objective 'relation'; did you mean 'relations'",
    "distil isogloss-small --recipe distiled": "no recipe 'distiled'; did you mean 'distilled'",
    "distil --run runn --student s --text x": "run: runn is no finished run",
    "advise ud-poss": "no recipe 'ud-poss'",
    "advise own.yaml": "template 'data/{language}/{split}.conllu': no such file",
    "compare ud-pos ud-poss": "ud-poss",
    "compare ud-pos ud-pos-sequential-reptile --set stepps=3": "--set stepps=3: unknown key 'stepps'",
    "compare ud-pos --split devv --seeds 3": "split: 'devv' is unknown; did you mean 'dev'",
    "data validate ud-poss": "no recipe 'ud-poss'",
    "data validate broken.yaml": "broken.yaml: not YAML: ",
    "data validate x.conllu --task poss --format conllu": "task: no task 'poss'; did you mean 'pos'",
    "data get xnly": "no data set 'xnly' in the catalogue; did you mean 'xnli'",
    "translate ud-poss --to de --model m": "no recipe 'ud-poss'",
    "translate own.yaml --to de --model m --split trian": "split: 'trian' is unknown; did you mean 'train'",
    "project ud-poss --to de --model m": "no recipe 'ud-poss'",
    "reproduce fun/mnly": "no setting 'fun/mnly'; did you mean 'fun/mnli'",
    "reproduce xlm-k/ner --set stepps=3": "--set stepps=3: unknown key 'stepps'",
    # Runs, what is done with them, and where it goes.
    "evaluate runn": "runn is no run folder",
    "evaluate run --split tset": "split: 'tset' is unknown; did you mean 'test'",
    "evaluate run --view orignal": "view: no view 'orignal'; did you mean 'original'",
    "evaluate run --adapters swop": "adapters: 'swop' is unknown; did you mean 'swap'",
    "evaluate run --data pud": "--data: no data 'pud' in the recipe",
    "evaluate run --languages German": "languages: 'German' is no language code: German is de",
    "evaluate run": "template 'data/{language}/{split}.conllu': no such file",
    "predict runn own.yaml --language de": "runn is no run folder",
    "predict run no.conllu --language de": "no.conllu: error: no such file",
    "predict run own.yaml --language German": "language: ",
    "predict run own.yaml --language de --format conlu": "no format 'conlu'; did you mean 'conllu'",
    "predict run own.yaml --language de --adapters swop": "adapters: 'swop' is unknown",
    "predict run a.conllu --language de --output a.conllu": "is the file that is read",
    "predict runn --text hello --language de": "runn is no run folder",
    "errors runn": "runn",
    "export runn --to hf --output out": "runn is no run folder",
    "export run --to hff --output out": "to: 'hff' is unknown; did you mean 'hf'",
    "export run --to hf --output run": "run holds something",
    "card runn": "runn is no run folder",
    "gap runn": "runs: no folder runn; did you mean 'run'",
    "gap run --pooling meen": "pooling: 'meen' is unknown; did you mean 'mean'",
    "report runn -o page.html": "runs: no folder runn",
    "unfreezing runn": "runs: no folder runn",
    # Encoders, and text.
    "trim isogloss-smal --languages de --text a.conllu -o out": "no model 'isogloss-smal'; did you mean",
    "trim isogloss-small --languages de -o out": "text: isogloss-small is no run",
    "trim isogloss-small --languages de --text no/{language}.txt -o out": "template 'no/{language}.txt': no such file",
    "trim isogloss-small --languages de --text a.conllu -o run": "run holds something",
    "retrieve isogloss-small --data no/{language}.tsv": "template 'no/{language}.tsv': no such file",
    "retrieve isogloss-small --data x --direction backwards": "direction: 'backwards' is unknown; did you",
    "probe isogloss-small --kind clozee": "kind: no probe 'clozee'; did you mean 'cloze'",
    "probe isogloss-smal --kind cloze": "no model 'isogloss-smal'",
    "probe isogloss-small --kind entity-retrieval --corpus nowhere": "nowhere: no such folder of knowledge",
}
"""Command lines with what they are refused for, all of which is told before anything slow is imported."""


def told_in(folder: Path, commands: list[str]) -> str:
    """What commands say on standard error, run in a folder, and in a last line their statuses and slow imports."""
    return subprocess.run(
        [sys.executable, "-c", PROGRAM],
        input=json.dumps([SLOW, commands]),
        capture_output=True,
        text=True,
        cwd=folder,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)},
    ).stderr


@pytest.mark.slow
def test_what_is_misspelt_is_told_without_them_too(tmp_path: Path):
    (tmp_path / "own.yaml").write_text(RECIPE)
    (tmp_path / "other.yaml").write_text(RECIPE.replace("data/{language}/{split}", "{split}/{language}"))
    (tmp_path / "list.yaml").write_text("- a\n")
    (tmp_path / "broken.yaml").write_text("a: [b\n")
    words = "1\ta\t_\tX\t_\t_\t_\t_\t_\t_\n\n"
    (tmp_path / "a.conllu").write_text(words)
    (tmp_path / "train").mkdir()
    (tmp_path / "train" / "de.conllu").write_text(words)
    for folder in ("model", "checkpoint-1"):
        (tmp_path / "run" / folder).mkdir(parents=True)
    (tmp_path / "run" / "fingerprint.json").write_text("{}")
    (tmp_path / "run" / "recipe.yaml").write_text(RECIPE)
    score = {"run": "run", "task": "pos", "data": "data", "language": "de", "split": "test", "metric": "accuracy"}
    row = {**score, "method": "multitask", "view": "original", "value": 0.5, "seed": 0}
    (tmp_path / "run" / "results.jsonl").write_text(json.dumps(row) + "\n")
    *messages, found = told_in(tmp_path, [*WRONG]).splitlines()
    told = [line for line in messages if line.startswith("error: ")]
    assert len(told) == len(WRONG), messages
    missed = {command: line for (command, said), line in zip(WRONG.items(), told, strict=True) if said not in line}
    assert not missed, json.dumps(missed, indent=1)
    assert json.loads(found) == {command: [2, []] for command in WRONG}


@pytest.mark.slow
def test_bad_files_are_listed_without_them(tmp_path: Path):
    (tmp_path / "own.yaml").write_text(RECIPE)
    for split in ("train", "dev"):
        path = tmp_path / "data" / "de" / f"{split}.conllu"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("1\ta\n")
    found = told_in(tmp_path, ["data validate own.yaml"]).splitlines()[-1]
    assert json.loads(found) == {"data validate own.yaml": [1, []]}


@pytest.mark.slow
def test_no_call_imports_anything_slow_before_it_is_called():
    names = [name for name in isogloss.__all__ if name not in ("Callback", "Moment")]
    program = f"import sys, isogloss\nfor name in {names}: getattr(isogloss, name)\n"
    program += f"print([name for name in {SLOW} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.slow
def test_what_is_read_from_run_folders_needs_none_of_them(tmp_path: Path):
    runs, page = several_reported(tmp_path / "runs"), tmp_path / "page.html"
    command = f"report {runs} --output {page}"
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], input=json.dumps([SLOW, [command]]), capture_output=True, text=True, check=True
    )
    assert json.loads(done.stderr) == {command: [0, []]}
    assert page.exists()


@pytest.mark.parametrize("verb", VERBS)
def test_help_says_how_a_verb_is_used(verb: str, capsys: pytest.CaptureFixture[str]):
    with pytest.raises(SystemExit) as end:
        app([*verb.split(), "--help"], prog_name="isogloss")
    shown, errors = capsys.readouterr()
    assert (end.value.code, errors) == (0, "")
    assert shown.strip().startswith(f"Usage: isogloss {verb}".strip())
    command = VERBS[verb]
    if isinstance(command, TyperGroup):
        assert set(command.commands) <= set(shown.split())
    elif not verb.startswith("list "):
        assert f"Example: isogloss {verb}" in shown
    for option in command.params:
        assert all(name in shown for name in option.opts if name.startswith("--"))


def test_no_line_of_the_list_of_verbs_is_cut(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    monkeypatch.setenv("COLUMNS", "80")
    for group in ("", "data", "list"):
        with pytest.raises(SystemExit):
            app([*group.split(), "--help"], prog_name="isogloss")
        assert "..." not in capsys.readouterr().out.split("Commands:")[1]


def test_every_output_has_the_same_short_name():
    outputs = {
        verb: param.opts for verb, command in VERBS.items() for param in command.params if param.name == "output"
    }
    assert {verb: opts for verb, opts in outputs.items() if "-o" not in opts} == {}
    assert {"train", "predict", "report", "export"} <= set(outputs)

"""What only shows needs none of the code that trains: help, lists, recipes, schemas and reports are there at once."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.core import TyperGroup

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


@pytest.mark.slow
def test_what_is_misspelt_is_told_without_them_too():
    wrong = {
        "show ud-poss": "no recipe 'ud-poss'; did you mean 'ud-pos'",
        "train ud-poss": "no recipe 'ud-poss'; did you mean 'ud-pos'",
        "train ud-pos --set stepps=3": "unknown key 'stepps'; did you mean 'steps'",
        "train ud-pos --set seed=[0,1] --scale smokee": "scale",
    }
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], input=json.dumps([SLOW, [*wrong]]), capture_output=True, text=True
    )
    *messages, found = done.stderr.splitlines()
    assert all(said in message for said, message in zip(wrong.values(), messages, strict=True)), messages
    assert json.loads(found) == {command: [2, []] for command in wrong}


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

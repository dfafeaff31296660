"""What is told after all runs of a training: a table for each recipe, and advice that works."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path
from typing import Any

import pytest
import yaml

from isogloss.calls.outcome import print_outcome
from isogloss.cli import app
from isogloss.common.writing import read_lines, write_text
from isogloss.recipe.resolve import as_yaml
from isogloss.recipe.sweep import resolve_sweep
from tests.reports.test_compared import write_run

RECIPE: dict[str, Any] = {
    "model": "m",
    "data": {"task": "topic", "format": "json", "path": "p"},
    "steps": 10,
    "train_languages": ["en", "de"],
}


def outcome(root: Path, sweep: dict[str, Any], **changes: Any) -> None:
    """Write the runs of a sweep as training leaves them, and print what they say together."""
    children = resolve_sweep({**RECIPE, "sweep": sweep, **changes})
    found: dict[str, list[dict[str, Any]]] = {}
    for place, (name, recipe) in enumerate(children):
        trained = recipe.train_languages or ()
        for left in trained if recipe.leave_one_out else ("",):
            run = root / name / (f"without-{left}" if left else "")
            write_run(run, split="dev", method=recipe.method, right=0.9 - place / 4, number=20)
            sources = [language for language in trained if language != left]
            own = [{**row, "train_languages": sources, "at_test": None} for row in read_lines(run / "results.jsonl")]
            write_text(run / "results.jsonl", "".join(f"{json.dumps(row)}\n" for row in own))
            stored = yaml.safe_load(as_yaml(recipe.model_copy(update={"train_languages": tuple(sources)})))
            if stored["optimizer"]["lookahead"] is not None:
                stored["optimizer"]["lookahead"]["inner_steps"] = recipe.steps // 5  # derived from the steps
            write_text(run / "recipe.yaml", yaml.safe_dump(stored))
            found.setdefault(name, []).extend({**row, "run": str(run)} for row in own)
    print_outcome(children, found, root, list(sweep))


@pytest.mark.parametrize(
    ("sweep", "changes", "columns"),
    [
        ({"learning_rate": [1e-4, 3e-4]}, {}, ["learning_rate=0.0001", "learning_rate=0.0003"]),
        (
            {"learning_rate": [1e-4, 3e-4], "steps": [5]},
            {},
            ["learning_rate=0.0001, steps=5", "learning_rate=0.0003, steps=5"],
        ),
        ({"steps": [10, 20]}, {"method": "sequential_reptile"}, ["steps=10", "steps=20"]),
        ({"train_languages": [["en"], ["de"]]}, {}, ["train_languages=en", "train_languages=de"]),
        (
            {"optimizer": [{"kind": "adamw", "eps": 1e-6}, {"kind": "adamw", "eps": 1e-8}]},
            {},
            ["optimizer=adamw, optimizer.eps=1e-06", "optimizer=adamw, optimizer.eps=1e-08"],
        ),
        (
            {"learning_rate": [1e-4, 3e-4]},
            {"leave_one_out": True},
            ["learning_rate=0.0001", "learning_rate=0.0003"],
        ),
        (
            {"leave_one_out": [True, False]},
            {},
            ["leave_one_out=false", "leave_one_out=true-without-de", "leave_one_out=true-without-en"],
        ),
    ],
)
def test_the_command_that_is_named_shows_what_was_swept(
    sweep: dict[str, Any],
    changes: dict[str, Any],
    columns: list[str],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
):
    outcome(tmp_path / "my runs", sweep, **changes)
    (said,) = re.findall(r"^`isogloss (.*)` says more\.$", capsys.readouterr().out, re.MULTILINE)
    app(shlex.split(said), standalone_mode=False)
    header = capsys.readouterr().out.splitlines()[0]
    found = [cell.strip().replace("/", "-") for cell in header.strip("|").split("|")]
    assert sorted(found[2:]) == sorted(columns)


def test_languages_left_out_have_a_table_for_each_setting(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    outcome(tmp_path, {"learning_rate": [1e-4, 3e-4]}, leave_one_out=True)
    said = capsys.readouterr().out
    tables = re.findall(r"one language left out, (.*)\n.*\n.*\n(.*)\n(.*)\n", said)
    assert [title for title, *_ in tables] == [f"learning_rate={rate}, seed 0, dev" for rate in ("0.0001", "0.0003")]
    for _, *lines in tables:
        assert [line.split()[:2] for line in lines] == [["d", "de"], ["d", "en"]]
        # Each language was trained on once and left out once, with the same score.
        assert all(line.split()[2] == line.split()[3] and line.split()[4] == "0.0" for line in lines)
    assert len({lines[0].split()[2] for _, *lines in tables}) == 2


def test_other_numbers_of_sentences_are_not_advised_to_be_compared(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    children = resolve_sweep({**RECIPE, "sweep": {"steps": [1, 2]}})
    row = {"task": "topic", "metric": "accuracy", "split": "dev", "train_languages": ["en"], "language": "en"}
    row |= {"value": 0.5, "seed": 0, "data": "d", "at_test": None}
    print_outcome(
        children, {name: [{**row, "n": place}] for place, (name, _) in enumerate(children)}, tmp_path, ["steps"]
    )
    assert capsys.readouterr().out == (
        "\nNo best on the dev data of the sources, which differ: en (0 sentences) of `steps=1`, en (1 sentences) of "
        "`steps=2`.\n"
    )

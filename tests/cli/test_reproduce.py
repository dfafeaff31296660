"""`isogloss reproduce`: lists, and a status that says whether scores are as expected."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.support.command import Command, require_error


@pytest.mark.parametrize(("value", "status"), [(0.732, 0), (0.7, 1)])
def test_check(value: float, status: int, command: Command, tmp_path: Path):
    folder = tmp_path / "fun" / "mnli" / "paper" / "standard"
    folder.mkdir(parents=True)
    row = {"data": "xnli", "language": "zh", "split": "test", "view": "original", "metric": "accuracy", "seed": 0}
    row |= {"value": value, "selection": "source-dev", "at_test": "swap"}
    (folder / "results.jsonl").write_text(f"{json.dumps(row)}\n")
    found = command("reproduce", "fun/mnli", "--scale", "paper", "--arm", "standard", "--output", tmp_path, "--check")
    assert found.status == status and f"{1 - status} of 1 figures are met" in found.out
    missing = [line for line in found.out.splitlines() if "not measured" in line]
    assert len(missing) == 12, "the other languages, and their mean"


def test_lists_and_errors(command: Command):
    assert "fun/mnli: inference" in command("reproduce").out
    assert "standard: recipe mnli-nli-adapters" in command("reproduce", "fun").out
    require_error(command("reproduce", "fun/mnly"), "did you mean 'fun/mnli'")
    require_error(command("advise", "ud-po"), "no recipe 'ud-po'; did you mean 'ud-pos'")

"""The demo runs from nothing but the package, and goes on where it was interrupted."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import isogloss.calls.demo
from isogloss import IsoglossError
from isogloss.calls.demo import demo
from isogloss.models.shipped import located, shipped_models
from tests.support.world import runs_in


def without_numbers(text: str) -> list[str]:
    """The lines of a text, whatever the numbers in them and the widths of columns."""
    return [" ".join(re.sub(r"[-+]?\d[\d.]*|†|-{3,}", " ", line).split()) for line in text.splitlines()]


@pytest.mark.slow
def test_demo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    monkeypatch.setattr(isogloss.calls.demo, "SENTENCES", {"train": 24, "dev": 10, "test": 10})
    root = tmp_path / "demo"
    said = demo(root, seeds=(0, 1), steps=10)
    words, inference = said.index("Parts of speech:"), said.index("Inference:")
    for table in (said[words:inference], said[inference:]):
        assert "de (source)" in table and "mean of unseen" in table
    assert "sequential_reptile − multitask" in said[words:inference]
    assert "2 seeds are too few to say who won" in said[words:inference]
    assert "Difference" not in said[inference:] and "is ahead" not in said[inference:], "one method alone"
    printed, told = capsys.readouterr()
    announcement, *runs = told.splitlines()
    assert "more than a minute" in announcement and "TASK/METHOD/seed-N.log" in announcement and not printed
    trained = [
        root / "pos" / method / f"seed-{seed}" for method in ("multitask", "sequential_reptile") for seed in (0, 1)
    ]
    trained.append(root / "nli/multitask/seed-0")
    assert [line.split(": ")[0] for line in runs] == [str(path) for path in trained]
    assert runs_in(root) == sorted(trained)
    assert len(said.splitlines()) + 1 + 4 < 60, "with three seeds"
    log = (root / "pos/multitask/seed-0.log").read_text(encoding="utf-8")
    assert "training examples" in log and "in no training file" not in log
    commands = [line.split() for line in said.splitlines() if line.startswith("  isogloss")]
    assert len(commands) == 5
    assert Path(commands[0][2]).is_dir()
    assert Path(commands[0][3]).is_file()
    assert Path(commands[1][2]).is_file()

    readme = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
    (shown,) = re.findall("^```text\n(.*?)^```", readme, re.M | re.S)
    printed_lines = without_numbers(said.replace(str(root), "runs/demo"))
    assert [line for line in without_numbers(shown) if line not in printed_lines and "won" not in line] == []

    before = {path: path.read_bytes() for path in root.rglob("results.jsonl")}
    assert demo(root, seeds=(0, 1), steps=10) == said
    assert {path: path.read_bytes() for path in root.rglob("results.jsonl")} == before


def test_a_folder_with_something_else_is_left_alone(tmp_path: Path):
    (tmp_path / "thesis.tex").write_text("all of it")
    with pytest.raises(IsoglossError, match="holds no demo"):
        demo(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]


def test_the_shipped_encoder_is_small_enough_and_found_by_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    folder = shipped_models()["isogloss-small"]
    assert sum(path.stat().st_size for path in folder.iterdir()) < 25_000_000
    assert located("isogloss-small") == folder
    assert located("some/encoder") == "some/encoder"
    monkeypatch.chdir(tmp_path)
    (tmp_path / "isogloss-small").mkdir()
    assert located("isogloss-small") == "isogloss-small"

"""`isogloss corpus` from the command line, and the benchmark of it at a toy size."""

from __future__ import annotations

import builtins
from pathlib import Path
from typing import Any

import pytest

from benchmarks.dumps import arithmetic, measure
from tests.support.command import Command, require_error
from tests.support.dumps import rows_of, write_dump, write_props
from tests.support.wikis import FR, FR_ITEMS


def test_a_corpus(command: Command, tmp_path: Path):
    dump, props = write_dump(tmp_path, "frwiki", FR), write_props(tmp_path, "frwiki", FR_ITEMS)
    done = command(
        "corpus", dump, props, "-o", tmp_path / "c", "--min-words", "7", "--most-per-entity", "1", "--unlinked"
    )
    assert done.status == 0
    assert done.out.splitlines() == [
        "fr: 3 articles, 3 descriptions, 3 mentions, 3 pages, 3 sentences",
        "",
        "fr, left out",
        "        1  sentence: too short",
    ]
    assert len(rows_of(tmp_path / "c", "sentences")) == 3
    again = command(
        "corpus", dump, props, "-o", tmp_path / "c", "--min-words", "7", "--most-per-entity", "1", "--unlinked"
    )
    assert again.out == done.out
    require_error(command("corpus", dump, props, "-o", tmp_path / "c"), "holds a build of other limits; give what was")


def test_bad_arguments(command: Command, tmp_path: Path):
    dump = write_dump(tmp_path, "frwiki", FR)
    require_error(command("corpus", tmp_path / "x.jsonl", "-o", tmp_path / "c"), r"x\.jsonl: no such file")
    require_error(command("corpus", dump, "-o", tmp_path / "c", "--executor", "Slurm"), "did you mean 'slurm'")
    settings = ("--executor", "slurm", "--executor-settings")
    require_error(command("corpus", dump, "-o", tmp_path / "c", *settings, "[1]"), "expected a mapping such as")
    require_error(command("corpus", dump, "-o", tmp_path / "c", "--same-entities", dump), "must say its two languages")


def test_without_the_extra(command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    load = builtins.__import__

    def missing(name: str, *more: Any, **given: Any) -> Any:
        if name == "isogloss.dumps.build":
            raise ModuleNotFoundError("No module named 'sentencex'", name="sentencex")
        return load(name, *more, **given)

    monkeypatch.setattr(builtins, "__import__", missing)
    found = command("corpus", tmp_path / "x.jsonl", "-o", tmp_path / "c")
    require_error(found, r"sentencex is not installed; pip install 'isogloss\[corpus\]'")


@pytest.mark.slow
def test_the_benchmark():
    figures = measure(0.2)
    assert 0.2 <= figures["xml_mb"] < 0.3 and figures["sentences"] > 100 and figures["mb_per_processor_second"] > 0
    assert arithmetic(speed=1, cores=10, gigabytes=36) == {
        "gigabytes": 36, "cores": 10, "hours_on_one": 1, "hours_on_ten": 0.1
    }  # fmt: skip

"""Runs side by side: seeds, methods, and what keeps runs from being compared."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import isogloss
from isogloss import IsoglossError
from isogloss.data.conllu import ConllU
from isogloss.data.problems import Problems
from tests.support.runs import rows_of, short
from tests.support.world import SIZES, runs_in


@pytest.mark.slow
def test_sentences_as_they_are_written_from_training_to_comparison(
    world: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    for spacing in ("words", "text"):
        for seed in (0, 1):
            asked = short("pos", world, spacing=spacing, seed=seed, steps=3)
            rows = isogloss.train(asked, output=tmp_path / spacing / str(seed))
            assert {row["spacing"] for row in rows} == {spacing}
    assert "selection: source-dev + spacing text, split: dev" in capsys.readouterr().out
    run = tmp_path / "text" / "0"
    again = isogloss.evaluate(run, split="dev")
    final = {(row["language"], row["metric"]): row["value"] for row in rows_of(run) if row["selection"] is not None}
    assert {(row["language"], row["metric"]): row["value"] for row in again} == final
    assert {row["spacing"] for row in again} == {"text"}
    written = isogloss.predict(run, world / "pos" / "de" / "test.conllu", language="de", output=tmp_path / "out.conllu")
    assert len(ConllU().read(written, "de", Problems())) == SIZES["test"]["de"]
    with pytest.raises(IsoglossError, match="spacing differs between the rows: text; words"):
        isogloss.compare([tmp_path], baseline="multitask")
    assert "spacing text" in isogloss.compare([tmp_path / "text"], baseline="multitask")


def test_seeds_make_a_run_each_and_are_compared(world: Path, tmp_path: Path):
    for method in ("multitask", "temperature_sampling"):
        rows = isogloss.train(short("pos", world, method=method, seed=[0, 1], steps=3), output=tmp_path / method)
        assert [path.name for path in runs_in(tmp_path / method)] == ["seed-0", "seed-1"]
        assert {row["seed"] for row in rows} == {0, 1}
    weights = [
        (tmp_path / "multitask" / seed / "model/model.safetensors").read_bytes() for seed in ("seed-0", "seed-1")
    ]
    assert weights[0] != weights[1]
    table = isogloss.compare([tmp_path], baseline="multitask")
    header, _, *lines = table.splitlines()
    assert [name.strip() for name in header.split("|")[1:5]] == ["data", "language", "floor", "multitask"]
    assert "temperature_sampling − multitask" in header
    assert [line.split("|")[2].strip() for line in lines[:7]] == [
        *("en (source)", "fr (source)", "ru (source)", "de"),
        *("mean of sources", "mean of unseen", "mean"),
    ]
    assert all(line.count("n = 2") == 3 for line in lines[:7])
    with pytest.raises(IsoglossError, match="no result row of the baseline 'multitsk'; did you mean 'multitask'"):
        isogloss.compare([tmp_path], baseline="multitsk")


def test_runs_of_the_same_name_elsewhere_are_not_taken_for_one(world: Path, tmp_path: Path, monkeypatch: Any):
    for seed, place in enumerate(("here", "there")):
        (tmp_path / place).mkdir()
        monkeypatch.chdir(tmp_path / place)
        isogloss.train(short("pos", world, seed=seed, steps=1), output="run")
    table = isogloss.compare([tmp_path / "here", tmp_path / "there"], baseline="multitask")
    assert "n = 2" in table.splitlines()[2]

"""A run that has ended is left as it is, and one that has not begun is begun."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

import isogloss
from isogloss import IsoglossError
from isogloss.common.writing import read_lines
from isogloss.run.folder import RunFolder
from tests.support.methods import recipe
from tests.support.runs import contents
from tests.support.world import outcome

pytestmark = pytest.mark.slow


def test_frozen_embeddings_are_those_of_the_checkpoint(world: Path, tmp_path: Path):
    isogloss.train(recipe("frozen_embeddings", world, model="{world}/encoder"), output=tmp_path / "run")
    before = load_file(world / "encoder" / "model.safetensors")
    after = load_file(tmp_path / "run" / "model" / "model.safetensors")
    after = {name.removeprefix("roberta."): value for name, value in after.items()}
    moved = {name for name, value in before.items() if name in after and not torch.equal(value, after[name])}
    assert "embeddings.word_embeddings.weight" not in moved
    assert {"embeddings.position_embeddings.weight", "encoder.layer.0.output.dense.weight"} <= moved


def test_averaged_tokens_are_scored_again_as_they_were(straight: Callable[[str], Path], tmp_path: Path):
    run = shutil.copytree(straight("averaged_tokens"), tmp_path / "run")
    final = [row for row in read_lines(run / "results.jsonl") if row["selection"] and row["split"] == "dev"]
    assert final
    assert [{**row, "run": None} for row in isogloss.evaluate(run)] == [{**row, "run": None} for row in final]


def test_resume_of_a_finished_run_changes_nothing(world: Path, straight: Callable[[str], Path], tmp_path: Path):
    finished = Path(shutil.copytree(straight("multitask"), tmp_path / "finished"))
    isogloss.train(recipe("multitask", world), output=finished, resume=True)
    assert outcome(finished) == outcome(straight("multitask"))


def test_resume_keeps_what_was_scored_after_the_end(world: Path, tmp_path: Path):
    whole, run = recipe("multitask", world, steps=4), tmp_path / "run"
    final = isogloss.train(whole, output=run)
    isogloss.evaluate(run, split="test")
    before = [outcome(run), *(contents(run / name) for name in ("model", "predictions", "checkpoint-4"))]
    rows, touches = (run / "results.jsonl").read_bytes(), (run / "test_touches.json").read_bytes()

    assert isogloss.train(whole, output=run, resume=True) == final

    assert [outcome(run), *(contents(run / name) for name in ("model", "predictions", "checkpoint-4"))] == before
    assert (run / "results.jsonl").read_bytes() == rows
    assert (run / "test_touches.json").read_bytes() == touches
    starts = json.loads((run / "environment.json").read_text(encoding="utf-8"))
    assert [start["processes"] for start in starts] == [1, 1]


def test_resume_starts_what_has_not_been_started(world: Path, straight: Callable[[str], Path], tmp_path: Path):
    isogloss.train(recipe("multitask", world), output=tmp_path / "run", resume=True)
    assert outcome(tmp_path / "run") == outcome(straight("multitask"))


@pytest.mark.parametrize("resume", [False, True])
def test_a_start_that_was_interrupted_is_made_again(
    resume: bool, world: Path, straight: Callable[[str], Path], tmp_path: Path
):
    whole, run = recipe("multitask", world), tmp_path / "run"
    for name in ("recipe.yaml", "environment.json"):
        run.mkdir(exist_ok=True)
        shutil.copy(straight("multitask") / name, run)
    RunFolder(run).begin()
    shutil.copytree(straight("multitask") / "starting_weights", run / "starting_weights")
    (run / "thesis.tex").write_text("all of it")
    before = contents(run)
    with pytest.raises(IsoglossError, match="holds no run to resume" if resume else "run exists; --resume"):
        isogloss.train(whole, output=run, resume=resume)
    assert contents(run) == before

    (run / "thesis.tex").unlink()
    isogloss.train(whole, output=run, resume=resume)
    assert outcome(run) == outcome(straight("multitask"))

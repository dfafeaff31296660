"""Too little memory is one error that says what to do, and the run can be gone on with."""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

import isogloss
import isogloss.step.loop
from isogloss import IsoglossError
from isogloss.common.distributed import ALONE
from isogloss.protocols import Progress
from isogloss.run.callbacks import Callback, Moment
from isogloss.run.folder import RunFolder
from isogloss.run.held_out_scoring import HeldOutScoring
from isogloss.run.masked_scoring import MaskedMeasure
from isogloss.run.memory import Demand, enough_memory
from isogloss.streams.masked import Masking
from tests.support.runs import short
from tests.support.world import names_of_checkpoints

TOO_MUCH = 2**48
"""More bytes than any machine has, asked for of the real allocator."""


def take_too_much(*_: Any) -> None:
    torch.empty(TOO_MUCH, dtype=torch.uint8)


def test_a_step_without_memory_is_one_error_and_goes_on_with_half_of_it(
    world: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    take_step, recipe = isogloss.step.loop.take_step, short("pos", world, steps=3, save_steps=1)

    def take(training: Any) -> None:
        if training.progress.step == 1:
            take_too_much()
        take_step(training)

    with monkeypatch.context() as patch, pytest.raises(IsoglossError) as refused:
        patch.setattr(isogloss.step.loop, "take_step", take)
        isogloss.train(recipe, output=tmp_path / "run")
    message = str(refused.value)
    assert message.startswith("training: out of memory (")
    for part in (
        "batch_size 5 = 1 process(es) x 1 micro-batch(es) x 5, each of up to 64 sub-words",
        "--resume --set gradient_accumulation_steps=2 goes on from checkpoint-1 with 3 at a time",
        "the batch stays one of 5",
    ):
        assert part in message
    capsys.readouterr()
    isogloss.train(recipe, output=tmp_path / "run", resume=True, overrides=["gradient_accumulation_steps=2"])
    assert "warning: gradient_accumulation_steps was 1, is 2" in capsys.readouterr().err
    assert names_of_checkpoints(tmp_path / "run") == [3]
    assert "gradient_accumulation_steps: 2" in (tmp_path / "run" / "recipe.yaml").read_text()


def test_an_evaluation_without_memory_names_its_own_batch(world: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    with monkeypatch.context() as patch, pytest.raises(IsoglossError) as refused:
        patch.setattr("isogloss.run.evaluation.predicted", take_too_much)
        isogloss.train(short("pos", world, steps=1), output=tmp_path / "run")
    assert str(refused.value).startswith("evaluation: out of memory (")
    assert "64 pieces of text of up to 64 sub-words" in str(refused.value)
    isogloss.train(short("pos", world, steps=1, evaluation_batch_size=8), output=tmp_path / "run", resume=True)


def test_held_out_text_without_memory_names_its_own_batch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("isogloss.run.masked_scoring.masked_logits", take_too_much)
    masking = Masking(0.5, mask=4, padding=1, special=(0, 1, 2, 3, 4), vocabulary_size=20)
    measure = MaskedMeasure({"en": [np.array([0, 11, 12, 13, 2])]}, masking, batch_size=8, autocast=nullcontext)
    scoring = HeldOutScoring(RunFolder(tmp_path), measure, group=ALONE, progress=Progress(), tokens={})
    with pytest.raises(IsoglossError, match=r"evaluation: out of memory .*: 8 sentences go through the model at a"):
        scoring.dev(nn.Linear(1, 1), 1, None)


def test_errors_of_callbacks_are_their_own(world: Path, tmp_path: Path):
    class Writer(Callback):
        """Writes into a memory of its own, which is full."""

        def after_step(self, moment: Moment) -> None:
            raise RuntimeError("not enough memory in my own writer")

    with pytest.raises(RuntimeError, match=r"^not enough memory in my own writer$"):
        isogloss.train(short("pos", world, steps=1), output=tmp_path / "run", callbacks=[Writer()])


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB. GPU 0 has ..."),
        RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`"),
        RuntimeError("MPS backend out of memory (MPS allocated: 1 GB)"),
    ],
)
def test_every_way_to_say_it(error: Exception):
    with (
        pytest.raises(IsoglossError, match=r"step: out of memory.*: take less"),
        enough_memory("step", lambda: "take less"),
    ):
        raise error


def test_other_errors_stay_what_they_are():
    with pytest.raises(RuntimeError, match="shapes"), enough_memory("step", lambda: "take less"):
        raise RuntimeError("shapes do not match")


def test_one_example_at_a_time_cannot_be_halved():
    said = Demand(batch_size=4, processes=2, accumulation=2, length=512).advice(None)
    assert "gradient_accumulation_steps" not in said and said.startswith("batch_size 4 = 2 process(es) x 2 micro-")
    assert "--resume --set gradient_accumulation_steps=2 begins with 1" in Demand(2, 1, 1, 8).advice(None)

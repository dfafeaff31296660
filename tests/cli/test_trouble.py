"""What goes wrong within a run: losses and weights that are not finite, full disks, long sentences."""

from __future__ import annotations

import re
import resource
from pathlib import Path
from typing import Any

import pytest
from transformers import AutoModelForTokenClassification

import isogloss.step.loop
from tests.support.command import Command, Result, require_error, tail
from tests.support.world import names_of_checkpoints


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


@pytest.mark.slow
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

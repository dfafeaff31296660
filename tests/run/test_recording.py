"""What a run says while it runs."""

from __future__ import annotations

import io
import math
import re
from contextlib import nullcontext
from pathlib import Path
from statistics import mean

import pytest
from torch import nn
from transformers import TrainerState

import isogloss
from isogloss.common.distributed import ALONE
from isogloss.protocols import Progress
from isogloss.run import recording
from isogloss.run.folder import RunFolder
from isogloss.run.held_out_scoring import HeldOutScoring
from isogloss.run.lines import measured
from isogloss.run.masked_scoring import MaskedMeasure
from isogloss.step.meter import Meter
from isogloss.streams.masked import Masking
from tests.support.runs import rows_of, short


@pytest.fixture
def now(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The time, to be set."""
    found = [100.0]
    monkeypatch.setattr(recording.time, "perf_counter", lambda: found[0])
    return found


def told(capsys: pytest.CaptureFixture[str]) -> list[str]:
    """Lines without their time, which they must begin with."""
    found = [
        re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d (step .*)", line) for line in capsys.readouterr().err.splitlines()
    ]
    return [line[1] if line else "no time" for line in found]


def test_in_a_file_a_line_says_how_fast_and_how_long(now: list[float], capsys: pytest.CaptureFixture[str]):
    recorder = recording.Recorder(TrainerState(max_steps=40))
    recorder.open(None)
    for step in range(1, 9):  # a step takes 20 seconds, and has 60 sentences
        now[0] += 20
        recorder.step(step, 0.0)
        if step % 4 == 0:
            recorder.log_losses({"loss": 9 - step, "loss/de": 1.0}, 1e-3, 600 * step)
        with recorder.pause():
            now[0] += 10 * (step == 3)
        since = math.nan if step % 4 == 0 else step / 8
        recorder.tell(["saved checkpoint-3"] if step == 3 else [], lambda: since, 60 * step)  # noqa: B023 - asked at once
    assert told(capsys) == [
        "step 2 of 40: loss 0.250, 3 sentences/s, 0:12:40 left",
        # What comes in between has its line, and its time is not that of training.
        "step 3 of 40: loss 0.375, 3 sentences/s, 0:14:23 left, saved checkpoint-3",
        "step 5 of 40: loss 0.625, 3 sentences/s, 0:12:50 left",
        "step 7 of 40: loss 0.875, 3 sentences/s, 0:11:47 left",
    ]


def test_the_loss_is_that_of_the_last_log_where_there_was_none_since(
    now: list[float], capsys: pytest.CaptureFixture[str]
):
    recorder = recording.Recorder(TrainerState(max_steps=2), "rows")
    recorder.open(None)
    now[0] += 10
    recorder.step(1, 0.0)
    recorder.log_losses({"loss": 1.5}, 1e-3, 5)
    recorder.tell([], Meter().loss, 10)  # a short run prints no lines
    recorder.tell(["evaluated in 1 s"], Meter().loss, 10)
    assert told(capsys) == ["step 1 of 2: loss 1.500, 1 rows/s, 0:00:10 left, evaluated in 1 s"]


def test_on_a_terminal_there_is_a_bar_and_no_line(now: list[float], monkeypatch: pytest.MonkeyPatch):
    terminal = io.StringIO()
    monkeypatch.setattr(terminal, "isatty", lambda: True)
    monkeypatch.setattr("sys.stderr", terminal)
    recorder = recording.Recorder(TrainerState(max_steps=2))
    recorder.open(None)
    now[0] += 100
    recorder.step(1, 0.0)
    recorder.log_losses({"loss": 1.5}, 1e-3, 5)
    recorder.tell(["saved checkpoint-1"], Meter().loss, 10)
    recorder.close()
    shown = terminal.getvalue()
    assert "1/2 |" in shown and "saved" not in shown and "\n" not in shown.rstrip("\n")


def test_another_process_says_nothing(now: list[float], capsys: pytest.CaptureFixture[str]):
    recorder = recording.Recorder(TrainerState(max_steps=2))  # never opened
    recorder.step(1, 0.0)
    recorder.tell(["saved checkpoint-1"], Meter().loss, 10)
    assert capsys.readouterr().err == ""


def test_a_run_says_when_it_is_measured_and_saved(world: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    recipe = short("pos", world, steps=3, evaluation_steps=2, save_steps=3, logging_steps=1)
    isogloss.train(recipe, output=tmp_path / "run")
    lines = re.findall(
        r"^\d{4}.* step (\d) of 3: loss [\d.]+, [\d,]+ sentences/s, 0:00:0\d left, (.*)$", capsys.readouterr().err, re.M
    )
    assert [step for step, _ in lines] == ["2", "3"]
    shown = re.fullmatch(
        r"evaluated in \d s \(dev accuracy: source mean ([\d.]+), target mean ([\d.]+)\), saved checkpoint-3",
        lines[1][1],
    )
    assert shown and "saved" not in lines[0][1]
    values = {
        row["language"]: 100 * row["value"]
        for row in rows_of(tmp_path / "run")
        if row["metric"] == "accuracy" and row["step"] == 3
    }
    means = [mean(values[code] for code in codes) for codes in (("en", "fr", "ru"), ("de",))]
    assert [float(value) for value in shown.groups()] == pytest.approx(means, abs=0.06)


def test_languages_that_all_were_trained_on_are_told_one_by_one():
    columns = {"metric": "f1", "split": "dev", "context_language": None, "train_languages": ["en", "fr"]}
    rows = [{"language": "en", "value": 0.9, **columns}, {"language": "fr", "value": 0.5, **columns}]
    assert measured(rows, 1.0) == "evaluated in 1 s (dev f1: en 90.0, fr 50.0)"
    pair = {**rows[0], "context_language": "de"}
    assert measured([*rows, pair], 1.0) == "evaluated in 1 s (dev f1: source mean 70.0, target mean 90.0)"


def test_the_scores_of_held_out_text_are_for_the_lines_to_tell(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    masking = Masking(0.5, mask=4, padding=1, special=(0, 1, 2, 3, 4), vocabulary_size=20)
    measure = MaskedMeasure({"en": []}, masking, 8, autocast=nullcontext)
    scoring = HeldOutScoring(RunFolder(tmp_path), measure, group=ALONE, progress=Progress(), tokens={})
    assert scoring.dev(nn.Linear(1, 1), 1, None) == []
    assert capsys.readouterr().err == ""

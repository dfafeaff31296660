"""What a run says while it runs."""

from __future__ import annotations

import pytest
from transformers import TrainerState

from isogloss.run import recording


def test_in_a_file_a_line_a_minute_says_how_fast_and_how_long(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    now = [100.0]
    monkeypatch.setattr(recording.time, "perf_counter", lambda: now[0])
    recorder = recording.Recorder(TrainerState(max_steps=40))
    recorder.open(None)
    for step in range(1, 9):  # a step takes 30 seconds, and has 600 sub-words
        now[0] += 30
        recorder.step(step, 0.0)
        recorder.log_losses({"loss": 9 - step, "loss/de": 1.0}, 1e-3, 600 * step)
    lines = capsys.readouterr().err.splitlines()
    assert lines == [
        "step 2 of 40: loss 7.000, 20 sub-words/s, 0:19:00 left",
        "step 4 of 40: loss 5.000, 20 sub-words/s, 0:18:00 left",
        "step 6 of 40: loss 3.000, 20 sub-words/s, 0:17:00 left",
        "step 8 of 40: loss 1.000, 20 sub-words/s, 0:16:00 left",
    ]


def test_a_short_run_prints_no_lines(capsys: pytest.CaptureFixture[str]):
    recorder = recording.Recorder(TrainerState(max_steps=2))
    recorder.open(None)
    recorder.step(1, 0.0)
    recorder.log_losses({"loss": 1.0}, 1e-3, 5)
    assert capsys.readouterr().err == ""

"""Stop a run in the middle of things."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

import isogloss.step.loop


class Stopped(Exception):
    """Stands for whatever ends a process."""


@contextmanager
def stopped_after(step: int) -> Iterator[None]:
    """Whatever trains inside is stopped just before the step after ``step``, and must get there."""
    take_step = isogloss.step.loop.take_step

    def stop(training: Any) -> None:
        if training.progress.step == step:
            raise Stopped
        take_step(training)

    with pytest.MonkeyPatch.context() as patch, pytest.raises(Stopped):
        patch.setattr(isogloss.step.loop, "take_step", stop)
        yield


@contextmanager
def copied_after(step: int, folder: Path, copy: Path) -> Iterator[None]:
    """Whatever trains inside goes on, and ``copy`` is what a power cut after ``step`` would have left of ``folder``."""
    take_step = isogloss.step.loop.take_step

    def step_on(training: Any) -> None:
        if training.progress.step == step:
            shutil.copytree(folder, copy)
        take_step(training)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(isogloss.step.loop, "take_step", step_on)
        yield

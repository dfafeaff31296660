"""A finished run of every task."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import isogloss
from isogloss.run.evaluation import Evaluator
from tests.support.runs import short
from tests.support.world import WRITERS


@pytest.fixture(scope="session")
def trained(world: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """The run folder of each task; trained once, and everyone's: who adds to it takes a copy."""
    root = tmp_path_factory.mktemp("trained")

    def run(task: str) -> Path:
        if not (root / task).exists():
            isogloss.train(short(task, world), output=root / task)
        return root / task

    return run


@pytest.fixture
def run(trained: Callable[[str], Path], tmp_path: Path) -> Path:
    """A copy of the tagging run, to add to."""
    return Path(shutil.copytree(trained("pos"), tmp_path / "run"))


@pytest.fixture
def no_prediction(trained: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever is refused must be refused before anything is predicted."""
    for task in WRITERS:
        trained(task)  # which predicts, to evaluate

    def fail(*_: Any) -> None:
        raise AssertionError("predicted")

    monkeypatch.setattr(Evaluator, "predict", fail)

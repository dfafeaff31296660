"""A run that stops early is resumed to the last bit, ends as it would have, and goes on with more patience."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import isogloss
from isogloss import IsoglossError
from tests.support.methods import CRASH, STEPS, recipe
from tests.support.stopping import stopped_after
from tests.support.world import names_of_checkpoints, outcome

pytestmark = pytest.mark.slow

STOPPED = 9
"""Nothing rises after the first look, at step 3; those of 6 and 9 are the two without improvement."""


def stubborn(world: Path, **changes: Any) -> dict[str, Any]:
    """A run that learns nothing, so that its score stays as it is."""
    return recipe("multitask", world, learning_rate=1e-12, **{"patience": 2, **changes})


def test_early_stopping(world: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    whole = stubborn(world)
    isogloss.train(whole, output=tmp_path / "straight")
    said = capsys.readouterr().err
    assert f"stopped at step {STOPPED} of {STEPS}: the dev score has not risen for 2 evaluations (the best was" in said
    expected = outcome(tmp_path / "straight")
    assert names_of_checkpoints(tmp_path / "straight") == [STOPPED]
    assert {row["step"] for row in expected["results"] if row["selection"]} == {3}
    history = expected["state"]["log_history"]
    assert [entry["step"] for entry in history if "loss" in entry] == [2, 4, 6, 8, STOPPED]

    with stopped_after(CRASH):
        isogloss.train(whole, output=tmp_path / "run")
    isogloss.train(whole, output=tmp_path / "run", resume=True)
    assert outcome(tmp_path / "run") == expected

    isogloss.train(whole, output=tmp_path / "run", resume=True)
    assert outcome(tmp_path / "run") == expected

    with pytest.raises(IsoglossError, match="patience was 2, is 1"):
        isogloss.train(stubborn(world, patience=1), output=tmp_path / "run", resume=True)

    isogloss.train(stubborn(world, patience=None), output=tmp_path / "run", resume=True)
    assert outcome(tmp_path / "run")["state"]["global_step"] == STEPS


def test_patience_needs_a_score(world: Path, tmp_path: Path):
    whole = stubborn(world, selection="last", train_languages=["en"])
    (entry,) = whole["data"]
    entry["splits"] = ["train", "test"]
    with pytest.raises(IsoglossError, match="patience: 2 needs dev data in every training language, none found for en"):
        isogloss.train(whole, output=tmp_path / "run")

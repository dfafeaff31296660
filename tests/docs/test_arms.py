"""How a study of arms chooses learning rates."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

RESULTS = Path(__file__).parents[2] / "docs" / "results"


@pytest.mark.parametrize(
    ("scores", "next_one"),
    [
        ({}, [2e-4, 4e-4]),
        ({2e-4: 0.7, 4e-4: 0.8}, [8e-4]),
        ({4e-4: 0.8, 8e-4: 0.7, 2e-4: 0.75}, []),
        # A tie is settled by no order of files: the smaller one is the best, and at an end.
        ({4e-4: 0.8, 2e-4: 0.8, 8e-4: 0.7}, [1e-4]),
        ({1e-4: 0.9, 4e-4: 0.8, 2e-4: 0.8, 8e-4: 0.7}, []),
    ],
)
def test_the_next_rate(
    scores: dict[float, float], next_one: list[float], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.syspath_prepend(RESULTS)
    import arms

    row = {"selection": "last", "metric": "accuracy", "split": "dev", "language": "en"}
    for rate, value in scores.items():
        folder = arms.Run("topics", "plain", arms.TUNING_SEEDS[0], rate).folder(tmp_path)
        (folder / "run").mkdir(parents=True)
        (folder / "run" / "results.jsonl").write_text(json.dumps({**row, "value": value}) + "\n")
        (folder / "done").touch()
    study = arms.Study(
        script="",
        tasks={"topics": arms.Task("accuracy", {}, lambda root: None)},
        rates={"plain": (2e-4, 4e-4)},
        compared={},
        recipe=lambda run, model, root: {},
    )
    assert study.untried(tmp_path, "topics", "plain") == next_one
    for name in ("arms", "study"):
        sys.modules.pop(name, None)

"""Probes in a run: they change nothing, and leave a table, curves and what they cost."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from transformers import XLMRobertaForTokenClassification

import isogloss
from isogloss import IsoglossError
from isogloss.common.writing import read_lines
from isogloss.diagnostics.rows import COLUMNS
from tests.support.methods import PROBES, STEPS, recipe
from tests.support.world import outcome

pytestmark = pytest.mark.slow


@pytest.fixture
def watched(straight: Callable[[str], Path]) -> Path:
    return straight("probes")


@pytest.mark.parametrize("name", ["probes", "probes_of_slow_weights", "probes_of_weighting"])
def test_a_run_with_all_probes_is_the_run_without(
    name: str, world: Path, straight: Callable[[str], Path], tmp_path: Path
):
    isogloss.train({**recipe(name, world), "probes": []}, output=tmp_path / "alone")
    watched, alone = outcome(straight(name)), outcome(tmp_path / "alone")
    for part in ("weights", "results", "predictions", "checkpoints"):
        assert watched[part] == alone[part], part
    assert set(watched["files"]) - set(alone["files"]) == {"diagnostics.jsonl"}
    seen = [
        row
        for row in watched["state"]["log_history"]
        if not any("/cosine" in key or "/rise" in key or "/trace" in key for key in row)
    ]
    assert [row for row in alone["state"]["log_history"] if row not in seen] == []


def test_the_table(watched: Path):
    rows = read_lines(watched / "diagnostics.jsonl")
    assert all(tuple(row) == COLUMNS for row in rows)

    def steps(probe: str, metric: str) -> set[int]:
        return {row["step"] for row in rows if (row["probe"], row["metric"]) == (probe, metric)}

    # Every third step and, with the ceiling, at checkpoints, which are every fourth; and at the end.
    assert steps("conflicts", "cosine") == {3, 4, 6, 8, 9, STEPS}
    assert steps("conflicts", "within") == {4, 8, STEPS}
    assert steps("forgetting", "rise") == steps("representations", "cka") == {5, STEPS}
    assert steps("flatness", "rise") == {4, 8, STEPS}
    assert steps("fisher", "trace") == steps("fisher", "error") == {3, 6, 9, STEPS}
    assert {row["part"] for row in rows if row["probe"] == "fisher"} == {"layer_1", "mean_open"}
    pairs = {(row["language"], row["other"]) for row in rows if row["metric"] == "cosine" and row["other"]}
    assert pairs == {("en", "fr"), ("en", "ru"), ("fr", "ru")}
    parts = {row["part"] for row in rows if row["probe"] == "conflicts"}
    assert parts == {"model", "encoder", "embeddings", "layer_1", "head"}
    # German has no training data, and is looked at all the same.
    assert {row["language"] for row in rows if row["metric"] == "divergence"} == {"de", "en", "fr", "ru", None}


def test_gradients_that_a_weighting_takes_are_looked_at_for_nothing(world: Path, tmp_path: Path):
    layers = {"weighting": {"granularity": "layers"}}
    isogloss.train(recipe("probes_of_weighting", world, **layers), output=tmp_path / "run")
    rows = read_lines(tmp_path / "run" / "diagnostics.jsonl")
    observed = [row for row in rows if row["probe"] == "observed_conflicts"]
    # Every third step, as asked for; the probe that costs something at checkpoints and at the end only.
    assert {row["step"] for row in observed} == {3, 6, 9, STEPS}
    assert {row["step"] for row in rows if row["probe"] == "conflicts"} == {4, 8, STEPS}
    assert {row["part"] for row in observed} == {"model", "embeddings", "layer_1", "head"}
    assert {(row["metric"], row["n"]) for row in observed} == {("cosine", 1)}
    (whole,) = [row["value"] for row in observed if row["step"] == 3 and row["part"] == "model" and not row["language"]]
    assert -1 < whole < 1


def test_passes_of_probes_are_no_larger_than_those_of_training(world: Path, tmp_path: Path, monkeypatch: Any):
    seen: list[int] = []
    forward = XLMRobertaForTokenClassification.forward

    def noting(self: Any, input_ids: Any, **inputs: Any) -> Any:
        seen.append(len(input_ids))
        return forward(self, input_ids, **inputs)

    monkeypatch.setattr(XLMRobertaForTokenClassification, "forward", noting)
    asked = {"probes": [{"kind": "conflicts", "batches": 2}], "batch_size": 4, "gradient_accumulation_steps": 2}
    isogloss.train(recipe("probes", world, steps=1, evaluation_batch_size=2, **asked), output=tmp_path / "run")
    assert max(seen) == 2


def test_the_curves(watched: Path):
    found = outcome(watched)
    history = [row for row in found["state"]["log_history"] if row["step"] == STEPS and "conflicts/cosine/model" in row]
    (row,) = history
    assert {"conflicts/within/encoder/en", "forgetting/rise/de", "flatness/rise/radius_0.01/fr"} <= set(row)
    assert {"representations/cka/layer_1", "representations/retrieval/layer_0"} <= set(row)
    assert [step for step, _ in found["scalars"]["conflicts/cosine/encoder"]] == [3, 4, 6, 8, 9, STEPS]


def test_what_they_cost_is_said(world: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    isogloss.train(recipe("probes", world, steps=2), output=tmp_path / "run")
    lines = [line for line in capsys.readouterr().err.splitlines() if "probe " in line]
    assert [line.split(" took ")[0] for line in lines] == [f"step 2: probe {probe['kind']}" for probe in PROBES]
    assert "% of the run" in lines[0]
    seconds = json.loads((tmp_path / "run" / "cost.json").read_text(encoding="utf-8"))["seconds"]
    assert {"training", "evaluation", *(f"probe {probe['kind']}" for probe in PROBES)} <= set(seconds)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda world: {"model": str(world / "encoder")}, "encoder' has no masked-LM head, so it cannot be said"),
        (lambda world: {"model": str(world / "masked"), "random_weights": True}, "starts from random weights"),
        (lambda world: {"probes": [PROBES[0], PROBES[0]]}, r"probes: one probe of each kind, found \[{'kind': 'conf"),
        (lambda world: {"probes": [{"kind": "conflict"}]}, "no kind 'conflict'.*conflicts"),
        (lambda world: {"probes": [{"kind": "conflicts", "batches": 3}]}, "multiple of 2, found 3"),
        (lambda world: {"probes": {"kind": "fisher", "labels": "exact"}}, "exact needs tasks with one item an example"),
        (
            lambda world: {
                "probes": [
                    {
                        "kind": "representations",
                        "text": {"format": "lines", "path": f"{world}/parallel/{{language}}.txt"},
                    }
                ]
            },
            r"probes\.0\.text: needs parallel text.*found 0 such sentences in de, en, fr, ru",
        ),
    ],
)
def test_errors(change: Callable[[Path], dict[str, Any]], message: str, world: Path, tmp_path: Path):
    with pytest.raises(IsoglossError, match=message):
        isogloss.train({**recipe("probes", world), **change(world)}, output=tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_validation_looks_at_the_text_of_probes(world: Path, tmp_path: Path):
    broken = tmp_path / "en.txt"
    broken.write_bytes(b"a good line\n\xff\n")
    text = {"format": "lines", "path": str(broken), "languages": ["en"]}
    asked = {**recipe("probes", world), "probes": [{"kind": "forgetting", "text": text}]}
    (tmp_path / "recipe.json").write_text(json.dumps(asked), encoding="utf-8")
    (problem,) = isogloss.validate(tmp_path / "recipe.json").problems.errors
    assert (problem.path, problem.line) == (str(broken), 2)
    asked["probes"] = [{"kind": "representations", "text": {**text, "path": str(world / "parallel" / "en.txt")}}]
    (tmp_path / "recipe.json").write_text(json.dumps(asked), encoding="utf-8")
    (problem,) = isogloss.validate(tmp_path / "recipe.json").problems.errors
    assert problem.path == "recipe" and "probes.0.text: needs parallel text" in problem.message

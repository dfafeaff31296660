"""The probe of Fisher traces says what `Fisher` says on the same batches, and in a run what was open."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

import isogloss
from isogloss.common.writing import read_lines
from isogloss.diagnostics.fisher import Fisher
from isogloss.diagnostics.probes import Every
from isogloss.diagnostics.traces import FisherProbe
from isogloss.protocols import Batch, Progress
from tests.diagnostics.test_fisher import Regression, batch, groups_of
from tests.support.methods import CRASH, STEPS, recipe
from tests.support.stopping import stopped_after

N = 3


def stream(k: int) -> list[Batch]:
    return [batch(4, seed=k)]


def looked(model: Regression, *, batches: int = N, step: int = 7) -> dict[tuple[str, str], tuple[float, int | None]]:
    probe = FisherProbe(Fisher(), groups_of, stream, batches, Every(7, 99))
    assert probe.due(step) and not probe.due(step + 1)
    rows = probe(model, Progress(step=step))
    assert {row["probe"] for row in rows} == {"fisher"}
    found = {(row["metric"], row["part"]): (row["value"], row["n"]) for row in rows}
    assert len(found) == len(rows)
    return found


def test_rows_are_those_of_a_direct_call() -> None:
    model = Regression()
    model.left.requires_grad_(False)
    values = Fisher()(model, groups_of(model), [stream(k) for k in range(N)], 7).values
    rows = looked(model)
    for place, name in enumerate(("left", "right")):
        own = values[:, place]
        assert rows["trace", name] == (pytest.approx(float(own.mean())), N)
        assert rows["error", name] == (pytest.approx(float(own.std()) / N**0.5), N)
    assert rows["open", "left"] == (0.0, None) and rows["open", "right"] == (1.0, None)
    # Only the right layer is open, so the mean over open layers is its own.
    assert rows["trace", "mean_open"] == rows["trace", "right"]
    assert not torch.equal(values[0], values[1])


def test_the_mean_over_open_layers_has_the_error_of_a_mean_and_not_the_mean_of_errors() -> None:
    model = Regression()
    values = Fisher()(model, groups_of(model), [stream(k) for k in range(N)], 7).values.mean(dim=1)
    rows = looked(model)
    assert rows["trace", "mean_open"][0] == pytest.approx(float(values.mean()))
    assert rows["error", "mean_open"][0] == pytest.approx(float(values.std()) / N**0.5)


def test_without_an_open_layer_there_is_no_mean_and_with_one_batch_no_error() -> None:
    model: nn.Module = Regression().requires_grad_(False)
    assert isinstance(model, Regression)
    rows = looked(model, batches=1)
    assert {metric for metric, _ in rows} == {"trace", "open"}
    assert {part for _, part in rows} == {"left", "right"}


def asked(world: Path, **changes: Any) -> dict[str, Any]:
    return recipe("fun", world, probes={"kind": "fisher", "every": 2, "batches": 2}, **changes)


@pytest.fixture
def rows(straight: Callable[[str], Path], world: Path, tmp_path: Path) -> list[dict[str, Any]]:
    isogloss.train(asked(world), output=tmp_path / "whole")
    weights = [(run / "model" / "model.safetensors").read_bytes() for run in (tmp_path / "whole", straight("fun"))]
    assert weights[0] == weights[1]
    return read_lines(tmp_path / "whole" / "diagnostics.jsonl")


@pytest.mark.slow
def test_in_a_run_closed_layers_are_looked_at_too_and_what_is_open_follows_the_events(rows: list[dict[str, Any]]):
    opened = {row["part"]: row["step"] for row in rows if row["metric"] == "opened"}
    assert set(opened) == {"layer_1", "layer_2", "layer_3"}
    looks = {(row["step"], row["part"]): row["value"] for row in rows if row["metric"] == "open"}
    assert looks == {
        (step, part): float(step >= start) for step in range(2, STEPS + 1, 2) for part, start in opened.items()
    }
    traces = {(row["step"], row["part"]): row["value"] for row in rows if row["metric"] == "trace"}
    for step in range(2, STEPS + 1, 2):
        own = [traces[step, part] for part, start in opened.items() if step >= start]
        assert traces[step, "mean_open"] == pytest.approx(sum(own) / len(own))
        assert all(traces[step, part] > 0 for part in opened)


@pytest.mark.slow
def test_a_resume_keeps_the_rows(rows: list[dict[str, Any]], world: Path, tmp_path: Path):
    with stopped_after(CRASH):
        isogloss.train(asked(world), output=tmp_path / "stopped")
    isogloss.train(asked(world), output=tmp_path / "stopped", resume=True)
    assert read_lines(tmp_path / "stopped" / "diagnostics.jsonl") == rows


@pytest.mark.slow
def test_layers_of_a_task_adapter_are_looked_at(world: Path, tmp_path: Path):
    probes = [{"kind": "fisher", "batches": 2, "estimator": "per_example", "norm": "per_parameter"}]
    isogloss.train(recipe("gradual_over_adapters", world, probes=probes), output=tmp_path / "run")
    rows = read_lines(tmp_path / "run" / "diagnostics.jsonl")
    # Layer 2 has no adapter.
    assert {row["part"] for row in rows if row["metric"] == "trace"} == {"layer_1", "layer_3", "mean_open"}

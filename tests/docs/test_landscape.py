"""The experiment in the plane: its gradients are right, and it runs."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest
import torch

SCRIPT = Path(__file__).parents[2] / "docs" / "results" / "landscape.py"


@pytest.fixture(scope="module")
def landscape() -> ModuleType:
    spec = importlib.util.spec_from_file_location("landscape", SCRIPT)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    # Data classes look their module up.
    import sys

    sys.modules["landscape"] = module
    spec.loader.exec_module(module)
    return module


def test_gradients_are_those_of_the_losses(landscape: ModuleType):
    points = torch.tensor([[1.0, 2.0], [8.0, -1.0]], dtype=torch.float64, requires_grad=True)
    for task, values in enumerate(landscape.losses(points).unbind(dim=1)):
        (expected,) = torch.autograd.grad(values.sum(), points, retain_graph=True)
        torch.testing.assert_close(landscape.gradients(points)[:, task], expected)


def test_tasks_agree_in_the_middle_valley(landscape: ModuleType):
    agreement = [float((landscape.PLACES[:, v] - landscape.CENTRES[v]).norm(dim=1).max()) for v in range(3)]
    assert agreement[1] < agreement[0] == pytest.approx(agreement[2])
    assert landscape.valleys(landscape.CENTRES).tolist() == [0, 1, 2]
    assert landscape.valleys(landscape.START[None]).tolist() == [3]


def test_projection_leaves_no_conflict_between_two(landscape: ModuleType):
    found = torch.tensor([[[1.0, 0.0], [-1.0, 1.0], [0.0, 0.0]]], dtype=torch.float64) + 1e-12
    merged = 3 * landscape.merged(landscape.PCGrad(0), 0, found)
    torch.testing.assert_close(merged, torch.tensor([[0.5, 1.5]], dtype=torch.float64), atol=1e-6, rtol=0)


def test_every_method_walks(landscape: ModuleType, capsys: pytest.CaptureFixture[str]):
    landscape.main([], seeds=2, steps=60)
    printed = capsys.readouterr().out
    assert all(f"| {name} " in printed for name in landscape.METHODS)
    trace = landscape.walk(landscape.METHODS["one task per step"], seeds=2, steps=60)
    assert trace.shape == (61, 2, 2)
    assert landscape.losses(trace[-1]).mean() < landscape.losses(trace[0]).mean()

"""The figures are SVG whose text can be read, and the same for the same runs."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from xml.etree import ElementTree

import pytest

import isogloss
from isogloss.figures import features_figure, layers_figure, opened_figure, traces_figure
from isogloss.figures.drawing import looks, size
from isogloss.reports import WatchedRun
from tests.support.watched import several, write_watched

Draw = Callable[[Sequence[WatchedRun]], str]

FIGURES: dict[str, tuple[Draw, set[str]]] = {
    "opened": (opened_figure, {"event", "layer that opens", "top-down", "gradual_unfreezing", "3 runs, τ = -1.00"}),
    "traces": (
        lambda runs: traces_figure(runs, metric="accuracy"),
        {"step", "tr(F) per open layer", "source dev accuracy %", "gradual_unfreezing", "multitask"},
    ),
    "layers": (layers_figure, {"step", "tr(F) of a layer (dotted: closed)", "layer", "seed 0", "multitask"}),
    "features": (
        lambda runs: features_figure(runs, metric="accuracy", split="test"),
        {"peak", "area", "width at half maximum", "target test accuracy %", "ρ +1.00 none: all draws agree"},
    ),
}


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> tuple[WatchedRun, ...]:
    return isogloss.unfreezing([several(tmp_path_factory.mktemp("runs"))]).runs


def texts(svg: str) -> set[str]:
    found = ElementTree.fromstring(svg).iter("{http://www.w3.org/2000/svg}text")
    return {"".join(element.itertext()).strip() for element in found}


@pytest.mark.parametrize("name", FIGURES)
def test_labels_can_be_read(name: str, runs: tuple[WatchedRun, ...]):
    draw, labels = FIGURES[name]
    svg = draw(runs)
    assert labels <= texts(svg), labels - texts(svg)
    assert "<dc:date>" not in svg
    assert draw(runs) == svg


@pytest.mark.parametrize("name", FIGURES)
def test_a_single_run_is_drawn(name: str, tmp_path: Path):
    draw, _ = FIGURES[name]
    found = isogloss.unfreezing([write_watched(tmp_path / "run")])
    assert "<svg" in draw(found.runs)


def test_many_schedules_have_looks_of_their_own():
    found = looks(map(str, range(28)))
    assert len({tuple(sorted(look.items())) for look in found.values()}) == 28
    assert size(9)[1] > size(8)[1] == size(5)[1]


@pytest.mark.slow
def test_another_process_with_other_settings_draws_the_same(runs: tuple[WatchedRun, ...], tmp_path: Path):
    several(tmp_path / "runs")
    (tmp_path / "matplotlibrc").write_text("font.size: 20\nsvg.fonttype: path\n")
    command = [sys.executable, "-m", "isogloss", "unfreezing", "runs", "--output", "figures"]
    environment = {**os.environ, "PYTHONHASHSEED": "7"}
    subprocess.run(command, cwd=tmp_path, env=environment, check=True, capture_output=True)
    for name, (draw, _) in FIGURES.items():
        assert (tmp_path / "figures" / f"{name}.svg").read_text(encoding="utf-8") == draw(runs)

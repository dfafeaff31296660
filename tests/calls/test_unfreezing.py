"""Run folders with schedules of unfreezing: what is found in them, and what is refused."""

from __future__ import annotations

import importlib.util
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import isogloss
from isogloss import IsoglossError
from isogloss.calls.unfreezing import schedule_names
from isogloss.cli import main
from isogloss.common.writing import read_lines
from isogloss.reports import agreements, associations
from isogloss.reports.curves import FEATURES
from tests.support.watched import BOTTOM_UP, TOP_DOWN, several, write_watched


def test_numbers_from_run_folders(tmp_path: Path):
    found = isogloss.unfreezing([several(tmp_path)])
    assert [(run.schedule, run.seed) for run in found.runs] == [
        (method, seed) for method in ("gradual_unfreezing", "multitask", "reverse_unfreezing") for seed in range(3)
    ]
    assert found.files == () and sorted(path.name for path in tmp_path.iterdir()) == [
        *("gradual_unfreezing", "multitask", "reverse_unfreezing"),
    ]
    orders = agreements(found.runs)
    assert {name: (own.value, own.low, own.n) for name, own in orders.items()} == {
        "gradual_unfreezing": (1.0, None, 3),
        "reverse_unfreezing": (-1.0, None, 3),
    }
    first = found.runs[0]
    assert first.features is not None and first.dev is not None
    # Half of the peak 2 is reached at step 10 and left at none: the border at step 40 ends the hill.
    assert (first.features.peak, first.features.step_of_peak, first.features.width) == (2.0, 20, 30.0)
    assert first.features.area == pytest.approx(10 * (1.5 + 1.5 + 1.0))
    assert (first.score, dict(zip(first.dev.steps, first.dev.values, strict=True))) == (0.4, {20: 0.2, 40: 0.4})
    assert first.open_from == {4: 10, 3: 20, 2: 30, 1: 40}
    rho = associations(found.runs)
    assert list(rho) == list(FEATURES)
    assert (rho["peak"].value, rho["peak"].low, rho["peak"].n) == (pytest.approx(1.0), None, 9)
    assert rho["step_of_peak"].value is None


def test_the_tables(tmp_path: Path):
    table = isogloss.unfreezing([several(tmp_path)]).tables
    assert (
        "| reverse_unfreezing | 3      | 3                 | -1.00 (-1.00 to -1.00) | none: fewer than 5 runs" in table
    )
    assert "| multitask          | 3      | –                 | –" in table
    assert "| peak                   | +1.00                         | none: all draws agree" in table
    assert "9 run(s) of 3 schedule(s)" in table and "8 correlations" in table and "no intervention" in table


def test_few_runs_have_no_interval(tmp_path: Path):
    for seed in range(2):
        write_watched(tmp_path / str(seed), seed=seed, hill=(1.0, 2.0 + seed), score=0.3 + seed / 10)
    table = isogloss.unfreezing([tmp_path]).tables
    assert "+1.00                         | none: fewer than 5 runs" in table


def test_transfer_can_be_that_of_dev_data_and_curves_be_smoothed(tmp_path: Path):
    run = write_watched(tmp_path / "run")
    found = isogloss.unfreezing([run], split="dev", smooth=3).runs[0]
    # English alone has dev data here, and was trained on.
    assert found.score is None
    assert found.mean is not None and found.mean.values == (2.0, 2.0, 2.0, 1.5)
    table = isogloss.unfreezing([run], split="dev").tables
    assert "Without a final dev score in a target language" in table and "correlations" not in table


def test_the_last_final_score_counts_and_interpolations_do_not(tmp_path: Path):
    run = write_watched(tmp_path / "run", languages=("en", "de"))
    (row,) = [row for row in read_lines(run / "results.jsonl") if row["language"] == "de"]
    with (run / "results.jsonl").open("a", encoding="utf-8") as file:
        for changes in ({"value": 0.7}, {"value": 0.1, "interpolation": 0.5}, {"value": 0.2, "view": "translate-test"}):
            file.write(json.dumps({**row, **changes}) + "\n")
    assert isogloss.unfreezing([run]).runs[0].score == 0.7


def test_schedules_of_one_method_are_told_apart(tmp_path: Path):
    for seed, every in ((0, 10), (1, 10), (0, 20)):
        write_watched(tmp_path / f"{seed}-{every}", seed=seed, settings={"every": every})
    found = isogloss.unfreezing([tmp_path])
    assert [(run.schedule, run.seed) for run in found.runs] == [
        *(("gradual_unfreezing every=10.0", 0), ("gradual_unfreezing every=10.0", 1)),
        ("gradual_unfreezing every=20.0", 0),
    ]
    assert schedule_names([("gradual", {"order": (3, 2, 1)}), ("gradual", {"order": "top_down"})]) == [
        "gradual order=3,2,1",
        "gradual order=top_down",
    ]


def test_a_layer_that_was_not_forced_counts(tmp_path: Path):
    free = write_watched(tmp_path / "free", order=BOTTOM_UP, settings={"top_first": False})
    assert agreements(isogloss.unfreezing([free]).runs)["gradual_unfreezing"].value == pytest.approx(0.0)
    forced = write_watched(tmp_path / "forced", order=BOTTOM_UP)
    assert agreements(isogloss.unfreezing([forced]).runs)["gradual_unfreezing"].value == -1.0


def test_what_is_written(tmp_path: Path):
    found = isogloss.unfreezing([several(tmp_path / "runs")], output=tmp_path / "figures")
    names = {"opened.svg", "traces.svg", "layers.svg", "features.svg", "runs.jsonl"}
    assert {path.name for path in found.files} == names == {path.name for path in (tmp_path / "figures").iterdir()}
    rows = read_lines(tmp_path / "figures" / "runs.jsonl")
    assert len(rows) == 9 and rows[0]["agreement"] == 1.0 and rows[0]["peak"] == 2.0 and rows[0]["score"] == 0.4
    assert rows[3]["schedule"] == "multitask" and rows[3]["agreement"] is None
    first = {path: path.read_bytes() for path in found.files}
    isogloss.unfreezing([tmp_path / "runs"], output=tmp_path / "figures")
    assert {path: path.read_bytes() for path in found.files} == first


REFUSED: dict[str, tuple[Callable[[Path], Any], str]] = {
    "no probe": (
        lambda root: write_watched(root / "a", hill=()),
        r"runs: no traces in \S+/a; `probes: \[\{kind: fisher, every: 50\}\]` in the recipe takes them",
    ),
    "no schedule": (
        lambda root: write_watched(root / "a", method="multitask", order=()),
        r"runs: no layer opened by a schedule in \S+/a; `method: fun`",
    ),
    "several tasks": (
        lambda root: [write_watched(root / task, task=task) for task in ("pos", "nli")],
        r"runs of one task are compared, found nli in \S+/nli; pos in \S+/pos",
    ),
    "several lengths": (
        lambda root: [write_watched(root / str(n), seed=n, hill=[1.0] * n) for n in (3, 4)],
        r"over the same steps, found \S+/3 to step 30; \S+/4 to step 40",
    ),
    "other languages": (
        lambda root: [write_watched(root / code, seed=len(code), languages=("en", code)) for code in ("de", "swa")],
        r"same test data, but \S+/de has no score in d swa, as \S+/swa has",
    ),
    "one seed twice": (
        lambda root: [write_watched(root / name) for name in "ab"],
        r"two runs of gradual_unfreezing with seed 0, \S+/a and \S+/b",
    ),
    "no runs": (lambda root: (root / "empty").mkdir(), "no run folder in"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refused_with_one_line(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    write, message = REFUSED[name]
    write(tmp_path)
    with pytest.raises(IsoglossError, match=message):
        isogloss.unfreezing([tmp_path])
    monkeypatch.setattr(sys, "argv", ["isogloss", "unfreezing", str(tmp_path), "-o", str(tmp_path / "figures")])
    with pytest.raises(SystemExit) as end:
        main()
    said = capsys.readouterr()
    assert (end.value.code, said.out, len(said.err.splitlines())) == (2, "", 1)
    assert not (tmp_path / "figures").exists()


def test_without_matplotlib_there_are_tables_and_no_figures(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    run = write_watched(tmp_path / "run")
    found = importlib.util.find_spec
    monkeypatch.setattr(
        "isogloss.figures.drawing.find_spec", lambda name: None if name == "matplotlib" else found(name)
    )
    assert "gradual_unfreezing" in isogloss.unfreezing([run]).tables
    with pytest.raises(IsoglossError, match=r"figures need matplotlib, .*pip install 'isogloss\[figures\]'"):
        isogloss.unfreezing([run], output=tmp_path / "figures")
    assert not (tmp_path / "figures").exists()


def test_other_arguments(tmp_path: Path):
    run = write_watched(tmp_path / "run", order=TOP_DOWN)
    for changes, message in (
        ({"metric": "accurac"}, "task 'pos' has no 'accurac'; did you mean 'accuracy'"),
        ({"split": "tests"}, "split: 'tests' is unknown; did you mean 'test'"),
        ({"smooth": 2}, "must be odd and at least 1, found 2"),
        ({"output": run / "recipe.yaml"}, "recipe.yaml is a file; name a folder"),
    ):
        with pytest.raises(IsoglossError, match=message):
            isogloss.unfreezing([run], **changes)  # type: ignore[arg-type]

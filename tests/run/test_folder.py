"""The run folder: what it keeps, what it cuts, what it counts."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from isogloss import IsoglossError
from isogloss.data.corpus import Cell
from isogloss.run.environment import environment
from isogloss.run.folder import RunFolder, differences

CELL = Cell("ud", "de", "test")


def rows(run: RunFolder) -> list[tuple[int, str | None]]:
    return [(row["step"], row["selection"]) for row in map(json.loads, run.results.read_text().splitlines())]


@pytest.fixture
def run(tmp_path: Path) -> RunFolder:
    """A run with evaluations after 3, 6 and 9 steps, its end, and what a crash left."""
    run = RunFolder(tmp_path / "run")
    run.start("steps: 9\n", {"data": {}}, None)
    for step in (3, 6, 9):
        run.add_results([{"step": step, "selection": None}])
        run.write_predictions(CELL, {"selection": None, "step": step}, [{"id": "1"}])
    run.add_results([{"step": 6, "selection": "source-dev"}])
    run.write_predictions(CELL, {"selection": "source-dev"}, [{"id": "1"}])
    run.model.mkdir()
    (run.path / ".checkpoint-9.partial").mkdir()
    (run.path / ".results.jsonl.partial").write_text("{")
    return run


@pytest.mark.parametrize(("step", "kept"), [(0, []), (5, [3]), (6, [3, 6]), (9, [3, 6, 9])])
def test_cut_drops_what_will_come_again(step: int, kept: list[int], run: RunFolder):
    run.cut(step)
    assert rows(run) == [(number, None) for number in kept]
    assert sorted(path.name for path in run.predictions.iterdir()) == [f"step-{number}" for number in kept]
    assert not run.model.exists()
    assert not list(run.path.glob(".*"))
    assert run.recipe.read_text() == "steps: 9\n"


def test_cut_mends_a_last_line_that_was_cut_short(run: RunFolder):
    with run.results.open("a") as file:
        file.write('{"step": 9, "sel')
    run.cut(6)
    run.add_results([{"step": 9, "selection": None}])
    assert rows(run) == [(3, None), (6, None), (9, None)]


def test_scorings_of_test_data_are_counted_for_good(run: RunFolder):
    assert [run.touch_test(CELL), run.touch_test(CELL)] == [1, 2]
    assert run.touch_test(Cell("ud", "fi", "test")) == 1
    run.cut(0)
    assert RunFolder(run.path).touch_test(CELL) == 3


def test_the_last_checkpoint_is_the_one_of_most_steps(run: RunFolder):
    assert run.last_checkpoint() is None
    for name in ("checkpoint-9", "checkpoint-10", ".checkpoint-11.partial", "checkpoint-x"):
        (run.path / name).mkdir()
    last = run.last_checkpoint()
    assert last == (10, run.path / "checkpoint-10")


def test_a_folder_must_be_free_or_a_run(run: RunFolder, tmp_path: Path):
    run.require_free(resume=True)
    with pytest.raises(IsoglossError, match="run exists; --resume"):
        run.require_free(resume=False)
    for resume in (True, False):
        RunFolder(tmp_path / "new").require_free(resume=resume)
        (tmp_path / "empty").mkdir(exist_ok=True)
        RunFolder(tmp_path / "empty").require_free(resume=resume)
    with pytest.raises(IsoglossError, match="holds no run"):
        RunFolder(tmp_path).require_free(resume=True)


def test_names_of_data_sets_do_not_make_folders(run: RunFolder):
    run.write_predictions(Cell("a/b", "de", "dev"), {"selection": None, "step": 3}, [])
    assert (run.predictions / "step-3" / "a-b.de.dev.jsonl").is_file()


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ({"a": 1}, {"a": 1}, []),
        ({"a": {"b": 1, "c": 2}}, {"a": {"b": 3, "c": 2}}, ["a.b was 1, is 3"]),
        ({"a": None}, {"a": {"b": 1}}, ["a was None, is {'b': 1}"]),
        ({"b": 1}, {"a": 2}, ["a was None, is 2", "b was 1, is None"]),
        ({"a": "x" * 99}, {"a": ""}, [f"a was '{'x' * 56}..., is ''"]),
    ],
)
def test_differences_name_key_old_and_new(old: Any, new: Any, expected: list[str]):
    assert differences(old, new) == expected


def test_environment_tells_versions_and_machine():
    found = environment(2)
    assert found["processes"] == 2
    assert found["threads"] >= 1
    assert found["devices"]
    assert all(isinstance(version, str) for version in found["packages"].values())


def test_every_start_notes_its_environment(run: RunFolder):
    assert [run.note_environment(environment(ranks)) for ranks in (2, 1)] == [[], ["processes were 2, are 1"]]
    starts = json.loads((run.path / "environment.json").read_text())
    assert [start["processes"] for start in starts] == [2, 1]


def test_only_what_a_start_writes_first_may_lie_in_a_folder(tmp_path: Path):
    run = RunFolder(tmp_path)
    (tmp_path / "data" / "0123456789ab").mkdir(parents=True)
    (tmp_path / "data" / "model-0123456789ab").mkdir()
    for resume in (True, False):
        run.require_free(resume=resume)
    for name in ("recipe.yaml", "environment.json", ".starting_weights.partial"):
        (tmp_path / name).write_text("")
    run.starting_weights.mkdir()
    for resume in (True, False):  # these may be the user's
        with pytest.raises(IsoglossError, match="holds no run" if resume else "exists"):
            run.require_free(resume=resume)
    run.begin()
    for resume in (True, False):
        run.require_free(resume=resume)
        (tmp_path / "results.jsonl").write_text("")
        with pytest.raises(IsoglossError, match="holds no run" if resume else "exists"):
            run.require_free(resume=resume)
        (tmp_path / "results.jsonl").unlink()


def test_data_of_the_users_own_are_no_objects(tmp_path: Path):
    (tmp_path / "data" / "en").mkdir(parents=True)
    for resume in (True, False):
        with pytest.raises(IsoglossError, match="holds no run" if resume else "exists"):
            RunFolder(tmp_path).require_free(resume=resume)

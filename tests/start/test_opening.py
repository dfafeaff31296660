"""Which recipes a finished run can go on under with more steps, and what stands in the way of others."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import isogloss
from isogloss.common.errors import IsoglossError
from isogloss.common.writing import write_json
from isogloss.recipe.build.budget import build_budget
from isogloss.recipe.resolve import resolve
from isogloss.recipe.spec.recipe import Recipe
from isogloss.run.budget import Budget
from isogloss.run.folder import RunFolder
from isogloss.start.opening import left_open, require_same_recipe
from tests.support.runs import short


def recipe(**changes: Any) -> Recipe:
    data = {"task": "nli", "format": "tsv", "path": "{language}/{split}.tsv"}
    return resolve({"model": "some/model", "data": data, "steps": 100, "schedule": "constant", **changes})


def budget(asked: Recipe) -> Budget:
    return build_budget(asked, steps=asked.steps or 0, batch_size=1)


def gone_on(before: Recipe, after: Recipe) -> Recipe:
    return require_same_recipe(RunFolder(Path("run")), before, after, after, budget)


@pytest.mark.parametrize(
    "shared",
    [
        {},
        {"selection": "last"},
        {"method": "gradual_unfreezing", "unfreezing": {"every": 20}},
        {"method": "ulmfit"},
        {"objective": {"kind": "x_mixup", "halving": 2000}},
    ],
)
def test_more_steps(shared: dict[str, Any]):
    assert gone_on(recipe(**shared), recipe(**shared, steps=150)).steps == 150


@pytest.mark.parametrize(
    ("shared", "reason"),
    [
        ({"schedule": "linear"}, r"schedule: linear \(not under constant\)"),
        ({"selection": "average"}, "selection: average"),
        ({"method": "gradual_unfreezing"}, r"unfreezing\.every: 0\.025, a share of all"),
        ({"objective": {"kind": "x_mixup", "halving": 0.4}}, r"objective\.halving: 0\.4, a share of all"),
    ],
)
def test_more_steps_that_would_change_what_has_been_done(shared: dict[str, Any], reason: str):
    with pytest.raises(IsoglossError, match=f"steps was 100, is 150; under {reason} a run cannot have more steps"):
        gone_on(recipe(**shared), recipe(**shared, steps=150))


def test_another_change_is_no_matter_of_steps():
    with pytest.raises(IsoglossError, match=r"steps was 100, is 50$"):
        gone_on(recipe(), recipe(steps=50))


def slow(**loops: Any) -> Recipe:
    return recipe(optimizer={"lookahead": {"outer_learning_rate": 0.5, **loops}})


@pytest.mark.parametrize(
    ("given", "asked"), [(slow(), slow()), (slow(), slow(inner_steps=5)), (slow(inner_steps=5), slow(inner_steps=5))]
)
@pytest.mark.parametrize("earlier_version", [False, True])
def test_loops_stay_as_they_were(given: Recipe, asked: Recipe, earlier_version: bool, tmp_path: Path):
    folder = RunFolder(tmp_path)
    noted = left_open(folder, given, resuming=False)
    write_json(folder.fingerprint, {} if earlier_version else noted)
    assert left_open(folder, asked, resuming=True) == ({} if earlier_version else noted)
    kept = require_same_recipe(folder, slow(inner_steps=5), asked, asked, budget)
    assert kept.optimizer.lookahead is not None and kept.optimizer.lookahead.inner_steps == 5


def test_loops_that_were_given_and_are_left_open(tmp_path: Path):
    folder, given = RunFolder(tmp_path), slow(inner_steps=5)
    write_json(folder.fingerprint, left_open(folder, given, resuming=False))
    with pytest.raises(IsoglossError, match=r"inner_steps was 5, is None; the recipe leaves inner_steps open, which"):
        require_same_recipe(folder, given, slow(), slow(), budget)


def test_a_run_that_has_stopped_early_says_why_more_steps_do_nothing(
    world: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    changes = {"learning_rate": 1e-12, "schedule": "constant", "evaluation_steps": 1, "patience": 1}
    isogloss.train(short("pos", world, **changes, steps=3), output=tmp_path / "run")
    assert "stopped early" not in capsys.readouterr().err
    isogloss.train(short("pos", world, **changes, steps=4), output=tmp_path / "run", resume=True)
    said = capsys.readouterr().err
    assert "stopped early at step 2: the dev score has not risen for 1 evaluations (the best was " in said
    assert "; with more patience it goes on\n" in said


@pytest.mark.parametrize(("before", "after"), [(2, 3), (2, None), (None, None), (2, 2)])
def test_more_patience(before: int | None, after: int | None):
    assert gone_on(recipe(patience=before), recipe(patience=after)).patience == after


@pytest.mark.parametrize(("before", "after"), [(3, 2), (None, 2)])
def test_less_patience(before: int | None, after: int | None):
    with pytest.raises(IsoglossError, match=f"patience was {before}, is {after}"):
        gone_on(recipe(patience=before), recipe(patience=after))

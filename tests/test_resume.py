"""A run that was stopped anywhere and resumed is the run that was not stopped, to the last bit."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

import isogloss
from isogloss.recipe.presets import METHODS
from tests.support.methods import CRASH, METHOD_SETTINGS, SETTINGS, STEPS, VARIANTS, recipe
from tests.support.stopping import stopped_after
from tests.support.world import names_of_checkpoints, outcome, runs_in

pytestmark = pytest.mark.slow


def test_every_method_is_in_the_table():
    assert METHOD_SETTINGS.keys() == METHODS.keys()
    assert all(settings.get("method", name) == name for name, settings in METHOD_SETTINGS.items())
    assert not METHOD_SETTINGS.keys() & VARIANTS.keys()


@pytest.mark.parametrize("name", SETTINGS)
def test_resume_is_exact_to_the_last_bit(
    name: str, world: Path, straight: Callable[[str], Path], cut_off: Callable[[str], Path]
):
    folder = cut_off(name)
    (run,) = runs_in(folder)
    assert names_of_checkpoints(run) == [4]
    assert not (run / "model").exists()

    isogloss.train(recipe(name, world), output=folder, resume=True)

    resumed, expected = outcome(run), outcome(straight(name))
    for part in expected:
        assert resumed[part] == expected[part], part
    assert expected["state"]["global_step"] == STEPS
    assert {row["step"] for row in expected["results"] if row["selection"] is None} == {3, 6, 9, STEPS}


def test_the_settings_differ_in_what_they_learn(straight: Callable[[str], Path]):
    # Were two entries to walk the same way, one of them would test nothing.
    weights: dict[bytes, list[str]] = {}
    for name in SETTINGS:
        weights.setdefault(outcome(straight(name))["weights"], []).append(name)
    same = [set(names) for names in weights.values() if len(names) > 1]
    by_design = [{"multitask", "epochs", "selection_target_dev", "selection_last"}]
    assert all(any(names <= allowed for allowed in by_design) for names in same), same


def test_two_stops_in_one_run(world: Path, straight: Callable[[str], Path], tmp_path: Path):
    whole = recipe("sequential_reptile", world)
    with stopped_after(1):
        isogloss.train(whole, output=tmp_path / "run")
    with stopped_after(6):
        isogloss.train(whole, output=tmp_path / "run", resume=True)
    with stopped_after(9):
        isogloss.train(whole, output=tmp_path / "run", resume=True)
    isogloss.train(whole, output=tmp_path / "run", resume=True)
    assert outcome(tmp_path / "run") == outcome(straight("sequential_reptile"))


KILLED = """
import os, signal, sys
from pathlib import Path
import torch
import isogloss.step.loop
from isogloss import train
from transformers import PreTrainedModel

recipe, root, *places = sys.argv[1:]
die = lambda: os.kill(os.getpid(), signal.SIGKILL)
take_step, save, save_pretrained = isogloss.step.loop.take_step, torch.save, PreTrainedModel.save_pretrained

def take_step_or_die(training):
    if place == "before the first checkpoint" and training.progress.step == 3:
        die()
    take_step(training)

def save_or_die(value, path, **options):
    save(value, path, **options)
    if place == "within the second checkpoint" and ".checkpoint-8" in str(path) and Path(path).name == "selection.pt":
        Path(path).write_bytes(Path(path).read_bytes()[:100])
        die()

def save_pretrained_or_die(model, path, **options):
    save_pretrained(model, path, **options)
    if place == {".starting_weights.partial": "at the start", ".model.partial": "at the end"}.get(Path(path).name):
        die()

isogloss.step.loop.take_step, torch.save = take_step_or_die, save_or_die
PreTrainedModel.save_pretrained = save_pretrained_or_die
for place in places:
    child = os.fork()  # the imports take seconds, so they are shared
    if child == 0:
        train(recipe, output=Path(root) / place)
        os._exit(0)
    print(place, os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), sep="=")
"""
"""Processes that kill themselves as the system would: nothing is cleaned up, no file is closed."""


@pytest.fixture(scope="module")
def killed(ready_python: str, world: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """The folder of a run that was killed at a place."""
    root = tmp_path_factory.mktemp("killed")
    path = root / "recipe.json"
    path.write_text(json.dumps(recipe("sequential_reptile", world)), encoding="utf-8")
    command = [ready_python, "-c", KILLED, str(path), str(root), *PLACES]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=True)
    assert [line for line in done.stdout.splitlines() if "=" in line] == [f"{place}=-9" for place in PLACES], done
    return lambda place: root / place


PLACES = {
    # Place: steps of the complete checkpoints, and what must lie about.
    "at the start": ([], ".starting_weights.partial"),
    "before the first checkpoint": ([], "predictions/step-3"),
    "within the second checkpoint": ([4], ".checkpoint-8.partial"),
    "at the end": ([10], ".model.partial"),
}


@pytest.mark.parametrize("place", PLACES)
def test_kill_9_then_resume(place: str, killed: Callable[[str], Path], world: Path, straight: Callable[[str], Path]):
    run = killed(place)
    steps, trace = PLACES[place]
    assert names_of_checkpoints(run) == steps
    assert (run / trace).exists()
    assert not (run / "model").exists()

    isogloss.train(recipe("sequential_reptile", world), output=run, resume=True)

    assert outcome(run) == outcome(straight("sequential_reptile"))


def test_intervals_may_be_left_out_of_a_resume(world: Path, straight: Callable[[str], Path], tmp_path: Path):
    whole = recipe("multitask", world)
    with stopped_after(CRASH):
        isogloss.train(whole, output=tmp_path / "run")
    left_out = dict.fromkeys(("evaluation_steps", "save_steps", "logging_steps"))
    isogloss.train({**whole, **left_out}, output=tmp_path / "run", resume=True)
    assert outcome(tmp_path / "run") == outcome(straight("multitask"))


@pytest.mark.parametrize("name", ["sequential_reptile", "multitask"])
def test_more_steps_under_a_constant_schedule_go_on(name: str, world: Path, tmp_path: Path):
    settings = {"schedule": "constant", "selection": "last"}
    isogloss.train(recipe(name, world, **settings, steps=8), output=tmp_path / "run")
    isogloss.train(recipe(name, world, **settings, steps=13), output=tmp_path / "run", resume=True)
    isogloss.train(recipe(name, world, **settings, steps=13), output=tmp_path / "straight")
    longer, expected = outcome(tmp_path / "run"), outcome(tmp_path / "straight")
    assert longer["weights"] == expected["weights"]
    assert [row for row in longer["results"] if row["selection"]] == [
        row for row in expected["results"] if row["selection"]
    ]
    assert longer["state"]["max_steps"] == 13

"""A run that was stopped anywhere and resumed is the run that was not stopped, to the last bit."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

import isogloss
import isogloss.step.loop
from isogloss import IsoglossError
from isogloss.common.writing import read_lines
from isogloss.recipe.presets import METHODS
from isogloss.run.folder import RunFolder
from tests.support.methods import CRASH, METHOD_SETTINGS, SETTINGS, STEPS, VARIANTS, recipe
from tests.support.world import (
    names_of_checkpoints,
    outcome,
    runs_in,
)


class Stopped(Exception):
    """Stands for whatever ends a process in the middle of things."""


@pytest.fixture(scope="module")
def straight(world: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """The folder of an entry's run that nothing disturbed; trained once."""
    root = tmp_path_factory.mktemp("straight")

    def run(name: str) -> Path:
        if not (root / name).exists():
            isogloss.train(recipe(name, world), output=root / name)
        return runs_in(root / name)[0]

    return run


@pytest.fixture
def stop_after(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Train until just before the step after ``step``, and stop there."""

    def train(step: int, *arguments: Any, **options: Any) -> None:
        take_step = isogloss.step.loop.take_step

        def stop(training: Any) -> None:
            if training.progress.step == step:
                raise Stopped
            take_step(training)

        with monkeypatch.context() as patch, pytest.raises(Stopped):
            patch.setattr(isogloss.step.loop, "take_step", stop)
            isogloss.train(*arguments, **options)

    return train


def test_every_method_is_in_the_table():
    assert METHOD_SETTINGS.keys() == METHODS.keys()
    assert all(settings.get("method", name) == name for name, settings in METHOD_SETTINGS.items())
    assert not METHOD_SETTINGS.keys() & VARIANTS.keys()


@pytest.mark.parametrize("name", SETTINGS)
def test_resume_is_exact_to_the_last_bit(
    name: str, world: Path, straight: Callable[[str], Path], stop_after: Callable[..., None], tmp_path: Path
):
    whole = recipe(name, world)
    stop_after(CRASH, whole, output=tmp_path / "run")
    (run,) = runs_in(tmp_path / "run")
    assert names_of_checkpoints(run) == [4]

    isogloss.train(whole, output=tmp_path / "run", resume=True)

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


def test_two_stops_in_one_run(
    world: Path, straight: Callable[[str], Path], stop_after: Callable[..., None], tmp_path: Path
):
    whole = recipe("sequential_reptile", world)
    stop_after(1, whole, output=tmp_path / "run")
    stop_after(6, whole, output=tmp_path / "run", resume=True)
    stop_after(9, whole, output=tmp_path / "run", resume=True)
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


def test_frozen_embeddings_are_those_of_the_checkpoint(world: Path, tmp_path: Path):
    isogloss.train(recipe("frozen_embeddings", world, model="{world}/encoder"), output=tmp_path / "run")
    before = load_file(world / "encoder" / "model.safetensors")
    after = load_file(tmp_path / "run" / "model" / "model.safetensors")
    after = {name.removeprefix("roberta."): value for name, value in after.items()}
    moved = {name for name, value in before.items() if name in after and not torch.equal(value, after[name])}
    assert "embeddings.word_embeddings.weight" not in moved
    assert {"embeddings.position_embeddings.weight", "encoder.layer.0.output.dense.weight"} <= moved


def test_averaged_tokens_are_scored_again_as_they_were(straight: Callable[[str], Path], tmp_path: Path):
    run = shutil.copytree(straight("averaged_tokens"), tmp_path / "run")
    final = [row for row in read_lines(run / "results.jsonl") if row["selection"] and row["split"] == "dev"]
    assert final
    assert [{**row, "run": None} for row in isogloss.evaluate(run)] == [{**row, "run": None} for row in final]


@pytest.fixture(scope="module")
def killed(world: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """The folder of a run that was killed at a place."""
    root = tmp_path_factory.mktemp("killed")
    path = root / "recipe.json"
    path.write_text(json.dumps(recipe("sequential_reptile", world)), encoding="utf-8")
    command = [sys.executable, "-c", KILLED, str(path), str(root), *PLACES]
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


@pytest.fixture
def finished(straight: Callable[[str], Path], tmp_path: Path) -> Path:
    """A copy of a finished run, to go on with."""
    return Path(shutil.copytree(straight("multitask"), tmp_path / "finished"))


def test_resume_of_a_finished_run_changes_nothing(finished: Path, world: Path, straight: Callable[[str], Path]):
    isogloss.train(recipe("multitask", world), output=finished, resume=True)
    assert outcome(finished) == outcome(straight("multitask"))


def test_resume_keeps_what_was_scored_after_the_end(world: Path, tmp_path: Path):
    whole, run = recipe("multitask", world, steps=4), tmp_path / "run"
    final = isogloss.train(whole, output=run)
    isogloss.evaluate(run, split="test")
    before = [outcome(run), *(contents(run / name) for name in ("model", "predictions", "checkpoint-4"))]
    rows, touches = (run / "results.jsonl").read_bytes(), (run / "test_touches.json").read_bytes()

    assert isogloss.train(whole, output=run, resume=True) == final

    assert [outcome(run), *(contents(run / name) for name in ("model", "predictions", "checkpoint-4"))] == before
    assert (run / "results.jsonl").read_bytes() == rows
    assert (run / "test_touches.json").read_bytes() == touches
    starts = json.loads((run / "environment.json").read_text(encoding="utf-8"))
    assert [start["processes"] for start in starts] == [1, 1]


def test_intervals_may_be_left_out_of_a_resume(
    world: Path, straight: Callable[[str], Path], stop_after: Callable[..., None], tmp_path: Path
):
    whole = recipe("multitask", world)
    stop_after(CRASH, whole, output=tmp_path / "run")
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


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"steps": 20}, id="a schedule that depends on the number of steps"),
        pytest.param({"steps": 5, "schedule": "constant"}, id="fewer steps"),
    ],
)
def test_other_steps_are_refused(changes: dict[str, Any], world: Path, tmp_path: Path):
    before = recipe("multitask", world, **{**changes, "steps": STEPS})
    isogloss.train(before, output=tmp_path / "run")
    with pytest.raises(IsoglossError, match=rf"steps was 10, is {changes['steps']}"):
        isogloss.train({**before, **changes}, output=tmp_path / "run", resume=True)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"learning_rate": 0.01}, "learning_rate was 0.03, is 0.01"),
        ({"seed": 5}, "seed was 0, is 5"),
        ({"batch_size": 4}, "batch_size was 5, is 4"),
        ({"method": "sequential_reptile"}, "method was 'multitask', is 'sequential_reptile'"),
        ({"train_languages": ["en", "ru"]}, r"train_languages was None, is \['en', 'ru'\]"),
        ({"optimizer": {"betas": [0.9, 0.5]}}, r"optimizer.betas was \[0.9, 0.999\], is \[0.9, 0.5\]"),
        ({"evaluation_steps": 2}, "evaluation_steps was 3, is 2"),
        ({"save_steps": 1}, "save_steps was 4, is 1"),
        ({"logging_steps": 5}, "logging_steps was 2, is 5"),
    ],
)
def test_a_changed_recipe_is_refused(changes: dict[str, Any], message: str, finished: Path, world: Path):
    before = contents(finished)
    if "method" in changes:
        changes = {**changes, "optimizer": {"lookahead": {"inner_steps": 3}}}
    with pytest.raises(IsoglossError, match=message):
        isogloss.train(recipe("multitask", world, **changes), output=finished, resume=True)
    assert contents(finished) == before


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def change_data(world: Path) -> None:
    path = world / "pos" / "fr" / "dev.conllu"
    path.write_text(path.read_text(encoding="utf-8").replace("VERB", "NOUN", 1), encoding="utf-8")


def change_weights(world: Path) -> None:
    path = world / "encoder" / "model.safetensors"
    tensors = load_file(path)
    next(iter(tensors.values())).add_(1e-4)
    save_file(tensors, path, metadata={"format": "pt"})


def change_tokenizer(world: Path) -> None:
    path = world / "encoder" / "tokenizer.json"
    path.write_text(json.dumps({**json.loads(path.read_text(encoding="utf-8")), "normalizer": None}), encoding="utf-8")


@pytest.mark.parametrize(
    ("change", "names"),
    [
        (change_data, r"data\..*/fr/dev\.conllu was '[0-9a-f]+\.\.\., is '[0-9a-f]+\.\.\."),
        (change_weights, r"starting_weights\.sha256\.model\.safetensors was '"),
        (change_tokenizer, "tokenizer was '"),
    ],
)
def test_other_input_is_refused(change: Callable[[Path], None], names: str, own_world: Path, tmp_path: Path):
    whole = recipe("multitask", own_world, steps=1, model=str(own_world / "encoder"))
    isogloss.train(whole, output=tmp_path / "run")
    before = contents(tmp_path / "run")
    change(own_world)
    with pytest.raises(IsoglossError, match=names) as caught:
        isogloss.train(whole, output=tmp_path / "run", resume=True)
    assert str(caught.value).count(", is ") == 1
    assert contents(tmp_path / "run") == before


def test_an_existing_run_is_not_touched_without_resume(finished: Path, world: Path):
    before = contents(finished)
    with pytest.raises(IsoglossError, match=r"finished exists; --resume goes on with it, --output names another"):
        isogloss.train(recipe("multitask", world), output=finished)
    assert contents(finished) == before


def test_a_folder_with_something_else_in_it_is_not_resumed(world: Path, tmp_path: Path):
    (tmp_path / "thesis.tex").write_text("all of it")
    with pytest.raises(IsoglossError, match="holds no run to resume"):
        isogloss.train(recipe("multitask", world), output=tmp_path, resume=True)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]


def test_resume_starts_what_has_not_been_started(world: Path, straight: Callable[[str], Path], tmp_path: Path):
    isogloss.train(recipe("multitask", world), output=tmp_path / "run", resume=True)
    assert outcome(tmp_path / "run") == outcome(straight("multitask"))


@pytest.mark.parametrize("resume", [False, True])
def test_a_start_that_was_interrupted_is_made_again(
    resume: bool, world: Path, straight: Callable[[str], Path], tmp_path: Path
):
    whole, run = recipe("multitask", world), tmp_path / "run"
    for name in ("recipe.yaml", "environment.json"):
        run.mkdir(exist_ok=True)
        shutil.copy(straight("multitask") / name, run)
    shutil.copytree(straight("multitask") / "starting_weights", run / "starting_weights")
    (run / "thesis.tex").write_text("all of it")
    before = contents(run)
    with pytest.raises(IsoglossError, match="holds no run to resume" if resume else "run exists; --resume"):
        isogloss.train(whole, output=run, resume=resume)
    assert contents(run) == before

    (run / "thesis.tex").unlink()
    isogloss.train(whole, output=run, resume=resume)
    assert outcome(run) == outcome(straight("multitask"))


@pytest.mark.parametrize("name", ["optimizer.pt", "model.safetensors", "progress.json", "selection.pt"])
def test_a_damaged_checkpoint_is_named(name: str, finished: Path, world: Path):
    last = RunFolder(finished).last_checkpoint()
    assert last is not None
    (last[1] / name).write_bytes((last[1] / name).read_bytes()[:20])
    with pytest.raises(IsoglossError, match=rf"{last[1].name}: cannot resume from this checkpoint"):
        isogloss.train(recipe("multitask", world), output=finished, resume=True)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        *(
            (name, content)
            for name in ("recipe.yaml", "checkpoint-10/trainer_state.json")
            for content in ("{", "[]", "{}")
        ),
        *((name, content) for name in ("fingerprint.json", "environment.json") for content in ("{", "7")),
    ],
)
def test_a_damaged_file_of_a_run_is_named(name: str, content: str, finished: Path, world: Path):
    (finished / name).write_text(content, encoding="utf-8")
    with pytest.raises(IsoglossError, match=name):
        isogloss.train(recipe("multitask", world), output=finished, resume=True)

"""A resume that would not be the same run is refused, and says what is another."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from safetensors.torch import load_file, save_file

import isogloss
from isogloss import IsoglossError
from isogloss.run.folder import RunFolder
from tests.support.methods import STEPS, recipe
from tests.support.runs import contents

pytestmark = pytest.mark.slow


@pytest.fixture
def finished(straight: Callable[[str], Path], tmp_path: Path) -> Path:
    """A copy of a finished run, to go on with."""
    return Path(shutil.copytree(straight("multitask"), tmp_path / "finished"))


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
    with pytest.raises(IsoglossError, match=r"finished exists; --resume goes on with it, --overwrite removes it"):
        isogloss.train(recipe("multitask", world), output=finished)
    assert contents(finished) == before


def test_a_folder_with_something_else_in_it_is_not_resumed(world: Path, tmp_path: Path):
    (tmp_path / "thesis.tex").write_text("all of it")
    with pytest.raises(IsoglossError, match="holds no run to resume"):
        isogloss.train(recipe("multitask", world), output=tmp_path, resume=True)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]


@pytest.mark.parametrize("name", ["memory.pt", "model.safetensors", "progress.json", "selection.pt"])
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

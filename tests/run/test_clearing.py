"""A run that is overwritten: what goes, what stays, and what is refused."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

import isogloss
from isogloss import IsoglossError
from isogloss.run.clearing import clear, require_usable
from isogloss.run.folder import RunFolder
from tests.support.runs import contents, short

RECIPE: dict[str, Any] = {"method": "multitask", "model": "somewhere", "data": [{"path": "nowhere/{language}"}]}


@pytest.fixture
def folder(tmp_path: Path) -> RunFolder:
    """A folder that holds a run."""
    found = RunFolder(tmp_path / "run")
    for name in (
        "checkpoint-3/model.safetensors",
        "data/0123456789ab/en/train.jsonl",
        "data/abcdef012345/en/train.jsonl",
        "model/x",
    ):
        (found.path / name).parent.mkdir(parents=True)
        (found.path / name).write_text(name)
    for name in ("recipe.yaml", "fingerprint.json", "wandb_id.txt", ".lock", ".x.partial", "test_touches.json"):
        (found.path / name).write_text(name)
    return found


def overwrite(folder: RunFolder, recipe: dict[str, Any] = RECIPE) -> None:
    require_usable(folder, recipe, resume=False, overwrite=True)


def test_a_run_goes_with_all_but_its_lock_and_the_objects_that_are_read(folder: RunFolder):
    recipe = {**RECIPE, "data": [{"path": f"{folder.path}/data/abcdef012345/{{language}}/{{split}}.jsonl"}]}
    overwrite(folder, recipe)
    assert clear(folder, recipe)
    left = sorted(str(path.relative_to(folder.path)) for path in folder.path.rglob("*") if path.is_file())
    assert left == [".lock", "data/abcdef012345/en/train.jsonl"]
    assert not clear(folder, recipe)


@pytest.mark.parametrize("name", ["thesis.tex", ".git", "checkpoint-x", "seed-0", "checkpoints", "data/en"])
def test_a_folder_that_holds_anything_else_is_refused(name: str, folder: RunFolder):
    (folder.path / name).mkdir()
    with pytest.raises(IsoglossError, match=rf"run is not overwritten: it holds {name}, which no run writes"):
        overwrite(folder)


def test_a_folder_without_a_run_is_refused(folder: RunFolder, tmp_path: Path):
    with pytest.raises(IsoglossError, match="it holds run, which no run writes"):
        overwrite(RunFolder(tmp_path))
    folder.fingerprint.unlink()
    with pytest.raises(IsoglossError, match="holds no run"):
        overwrite(folder)
    (tmp_path / "file").touch()
    with pytest.raises(IsoglossError, match="file is a file, not a folder"):
        overwrite(RunFolder(tmp_path / "file"))
    overwrite(RunFolder(tmp_path / "new"))


@pytest.mark.parametrize("part", ["model", "checkpoint-3", ""])
def test_what_the_new_run_reads_is_not_removed(part: str, folder: RunFolder):
    with pytest.raises(IsoglossError, match=rf"the run would read .*{part} in it, which would be gone"):
        overwrite(folder, {**RECIPE, "model": str(folder.path / part)})


def test_resume_and_overwrite_exclude_each_other(folder: RunFolder):
    with pytest.raises(IsoglossError, match="resume and overwrite exclude each other"):
        require_usable(folder, RECIPE, resume=True, overwrite=True)


def test_an_overwritten_run_is_the_new_one_and_an_error_before_it_removes_nothing(
    world: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    for name, changes in {"run": {"steps": 2}, "straight": {"steps": 1, "seed": 3}}.items():
        isogloss.train(short("pos", world, **changes), output=tmp_path / name)
    before = contents(tmp_path / "run")
    bad = short("pos", world, steps=1, train_languages=["en"], objective={"kind": "x_mixup", "layer": 7})
    for broken in (bad, short("pos", world, model="./nowhere"), short("pos", world, max_length=1)):
        with pytest.raises(IsoglossError):
            isogloss.train(broken, output=tmp_path / "run", overwrite=True)
        assert contents(tmp_path / "run") == before
    capsys.readouterr()
    isogloss.train(short("pos", world, **changes), output=tmp_path / "run", overwrite=True)
    assert "the run that was there is removed" in capsys.readouterr().err
    names = [sorted(path.name for path in (tmp_path / name).iterdir()) for name in ("run", "straight")]
    assert names[0] == names[1]
    weights = [(tmp_path / name / "model/model.safetensors").read_bytes() for name in ("run", "straight")]
    assert weights[0] == weights[1]


def test_of_several_runs_those_are_overwritten_that_are_trained(folder: RunFolder, world: Path):
    root = folder.path.parent / "several"
    for name in ("seed-0", "seed-1"):
        shutil.copytree(folder.path, root / name)
    (root / "notes.txt").write_text("beside runs, not in one")
    kept = contents(root / "seed-1")
    isogloss.train(short("pos", world, steps=1, train_languages=["en"], seed=[0, 2]), output=root, overwrite=True)
    assert contents(root / "seed-1") == kept
    assert [path.name for path in (root / "seed-0").glob("checkpoint-*")] == ["checkpoint-1"]
    assert (root / "notes.txt").exists()

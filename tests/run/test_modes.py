"""What a run leaves behind can be read by whom the umask lets read it."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

import isogloss
from tests.support import methods, pretraining
from tests.support.world import write_encoder, write_pos


@pytest.fixture(params=[0o002, 0o027], ids=oct)
def umask(request: pytest.FixtureRequest) -> Iterator[int]:
    before = os.umask(request.param)
    yield request.param
    os.umask(before)


def modes(folder: Path) -> dict[str, str]:
    """The mode of every file and folder below one, hidden ones too."""
    return {str(path.relative_to(folder)): oct(stat.S_IMODE(path.stat().st_mode)) for path in folder.rglob("*")}


def usual(folder: Path, umask: int) -> dict[str, str]:
    """The modes that `modes` should find."""
    full = {path: 0o777 if path.is_dir() else 0o666 for path in folder.rglob("*")}
    return {str(path.relative_to(folder)): oct(mode & ~umask) for path, mode in full.items()}


@pytest.mark.slow
def test_every_file_of_a_run_and_of_the_cache(umask: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("ISOGLOSS_CACHE", str(tmp_path / "cache"))
    write_pos(tmp_path)
    write_encoder(tmp_path)
    changes = {"steps": 3, "save_steps": 1, "save_total_limit": 3, "test": True, "report_to": "tensorboard"}
    isogloss.train(methods.recipe("sequential_reptile", tmp_path, **changes), output=tmp_path / "run")
    isogloss.predict(tmp_path / "run", tmp_path / "pos" / "de" / "dev.conllu", language="de")
    found = modes(tmp_path)
    assert {"model/model.safetensors", "checkpoint-1/model.safetensors", "checkpoint-3/memory.pt"} <= {
        name.removeprefix("run/") for name in found
    }
    assert {"run/starting_weights/model.safetensors", "run/events", "run/test_touches.json"} <= {*found}
    assert any(name.startswith("cache/features/") for name in found)
    assert any(name.startswith("cache/examples/") for name in found)
    assert found == usual(tmp_path, umask)


def test_every_file_of_pretraining(umask: int, tmp_path: Path):
    text = pretraining.write_text(tmp_path / "text")
    isogloss.pretrain(pretraining.recipe("mlm", text, steps=2, save_steps=1), output=tmp_path / "run")
    found = modes(tmp_path)
    assert {"run/model/model.safetensors", "run/checkpoint-2/model.safetensors"} <= {*found}
    assert found == usual(tmp_path, umask)

"""Weights & Biases, offline."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import pytest

import isogloss
from isogloss.common.errors import IsoglossError
from isogloss.run.trackers import WeightsAndBiases, has_account
from tests.support.methods import BASE
from tests.support.world import entry


@pytest.fixture
def offline(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (("MODE", "offline"), ("SILENT", "true"), ("CONSOLE", "off"), ("DISABLE_GIT", "true")):
        monkeypatch.setenv(f"WANDB_{name}", value)


def written(path: Path, value: bytes) -> bytes:
    """What a file holds once it holds a value, or after half a minute."""
    until = time.monotonic() + 30
    while value not in (content := path.read_bytes()) and time.monotonic() < until:
        time.sleep(0.1)
    return content


@pytest.mark.slow
@pytest.mark.usefixtures("offline")
@pytest.mark.filterwarnings("ignore")  # wandb's own
def test_the_history_goes_to_wandb_and_a_resume_to_the_same_run(tmp_path: Path):
    ids = []
    for step in (1, 2):
        tracker = WeightsAndBiases(tmp_path, {"method": "multitask"})
        tracker.add({"loss/en": 1 / step}, step)
        tracker.close()
        ids.append((tmp_path / "wandb_id.txt").read_text(encoding="utf-8"))
    files = sorted(tmp_path.glob("wandb/offline-run-*/run-*.wandb"))
    assert [path.name for path in files] == [f"run-{ids[0].strip()}.wandb"] * 2
    assert ids[0] == ids[1]
    for path, value in zip(files, (b"1.0", b"0.5"), strict=True):
        # wandb's own process may still be writing when `finish` returns.
        content = written(path, value)
        assert b"loss/en" in content
        assert value in content
        assert b"multitask" in content


def test_without_wandb_the_message_says_how_to_get_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "wandb", None)
    with pytest.raises(IsoglossError, match="report_to: wandb is not installed; `pip install wandb` adds it"):
        WeightsAndBiases(tmp_path, {})
    assert list(tmp_path.iterdir()) == []


def test_a_run_is_not_begun_without_it(world: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("isogloss.recipe.build.run.find_spec", lambda name: None)
    recipe = {**BASE, "data": entry("pos", world / "pos"), "report_to": "wandb", "steps": 1}
    with pytest.raises(IsoglossError, match="wandb is not installed"):
        isogloss.train(recipe, output=tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_a_run_is_not_begun_without_an_account(world: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    for name in ("MODE", "API_KEY", "IDENTITY_TOKEN_FILE", "BASE_URL"):
        monkeypatch.delenv(f"WANDB_{name}", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setattr(sys.stdin, "isatty", lambda: False, raising=False)
    recipe = {**BASE, "data": entry("pos", world / "pos"), "report_to": "wandb", "steps": 1}
    with pytest.raises(IsoglossError, match="`wandb login` or WANDB_API_KEY"):
        isogloss.train(recipe, output=tmp_path / "run")
    assert not (tmp_path / "run").exists()
    assert not has_account()
    (tmp_path / ".netrc").write_text("machine api.wandb.ai login user password secret\n", encoding="utf-8")
    (tmp_path / ".netrc").chmod(0o600)
    assert has_account()
    monkeypatch.setenv("WANDB_BASE_URL", "https://other.example")
    assert not has_account()
    monkeypatch.setenv("WANDB_API_KEY", "secret")
    assert has_account()

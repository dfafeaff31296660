"""What is wrong with an installation or a machine is told, with what to do about it."""

from __future__ import annotations

import shutil
from importlib import metadata
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from huggingface_hub import constants

import isogloss
from isogloss.calls import doctor as doctor_module
from isogloss.calls.health import hub, machine, trial, versions
from isogloss.calls.health.finding import Finding, guarded
from isogloss.cli import app
from tests.support.hub import Hub, point_at, serving


def states(findings: Any) -> dict[str, str]:
    return {one.what: one.state for one in findings}


def test_packages_that_are_missing_or_old_are_told_with_the_command(monkeypatch: pytest.MonkeyPatch):
    asked = ["torch>=99", "no-such-package>=1", "numpy>=1", 'also-missing; extra == "more"']
    monkeypatch.setattr(metadata, "requires", lambda name: asked)
    extras = SimpleNamespace(get_all=lambda key: ["more", "dev"])
    monkeypatch.setattr(metadata, "metadata", lambda name: extras)
    found = list(versions.packages())
    assert [(one.state, one.advice) for one in found] == [
        ("broken", "pip install 'torch>=99'"),
        ("broken", "pip install 'no-such-package>=1'"),
        ("note", "if it is wanted: pip install 'isogloss[more]'"),
    ]
    assert "must be >=99" in found[0].said and "is not there" in found[1].said


def test_another_python_is_told(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(metadata, "metadata", lambda name: {"Requires-Python": ">=4"})
    assert states(versions.python()) == {"python": "broken"}


def test_more_threads_than_cores(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(torch, "get_num_threads", lambda: 4096)
    (found,) = machine.threads()
    assert found.state == "note" and found.advice.startswith("OMP_NUM_THREADS=")


@pytest.mark.parametrize(("flags", "state"), [("fpu amx_bf16 avx512f", "good"), ("fpu avx2", "note")])
def test_precisions_of_the_processor(flags: str, state: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(machine, "_lines", lambda path: ["model name : Some CPU", f"flags : {flags}"])
    (found,) = machine.processor()
    assert found.state == state and "Some CPU" in found.said and "bf16" in found.said


def test_a_full_disk(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(shutil, "disk_usage", lambda place: SimpleNamespace(free=2**20))
    assert {one.state for one in machine.disk()} == {"note"}


def test_sizes_of_caches(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "own/deep").mkdir(parents=True)
    (tmp_path / "own/deep/rows").write_bytes(bytes(2**24))
    (tmp_path / "own/again").symlink_to(tmp_path / "own/deep/rows")
    monkeypatch.setenv("ISOGLOSS_CACHE", str(tmp_path / "own"))
    assert any(one.said.startswith("0.02 GiB in") and str(tmp_path) in one.said for one in machine.caches())
    monkeypatch.setenv("ISOGLOSS_CACHE", "off")
    assert states(machine.caches())["cache of read data (ISOGLOSS_CACHE)"] == "note"


def test_the_hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    own = Hub()
    with serving(own):
        point_at(own.url, tmp_path, monkeypatch)
        assert states(hub.hub()) == {"hub": "good"}
    (found,) = hub.hub()
    assert found.state == "note" and "does not answer" in found.said and "HF_ENDPOINT" in found.advice
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    (found,) = hub.hub()
    assert "HF_HUB_OFFLINE" in found.said


@pytest.mark.slow
def test_the_self_test_passes_here():
    assert [one.state for one in trial.trial()] == ["good"]


@pytest.mark.parametrize(
    ("tags", "resumes_exactly", "state"), [(4, True, "good"), (4, False, "broken"), (3, True, "broken")]
)
def test_the_self_test_notices_what_is_wrong(
    tags: int, resumes_exactly: bool, state: str, monkeypatch: pytest.MonkeyPatch
):
    def train(recipe: dict[str, Any], output: Path, resume: bool = False) -> None:
        (output / "model").mkdir(parents=True, exist_ok=True)
        weights = b"other" if resume and not resumes_exactly else b"same"
        (output / "model/model.safetensors").write_bytes(weights)

    monkeypatch.setattr(trial, "train", train)
    monkeypatch.setattr(trial, "write_world", lambda folder, **arguments: None)
    monkeypatch.setattr(trial, "load", lambda run: SimpleNamespace(predict=lambda *_, **__: [{"tags": "N" * tags}]))
    assert [one.state for one in trial.trial()] == [state]


def test_what_fails_is_a_finding_and_the_others_are_told(monkeypatch: pytest.MonkeyPatch):
    def fail() -> None:
        raise ImportError("no\nsuch library")

    monkeypatch.setattr(doctor_module, "_machine", fail)
    monkeypatch.setattr(doctor_module, "_hub", lambda: [Finding("hub", "good", "answers")])
    found = isogloss.doctor(self_test=False)
    assert states(found)["machine"] == "broken" and states(found)["hub"] == "good"
    assert str(next(guarded("x", fail))) == "broken  x: ImportError: no such library"


@pytest.mark.parametrize(("state", "status"), [("good", 0), ("note", 0), ("broken", 1)])
def test_the_status_says_whether_something_is_broken(
    state: Any, status: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    for name in ("_versions", "_machine", "_hub", "_trial"):
        monkeypatch.setattr(doctor_module, name, lambda: [Finding("it", state, "is so", "do this")])
    with pytest.raises(SystemExit) as end:
        app(["doctor"], prog_name="isogloss")
    assert end.value.code == status
    assert f"{state:6}  it: is so\n        -> do this" in capsys.readouterr().out

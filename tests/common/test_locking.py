"""One process at a time in a folder: who is refused, who takes over, and what is said."""

from __future__ import annotations

import errno
import fcntl
import json
import os
import platform
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import isogloss
from isogloss import IsoglossError
from isogloss.calls.demo import demo
from isogloss.common.locking import locked
from tests.support import methods, pretraining
from tests.support.world import write_pos

TASKS, TIMES = 4, 25

PROCESSES = """
import os, signal, sys
from pathlib import Path
from isogloss import IsoglossError
from isogloss.common.locking import locked

root, tasks, times = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])

def count(folder):
    for _ in range(times):
        while True:
            try:
                with locked(folder):
                    number = int((root / "count").read_text())
                    os.sched_yield()
                    (root / "count").write_text(str(number + 1))
                break
            except IsoglossError as error:
                assert "in use by" in str(error), error

def wait_for(signum):
    with locked(root / "waits"):
        os.kill(os.getpid(), signum)
        signal.pause()

def forked(work, argument):
    child = os.fork()  # the imports take seconds, so they are shared
    if child == 0:
        try:
            work(argument)
        except SystemExit as end:
            os._exit(end.code)
        os._exit(0)
    return child

def ended(child):
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])

(root / "count").write_text("0")
# The folder goes with each of its owners; the dead owner's lock in it is there to be taken over by several at once.
(root / "shared").mkdir()
(root / "shared" / ".lock").write_text(sys.argv[4])
print("count", *[ended(child) for child in [forked(count, root / "shared") for _ in range(tasks)]])
print("again", *[ended(child) for child in [forked(count, root / "comes" / "and goes") for _ in range(tasks)]])
print("terminated", ended(forked(wait_for, signal.SIGTERM)), (root / "waits").exists())
print("killed", ended(forked(wait_for, signal.SIGKILL)), (root / "waits" / ".lock").exists())
"""
"""Processes that want one lock, and processes that end in the middle of their work."""


def owner(**changes: Any) -> str:
    known = {
        "pid": 4711,
        "host": platform.node(),
        "started": "2024-02-29 12:00:00+00:00",
        "command": "isogloss train x",
    }
    return json.dumps({**known, **changes})


@pytest.fixture(scope="module")
def processes(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, str], str]:
    """Folder, output by its first word, and standard error of `PROCESSES`."""
    root = tmp_path_factory.mktemp("processes")
    command = [sys.executable, "-c", PROCESSES, str(root), str(TASKS), str(TIMES), owner()]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=True)
    return root, dict(line.split(" ", 1) for line in done.stdout.splitlines()), done.stderr


@pytest.mark.slow
def test_of_many_processes_one_at_a_time_has_the_lock(processes: tuple[Path, dict[str, str], str]):
    root, said, errors = processes
    assert (said["count"], said["again"]) == ("0 0 0 0", "0 0 0 0")
    assert (root / "count").read_text() == str(2 * TASKS * TIMES)
    assert errors.count("taken over from process 4711") == 1
    assert list((root / "shared").iterdir()) == []


@pytest.mark.slow
def test_sigterm_gives_the_lock_back_and_sigkill_leaves_it(
    processes: tuple[Path, dict[str, str], str], capsys: pytest.CaptureFixture[str]
):
    root, said, _ = processes
    assert (said["terminated"], said["killed"]) == ("143 False", "-9 True")
    left = json.loads((root / "waits" / ".lock").read_text())
    with locked(root / "waits"):
        now = json.loads((root / "waits" / ".lock").read_text())
        assert (now["pid"], now["host"]) == (os.getpid(), platform.node())
    assert capsys.readouterr().err == (
        f"{root / 'waits'}: taken over from process {left['pid']} on {left['host']}, started {left['started']} "
        f"({left['command']}), which has died\n"
    )
    assert not (root / "waits" / ".lock").exists()


def test_the_message_says_who_is_at_work(tmp_path: Path):
    with locked(tmp_path / "run"):
        said = json.loads((tmp_path / "run" / ".lock").read_text())
        with pytest.raises(IsoglossError) as refused, locked(tmp_path / "run"):
            pass
        assert (tmp_path / "run" / ".lock").exists()
    assert f"{tmp_path / 'run'} is in use by process {os.getpid()} on {platform.node()}" in str(refused.value)
    assert said["started"] in str(refused.value)
    assert said["command"] in str(refused.value)


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, SystemExit])
def test_whatever_ends_the_work_gives_the_lock_back(tmp_path: Path, error: type[BaseException]):
    with pytest.raises(error), locked(tmp_path / "a" / "run"):
        raise error
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(error), locked(tmp_path / "a" / "run"):
        (tmp_path / "a" / "run" / "results.jsonl").touch()
        raise error
    assert [path.name for path in (tmp_path / "a" / "run").iterdir()] == ["results.jsonl"]


def test_an_owner_on_another_machine_is_taken_to_be_alive(tmp_path: Path):
    (tmp_path / ".lock").write_text(owner(host="elsewhere"))
    with pytest.raises(IsoglossError, match=r"4711 on elsewhere, started 2024.*delete .*\.lock"), locked(tmp_path):
        pass
    assert (tmp_path / ".lock").read_text() == owner(host="elsewhere")


@pytest.mark.parametrize("left", ["", '{"pid": 4', "[]", '{"pid": 4711}'])
def test_a_lock_that_was_cut_short_is_taken_over(tmp_path: Path, left: str):
    (tmp_path / ".lock").write_text(left)
    with locked(tmp_path):
        assert json.loads((tmp_path / ".lock").read_text())["pid"] == os.getpid()
    assert list(tmp_path.iterdir()) == []


def test_where_the_file_system_has_no_locks_the_file_itself_is_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def refuse(descriptor: int, operation: int) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(fcntl, "flock", refuse)
    for _ in range(2):
        with locked(tmp_path), pytest.raises(IsoglossError, match="delete"), locked(tmp_path):
            pass
    assert list(tmp_path.iterdir()) == []


def test_a_lock_that_cannot_be_written_is_an_error(tmp_path: Path):
    (tmp_path / "run").write_text("a file")
    with pytest.raises(IsoglossError, match=r"cannot write .*run: File exists"), locked(tmp_path / "run"):
        pass


class OneOfTwo:
    """A process of two, of which the other one is told what rank 0 has found."""

    world_size = 2

    def __init__(self, rank: int, heard: str | None = None) -> None:
        self.rank, self.heard, self.told = rank, heard, None

    def gather(self, rows: list[Any]) -> list[Any]:
        self.told = rows[0]
        return [self.heard, None] if self.rank else [rows[0], None]


def test_rank_0_takes_the_lock_and_all_hear_of_it(tmp_path: Path):
    with locked(tmp_path / "run", OneOfTwo(0)), locked(tmp_path / "run", OneOfTwo(1)):  # type: ignore[arg-type]
        late = OneOfTwo(0)
        with pytest.raises(IsoglossError, match="in use by"), locked(tmp_path / "run", late):  # type: ignore[arg-type]
            pass
        other = OneOfTwo(1, late.told)
        with pytest.raises(IsoglossError, match="in use by"), locked(tmp_path / "run", other):  # type: ignore[arg-type]
            pass
    assert list(tmp_path.iterdir()) == []


def train(root: Path, output: Path, **options: Any) -> None:
    write_pos(root)
    isogloss.train(methods.recipe("multitask", root, steps=2), output=output, **options)


def pretrain(root: Path, output: Path) -> None:
    isogloss.pretrain(pretraining.recipe("mlm", pretraining.write_text(root), steps=2), output=output)


def evaluate(root: Path, output: Path) -> None:
    isogloss.evaluate(output)


VERBS: dict[str, Callable[..., None]] = {
    "train": train,
    "train --resume": lambda root, output: train(root, output, resume=True),
    "pretrain": pretrain,
    "evaluate": evaluate,
    "demo": lambda root, output: print(demo(output, seeds=(0,), steps=2)),
}


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("finished")
    train(root, root / "run")
    return root / "run"


@pytest.mark.parametrize("verb", VERBS)
def test_no_verb_writes_to_a_folder_in_use(verb: str, finished: Path, tmp_path: Path):
    output = finished if verb in ("evaluate", "train --resume") else tmp_path / "out"
    with locked(output):
        before = {path: path.stat().st_mtime_ns for path in output.rglob("*")}
        with pytest.raises(IsoglossError, match=f"{output} is in use by process {os.getpid()}"):
            VERBS[verb](tmp_path, output)
        assert {path: path.stat().st_mtime_ns for path in output.rglob("*")} == before


def test_after_a_death_the_next_one_goes_on_and_says_so(finished: Path, capsys: pytest.CaptureFixture[str]):
    (finished / ".lock").write_text(owner())
    before = (finished / "results.jsonl").read_bytes()
    train(finished.parent, finished, resume=True)
    assert f"{finished}: taken over from process 4711" in capsys.readouterr().err
    assert (finished / "results.jsonl").read_bytes() == before
    assert not (finished / ".lock").exists()

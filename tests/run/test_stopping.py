"""A run that is asked to stop ends after its step with a checkpoint, and goes on to the last bit."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

import isogloss
import isogloss.step.loop
from isogloss.calls import jobs
from isogloss.common.distributed import ALONE
from isogloss.run import stopping
from isogloss.run.stopping import Stop
from tests.support import pretraining
from tests.support.methods import CRASH, recipe
from tests.support.runs import short
from tests.support.world import names_of_checkpoints, outcome

ENDS = {signal.SIGINT: KeyboardInterrupt, signal.SIGTERM: SystemExit}


@pytest.fixture(autouse=True)
def not_deaf() -> Iterator[None]:
    """A shell starts background jobs that ignore SIGINT, and what they start does so, too."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@contextmanager
def told(step: int, *numbers: signal.Signals) -> Iterator[None]:
    """Whatever trains inside gets signals in the midst of a step, and must end by the first of them."""
    take_step = isogloss.step.loop.take_step

    def take(training: Any) -> None:
        take_step(training)
        if training.progress.step == step:
            for number in numbers:
                signal.raise_signal(number)

    before = [signal.getsignal(number) for number in stopping.SIGNALS]
    with pytest.MonkeyPatch.context() as patch, pytest.raises(ENDS[numbers[0]]):
        patch.setattr(isogloss.step.loop, "take_step", take)
        yield
    assert [signal.getsignal(number) for number in stopping.SIGNALS] == before


STOPPED = """
import os, signal, sys, time
from pathlib import Path
import isogloss.step.loop
from isogloss.cli import main

recipe, root, step, *names = sys.argv[1:]
take_step = isogloss.step.loop.take_step

def take_step_and_wait(training):
    take_step(training)
    if training.progress.step == int(step):
        woken, wake = os.pipe()
        os.set_blocking(wake, False)
        signal.set_wakeup_fd(wake)
        (root / f"{name}.waits").touch()
        os.read(woken, 1)  # until the signal has come

isogloss.step.loop.take_step, root = take_step_and_wait, Path(root)
for name in names:
    child = os.fork()  # the imports take seconds, so they are shared
    if child == 0:
        sys.argv = ["isogloss", "train", recipe, "--output", str(root / name)]
        main()
    while not (root / f"{name}.waits").exists():
        time.sleep(0.01)
    os.kill(child, getattr(signal, name))
    print(name, os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
"""
"""Runs of the command line that get signals from another process, between two logs and two checkpoints."""


@pytest.mark.slow
def test_a_signal_from_outside_and_a_resume_to_the_last_bit(
    ready_python: str, world: Path, straight: Callable[[str], Path], tmp_path: Path
):
    whole = recipe("sequential_reptile", world)
    (tmp_path / "recipe.json").write_text(json.dumps(whole))
    command = [ready_python, "-c", STOPPED, str(tmp_path / "recipe.json"), str(tmp_path), str(CRASH)]
    done = subprocess.run([*command, "SIGINT", "SIGTERM"], capture_output=True, text=True, timeout=300, check=True)
    assert done.stdout.split() == ["SIGINT", "130", "SIGTERM", "143"]
    expected = outcome(straight("sequential_reptile"))
    for name in ("SIGINT", "SIGTERM"):
        assert done.stderr.count(f"{tmp_path / name}: stopped at step 7; go on with --resume\n") == 1
        assert names_of_checkpoints(tmp_path / name) == [CRASH]
        isogloss.train(whole, output=tmp_path / name, resume=True)
        resumed = outcome(tmp_path / name)
        for part in expected:
            assert resumed[part] == expected[part], part
    assert done.stderr.count("stopping after this step, with a checkpoint; once more ends at once") == 2
    assert "Traceback" not in done.stderr


@pytest.mark.slow
def test_pretraining_stops_too(text_world: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]):
    # With a model that there is: two new tokenizers of the same text would not be the same.
    whole = pretraining.recipe("both", text_world, model=str(text_world / "encoder"), tokenizer=None)
    with told(CRASH, signal.SIGTERM):
        isogloss.pretrain(whole, output=tmp_path / "run")
    assert "stopped at step 7; go on with --resume" in capfd.readouterr().err
    isogloss.pretrain(whole, output=tmp_path / "run", resume=True)
    isogloss.pretrain(whole, output=tmp_path / "straight")
    assert outcome(tmp_path / "run") == outcome(tmp_path / "straight")


def test_a_second_wish_ends_at_once(
    world: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
):
    monkeypatch.setattr(stopping, "SAME_WISH", -1.0)
    with told(2, signal.SIGINT, signal.SIGINT):
        isogloss.train(short("pos", world, save_steps=1, steps=3), output=tmp_path / "run")
    said = "stopped at step 2 (the last checkpoint is that of step 1); go on with --resume\n"
    assert capfd.readouterr().err.endswith(said)
    assert names_of_checkpoints(tmp_path / "run") == [1]


def test_a_checkpoint_of_a_stop_is_an_ordinary_one_where_one_was_due(world: Path, tmp_path: Path):
    with told(2, signal.SIGTERM):
        isogloss.train(short("pos", world, save_steps=2), output=tmp_path / "run")
    assert names_of_checkpoints(tmp_path / "run") == [2]
    assert not (tmp_path / "run" / "checkpoint-2" / "losses.json").exists()


def test_a_signal_that_is_ignored_stays_so_and_other_threads_get_none():
    before = signal.signal(signal.SIGTERM, signal.SIG_IGN)
    try:
        stop = Stop(ALONE)
        with stop.listening():
            signal.raise_signal(signal.SIGTERM)
        assert stop.agreed() is None
        thread = threading.Thread(target=lambda: stop.listening().__enter__())
        thread.start()
        thread.join()
        assert signal.getsignal(signal.SIGTERM) is signal.SIG_IGN
        assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    finally:
        signal.signal(signal.SIGTERM, before)


def test_all_processes_stop_by_the_signal_of_one():
    class Two:
        """Two processes, the other of which has got SIGTERM."""

        rank, world_size = 0, 2

        def sum(self, tensors: Any) -> None:
            tensors[0][stopping.SIGNALS.index(signal.SIGTERM)] += 1

    stop = Stop(Two())  # type: ignore[arg-type]
    assert stop.agreed() == signal.SIGTERM
    with stop.listening():
        signal.raise_signal(signal.SIGINT)
    assert stop.agreed() == signal.SIGINT


CHILD = """
import json, pathlib, signal, sys, time
path = pathlib.Path(json.load(sys.stdin)["path"])
path.mkdir()
while signal.SIGINT not in signal.sigpending():
    time.sleep(0.01)
sys.exit(130)
"""
"""In place of a run that is still at its imports: is told to stop, and would end in a traceback if it heard that."""


def test_runs_side_by_side_are_stopped_together(
    world: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.setattr(jobs, "COMMAND", (sys.executable, "-c", CHILD))
    sweep = {"learning_rate": [0.1, 0.2, 0.3]}
    paths = [tmp_path / f"learning_rate={value}" for value in sweep["learning_rate"]]

    def interrupt() -> None:
        while not all(path.exists() for path in paths[:2]):
            done.wait(0.01)
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)

    done = threading.Event()
    thread = threading.Thread(target=interrupt)
    thread.start()
    with pytest.raises(KeyboardInterrupt):
        isogloss.train(short("pos", world, sweep=sweep), output=tmp_path, jobs=2)
    thread.join()
    said = capsys.readouterr().err
    assert [f"{path}: stopped" in said for path in paths] == [True, True, False]
    assert said.endswith("stopped with 0 of 3 runs done; go on with --resume\n")
    assert not list(tmp_path.glob("learning_rate=0.3*"))
    logs = [path.with_name(f"{path.name}.log").read_text() for path in paths[:2]]
    assert logs == ["", ""]
    assert signal.SIGINT not in signal.pthread_sigmask(signal.SIG_BLOCK, [])


def test_interrupts_that_came_at_the_imports_and_at_the_end_leave_no_traceback():
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        signal.raise_signal(signal.SIGINT)
        with pytest.raises(SystemExit) as ended:
            jobs.main()
        assert ended.value.code == 130
        signal.raise_signal(signal.SIGINT)
    finally:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # forgets one that still waits
        signal.pthread_sigmask(signal.SIG_SETMASK, before)

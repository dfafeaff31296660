"""The runs that a recipe stands for, trained one after the other or side by side."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Any

from isogloss.calls.ended import print_adapters, print_doubts
from isogloss.common.distributed import processes
from isogloss.common.errors import IsoglossError
from isogloss.common.locking import locked
from isogloss.common.writing import read_lines
from isogloss.recipe.encoder_defaults import left_to_encoder
from isogloss.recipe.names import TASKS
from isogloss.recipe.resolve import resolve
from isogloss.recipe.spec.recipe import Recipe
from isogloss.reports.selections import selections_table
from isogloss.reports.tables import closing_tables
from isogloss.run.callbacks import Callback
from isogloss.run.folder import RunFolder
from isogloss.run.stopping import end, interrupts_wait, let_interrupts_in, passing_on
from isogloss.start.prepare import prepare

Rows = list[dict[str, Any]]

COMMAND = (sys.executable, "-m", "isogloss.calls.jobs")
"""Trains the run that its standard input describes."""


def print_told(line: str) -> None:
    """Say something of a run."""
    print(line, file=sys.stderr, flush=True)


@dataclass(frozen=True)
class Asked:
    """A run to be trained.

    Attributes:
        recipe: Its recipe, of one seed.
        path: Its folder.
        resume: Whether a run that the folder holds already is gone on with.
        overwrite: Whether such a run is removed.
        label_languages: Languages whose labels it has beside those that it is trained on.
        callbacks: Code of the user's own that it calls, in this process alone.
    """

    recipe: Recipe
    path: Path
    resume: bool
    overwrite: bool
    label_languages: tuple[str, ...]
    callbacks: Sequence[Callback] = ()


def train_run(asked: Asked) -> Rows:
    """Train a run, print its scores, and return the rows of the final ones."""
    with locked(asked.path, processes()):
        experiment = prepare(
            asked.recipe,
            asked.path,
            resume=asked.resume,
            overwrite=asked.overwrite,
            label_languages=asked.label_languages,
        )
        experiment.callbacks = asked.callbacks
        final = experiment.run()
    if experiment.ranks.rank == 0 and final:
        metrics = TASKS[final[0]["task"]].build(()).metrics
        print(closing_tables(final, metrics))
        others = selections_table(read_lines(asked.path / "results.jsonl"), final[0]["train_languages"], metrics[0])
        if others is not None:
            print(f"\nwhat each selection would have taken (dev)\n{others}")
        print_doubts(experiment, final)
        print_adapters(experiment)
    return final


def train_one_by_one(runs: Sequence[Asked]) -> list[Rows]:
    """Train runs in this process, and return the rows of the final scores of each."""
    return [train_run(asked) for asked in runs]


def train_side_by_side(
    runs: Sequence[Asked],
    *,
    jobs: int,
    told: Callable[[str], None] = print_told,
    again: str = "go on with --resume",
) -> list[Rows]:
    """Train runs in processes of their own, and return the rows of the final scores of each.

    What a run prints goes into ``RUN.log`` beside its folder. If one fails, the others go on.

    Args:
        runs: The runs.
        jobs: How many are trained at a time.
        told: Takes a line where a run begins, and where it ends.
        again: What to say of how all can be gone on with.

    SIGINT (Ctrl-C) and SIGTERM are passed on, so that all runs stop with a checkpoint.

    Raises:
        IsoglossError: ``jobs`` is less than 1, a launcher has started several processes already, or runs have failed.
        KeyboardInterrupt: SIGINT has stopped them.
        SystemExit: SIGTERM has stopped them.
    """
    if jobs < 1 or processes().world_size > 1:
        found = f"jobs = {jobs}, {processes().world_size} process(es)"
        raise IsoglossError(f"jobs: a number from 1 on, and not within several processes of a launcher; found {found}")
    side = _Side(jobs, told)
    try:
        with passing_on(side.stop) as stopped, ThreadPoolExecutor(jobs) as pool:
            try:
                statuses = list(pool.map(side.train, runs))
            except BaseException:
                pool.shutdown(wait=False, cancel_futures=True)
                side.stop(signal.SIGTERM)
                raise
    finally:
        side.wait()
    number = stopped()
    if number is not None:
        print(f"stopped with {statuses.count(0)} of {len(runs)} runs done; {again}", file=sys.stderr)
        end(number)
    failed = [asked.path for asked, status in zip(runs, statuses, strict=True) if status != 0]
    if failed:
        logs = ", ".join(str(log_of(path)) for path in failed)
        raise IsoglossError(f"{len(failed)} of {len(runs)} runs have failed; {logs} say why; {again}")
    return [RunFolder(asked.path).final_rows() for asked in runs]


def log_of(path: Path) -> Path:
    """The file that takes what a run beside others says."""
    return path.with_name(f"{path.name}.log")


class _Side:
    """Runs in processes of their own.

    Args:
        jobs: How many there are at a time, which share the cores.
        told: Takes a line where a run begins, and where it ends.
    """

    def __init__(self, jobs: int, told: Callable[[str], None]) -> None:
        self._told = told
        self._threads = str(max(1, (os.cpu_count() or 1) // jobs))
        self._started: list[subprocess.Popen[str]] = []
        self._starting = Lock()
        self._stopped: signal.Signals | None = None

    def train(self, asked: Asked) -> int:
        """Train a run, and return its exit status; nothing is begun any more once all have been stopped."""
        with self._starting:
            if self._stopped is not None:
                return 128 + self._stopped
            asked.path.parent.mkdir(parents=True, exist_ok=True)
            with log_of(asked.path).open("w" if asked.overwrite else "a") as log, interrupts_wait():
                process = subprocess.Popen(
                    COMMAND,
                    stdin=subprocess.PIPE,
                    stdout=log,
                    stderr=log,
                    text=True,
                    env={"OMP_NUM_THREADS": self._threads, "PYTHONUNBUFFERED": "1", **os.environ},
                )
            self._started.append(process)
        self._told(f"{asked.path}: begun; {log_of(asked.path)} says how it goes")
        process.communicate(_as_json(asked))
        ended = "stopped" if self._stopped is not None else f"failed with status {process.returncode}"
        self._told(f"{asked.path}: {'done' if process.returncode == 0 else ended}")
        return process.returncode

    def stop(self, number: signal.Signals) -> None:
        """Send a signal to all that are at work."""
        with self._starting:
            self._stopped = number
            for process in self._started:
                process.send_signal(number)  # not to one that has ended

    def wait(self) -> None:
        """Go on when all have ended."""
        for process in self._started:
            process.wait()


def _as_json(asked: Asked) -> str:
    # What is left to the encoder is left to it there too, which says so.
    recipe = asked.recipe.model_dump(mode="json", exclude={*left_to_encoder(asked.recipe)})
    return json.dumps({**vars(asked), "recipe": recipe, "path": str(asked.path)})


def main() -> None:
    """Train the run that standard input describes; an `IsoglossError` becomes one message and exit status 2."""
    try:
        let_interrupts_in()
        task = json.load(sys.stdin)
        places = {"path": Path(task["path"]), "label_languages": tuple(task["label_languages"])}
        train_run(Asked(**{**task, "recipe": resolve(task["recipe"]), **places}))
    except IsoglossError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(2)
    except KeyboardInterrupt:
        sys.exit(128 + signal.SIGINT)


if __name__ == "__main__":
    main()

"""The runs that a recipe stands for, trained one after the other or side by side."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from isogloss.calls.arguments import print_adapters, print_doubts
from isogloss.common.distributed import processes
from isogloss.common.errors import IsoglossError
from isogloss.common.locking import locked
from isogloss.common.writing import read_lines
from isogloss.recipe.names import TASKS
from isogloss.recipe.resolve import resolve
from isogloss.recipe.spec.recipe import Recipe
from isogloss.reports.selections import selections_table
from isogloss.reports.tables import closing_tables
from isogloss.run.callbacks import Callback
from isogloss.run.folder import RunFolder
from isogloss.start.prepare import prepare

Rows = list[dict[str, Any]]


@dataclass(frozen=True)
class Asked:
    """A run to be trained.

    Attributes:
        recipe: Its recipe, of one seed.
        path: Its folder.
        resume: Whether the folder may hold it already.
        label_languages: Languages whose labels it has beside those that it is trained on.
        callbacks: Code of the user's own that it calls, in this process alone.
    """

    recipe: Recipe
    path: Path
    resume: bool
    label_languages: tuple[str, ...]
    callbacks: Sequence[Callback] = ()


def train_run(asked: Asked) -> Rows:
    """Train a run, print its scores, and return the rows of the final ones."""
    with locked(asked.path, processes()):
        experiment = prepare(asked.recipe, asked.path, resume=asked.resume, label_languages=asked.label_languages)
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


def train_side_by_side(runs: Sequence[Asked], *, jobs: int) -> list[Rows]:
    """Train runs in processes of their own, and return the rows of the final scores of each.

    What a run prints goes into ``RUN.log`` beside its folder. If one fails, the others go on.

    Args:
        runs: The runs.
        jobs: How many are trained at a time.

    Raises:
        IsoglossError: ``jobs`` is less than 1, a launcher has started several processes already, or runs have failed.
    """
    if jobs < 1 or processes().world_size > 1:
        found = f"jobs = {jobs}, {processes().world_size} process(es)"
        raise IsoglossError(f"jobs: a number from 1 on, and not within several processes of a launcher; found {found}")
    started: list[subprocess.Popen[str]] = []
    try:
        with ThreadPoolExecutor(jobs) as pool:
            try:
                statuses = list(pool.map(lambda asked: _in_a_process(asked, jobs, started), runs))
            except BaseException:
                pool.shutdown(wait=False, cancel_futures=True)
                for process in started:
                    process.terminate()
                raise
    finally:
        for process in started:
            process.wait()
    failed = [asked.path for asked, status in zip(runs, statuses, strict=True) if status != 0]
    if failed:
        logs = ", ".join(str(_log(path)) for path in failed)
        raise IsoglossError(f"{len(failed)} of {len(runs)} runs have failed; {logs} say why; --resume goes on with all")
    return [RunFolder(asked.path).final_rows() for asked in runs]


def _log(path: Path) -> Path:
    return path.with_name(f"{path.name}.log")


def _in_a_process(asked: Asked, jobs: int, started: list[subprocess.Popen[str]]) -> int:
    """Train a run in a process of its own, and return its exit status."""
    task = {
        "recipe": asked.recipe.model_dump(mode="json"),
        "path": str(asked.path),
        "resume": asked.resume,
        "label_languages": asked.label_languages,
    }
    threads = str(max(1, (os.cpu_count() or 1) // jobs))
    asked.path.parent.mkdir(parents=True, exist_ok=True)
    with _log(asked.path).open("a") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "isogloss.calls.jobs"],
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=log,
            text=True,
            env={"OMP_NUM_THREADS": threads, "PYTHONUNBUFFERED": "1", **os.environ},
        )
        started.append(process)
        print(f"{asked.path}: begun; {_log(asked.path)} says how it goes", file=sys.stderr, flush=True)
        process.communicate(json.dumps(task))
    said = "done" if process.returncode == 0 else f"failed with status {process.returncode}"
    print(f"{asked.path}: {said}", file=sys.stderr, flush=True)
    return process.returncode


def main() -> None:
    """Train the run that standard input describes; an `IsoglossError` becomes one message and exit status 2."""
    task = json.load(sys.stdin)
    try:
        recipe = resolve(task["recipe"])
        train_run(Asked(recipe, Path(task["path"]), task["resume"], tuple(task["label_languages"])))
    except IsoglossError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(2)


if __name__ == "__main__":
    main()

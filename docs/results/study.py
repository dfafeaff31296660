"""What studies share: shortened test files, runs that several processes take one by one, and paired differences."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from isogloss.calls.predicted import redraw
from isogloss.common.writing import read_lines
from isogloss.reports.cells import scoring_of
from isogloss.reports.statistics import crossed_interval, paired_interval

KINDS = ("over_seeds", "over_seeds_and_sentences")


class Run(Protocol):
    """One run of a study."""

    def folder(self, root: Path) -> Path:
        """Where it is kept, with an empty file `done` once it has ended."""
        ...

    @property
    def arguments(self) -> list[str]:
        """What the study's `one` is told, so that it makes this run."""
        ...


def take(script: str, runs: Iterable[Run], root: Path, model: str, jobs: int = 1) -> None:
    """Make the runs that no other process has taken, each in a process of one thread, ``jobs`` at a time."""
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}

    def make(run: Run) -> None:
        folder = run.folder(root)
        try:
            folder.mkdir(parents=True)
        except FileExistsError:
            return
        begun = time.perf_counter()
        with (folder / "log").open("w") as log:
            command = [sys.executable, script, "one", *run.arguments, "--model", model, "--runs", str(root)]
            done = subprocess.run(command, env=environment, stdout=log, stderr=log, check=False)
        print(f"{run}: exit {done.returncode}, {time.perf_counter() - begun:.0f} s", flush=True)

    with ThreadPoolExecutor(jobs) as pool:
        list(pool.map(make, runs))


def finished(runs: Iterable[Run], root: Path, metric: Callable[[Any], str]) -> Iterator[tuple[Any, dict[str, Any]]]:
    """The final rows of one metric of the runs that have ended, each with its run; ``run`` is the run's folder."""
    for run in runs:
        if (run.folder(root) / "done").exists():
            for row in read_lines(run.folder(root) / "run" / "results.jsonl"):
                if row["selection"] is not None and row["metric"] == metric(run):
                    yield run, {**row, "run": str(run.folder(root) / "run")}


def sentences(source: Path, target: Path, number: int) -> None:
    """Write ``number`` sentences of a file of sentences with an empty line after each, evenly spaced over it."""
    blocks = _spread([block for block in source.read_text("utf-8").split("\n\n") if block.strip()], number)
    _write(target, "".join(f"{block.strip(chr(10))}\n\n" for block in blocks))


def rows_of_table(source: Path, target: Path, number: int) -> None:
    """Write the first line of a table and ``number`` others, evenly spaced over it."""
    header, *lines = source.read_text("utf-8").splitlines(keepends=True)
    _write(target, "".join([header, *_spread(lines, number)]))


def passages(source: Path, target: Path, number: int) -> None:
    """Write ``number`` passages of a file in SQuAD's format with all their questions, evenly spaced over it."""
    given = json.loads(source.read_text("utf-8"))
    kept = _spread([paragraph for article in given["data"] for paragraph in article["paragraphs"]], number)
    _write(target, json.dumps({"version": "1.1", "data": [{"title": "", "paragraphs": kept}]}, ensure_ascii=False))


def _spread(items: Sequence[Any], number: int) -> list[Any]:
    number = min(number, len(items))
    return [items[index * len(items) // number] for index in range(number)]


def _write(target: Path, text: str) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = target.with_name(f"{target.name}.{os.getpid()}")  # several processes may write it at once
    partial.write_text(text, "utf-8")
    partial.replace(target)


def differences(
    rows: Sequence[Mapping[str, Any]], arm: str, other: str, groups: Mapping[str, Sequence[tuple[str, str]]]
) -> Iterator[dict[str, Any]]:
    """Per group the mean of two arms and their paired difference, ``arm`` − ``other``, with both intervals.

    Args:
        rows: Test scores, of one metric, with ``run``, ``arm`` and ``seed``.
        arm: An arm.
        other: The one it is compared with.
        groups: By name the (data set, language) that a mean is over.
    """
    own = [row for row in rows if row["arm"] in (arm, other)]
    drawn = redraw(own)
    values = {
        (row["data"], row["language"], row["arm"], row["seed"]): (row["value"], drawn[scoring_of(row)]) for row in own
    }
    for name, members in groups.items():
        seeds = sorted({row["seed"] for row in own})
        seeds = [s for s in seeds if all((*one, which, s) in values for one in members for which in (arm, other))]
        if not seeds:
            continue
        mean = {
            (which, seed): [np.mean([values[*one, which, seed][kind] for one in members], axis=0) for kind in (0, 1)]
            for which in (arm, other)
            for seed in seeds
        }
        pairs = [float(mean[arm, seed][0] - mean[other, seed][0]) for seed in seeds]
        redrawn = np.mean([mean[arm, seed][1] - mean[other, seed][1] for seed in seeds], axis=0)
        seen, wide = paired_interval(pairs), crossed_interval(pairs, redrawn)
        scores = [float(np.mean([mean[which, seed][0] for seed in seeds])) for which in (arm, other)]
        yield {"line": name, "arm": arm, "other": other, "values": scores, "difference": seen.mean, "n": seen.n,
               "over_seeds": [seen.low, seen.high], "over_seeds_and_sentences": [wide.low, wide.high]}  # fmt: skip


def in_points(row: Mapping[str, Any]) -> list[str]:
    """A difference and its two intervals in points, as cells of a table."""
    ends = [[f"{100 * end:+.1f}" if end is not None else "?" for end in row[kind]] for kind in KINDS]
    return [f"{100 * row['difference']:+.1f}", *(f"[{low}, {high}]" for low, high in ends)]

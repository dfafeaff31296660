"""A study of arms: each one's learning rate chosen on source dev data, then paired seeds, then rows and tables."""

from __future__ import annotations

import argparse
import shutil
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import redirect_stdout
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import study
from tabulate import tabulate

import isogloss
from isogloss.common.writing import append_lines, read_json, read_lines, write_json

TUNING_SEEDS = (9, 19)
"""No seeds of a comparison."""

COST = "cost.json"
"""In the folder of a run what the run has counted, and ``processor``: its seconds of processor time, tests included."""


@dataclass(frozen=True)
class Task:
    """A task of a study.

    Attributes:
        metric: The score that is compared.
        groups: By name the (data set, language) pairs of a mean. Each pair also has a line of its own.
        write_data: Writes what the recipes read below a folder.
        seeds: The paired seeds.
        tuning_seeds: Those of `TUNING_SEEDS` with which each learning rate is tried; the best mean is chosen.
    """

    metric: str
    groups: Mapping[str, Sequence[tuple[str, str]]]
    write_data: Callable[[Path], None]
    seeds: tuple[int, ...] = (0, 1, 2)
    tuning_seeds: tuple[int, ...] = TUNING_SEEDS[:1]


@dataclass(frozen=True)
class Run:
    """One run."""

    task: str
    arm: str
    seed: int
    rate: float

    @property
    def is_tuning(self) -> bool:
        """Whether it chooses a learning rate, so that it sees no test data."""
        return self.seed in TUNING_SEEDS

    def folder(self, root: Path) -> Path:
        """Where it is kept."""
        return root / self.task / self.arm / f"rate-{self.rate:g}-seed-{self.seed}"

    @property
    def arguments(self) -> list[str]:
        """What `one` is told."""
        return ["--task", self.task, "--arms", self.arm, "--seed", str(self.seed), "--rate", str(self.rate)]


@dataclass(frozen=True)
class Study:
    """A study.

    Attributes:
        script: The file that holds it, which is run again for each run.
        tasks: By name.
        rates: By arm the learning rates that are tried first.
        follows: Arms whose rate is not chosen, but is that of another arm, times a number.
        compared: By arm, as `label` writes it, the other one that it is compared with, or several.
        recipe: The recipe of a run, given the encoder and the folder of all runs.
        label: An arm, with what tells its rows of test scores apart where it has several of a test set.
        evaluate: What is measured in a run's folder after training, beside what training measures.
        rows: Further rows to keep of a run's folder.
    """

    script: str
    tasks: Mapping[str, Task]
    rates: Mapping[str, Sequence[float]]
    compared: Mapping[str, str | tuple[str, ...]]
    recipe: Callable[[Run, str, Path], dict[str, Any]]
    label: Callable[[str, Mapping[str, Any]], str] = lambda arm, _: arm
    evaluate: Callable[[Run, Path], None] = lambda run, folder: None
    rows: Callable[[Path], Iterable[dict[str, Any]]] = lambda folder: ()
    follows: Mapping[str, tuple[str, float]] = field(default_factory=dict)

    def finished(self, runs: Iterable[Run], root: Path) -> Iterator[tuple[Run, dict[str, Any]]]:
        """The final rows of the compared score of the runs that have ended."""
        return study.finished(runs, root, lambda run: self.tasks[run.task].metric)

    def tuned(self, root: Path, task: str, arm: str) -> dict[float, float]:
        """By learning rate the mean score on dev data of the runs that tried it, where all of them have finished."""
        seeds = self.tasks[task].tuning_seeds
        runs = [
            Run(task, arm, seed, float(folder.name.split("-seed-")[0].removeprefix("rate-")))
            for seed in seeds
            for folder in (root / task / arm).glob(f"*-seed-{seed}")
        ]
        scores: dict[float, dict[int, list[float]]] = {}
        for run, row in self.finished(runs, root):
            scores.setdefault(run.rate, {}).setdefault(run.seed, []).append(row["value"])
        return {
            rate: _mean([_mean(values) for values in by_seed.values()])
            for rate, by_seed in scores.items()
            if len(by_seed) == len(seeds)
        }

    def untried(self, root: Path, task: str, arm: str) -> list[float]:
        """The first rates, then a neighbour of the best by a factor of two while it is at an end, up to two."""
        if arm in self.follows:
            return []
        first, seen = self.rates[arm], self.tuned(root, task, arm)
        if not set(first) <= seen.keys():
            return [rate for rate in first if rate not in seen]
        best = _best(seen)
        wider = [best * 2] if best == max(seen) else [best / 2] if best == min(seen) else []
        return wider if len(seen) < len(first) + 2 else []

    def plan(self, root: Path, tasks: Sequence[str], arms: Sequence[str]) -> Iterator[Run]:
        """All runs whose rate is known, seed after seed, so that tables can be made at any time."""
        for task in tasks:
            rates = {}
            for arm in arms:
                other, factor = self.follows.get(arm, (arm, 1.0))
                if not self.untried(root, task, other):
                    seen = self.tuned(root, task, other)
                    rates[arm] = factor * _best(seen)
            for seed in self.tasks[task].seeds:
                yield from (Run(task, arm, seed, rate) for arm, rate in rates.items())

    def choose(self, root: Path, model: str, tasks: Sequence[str], arms: Sequence[str], jobs: int) -> None:
        """Make the runs that choose rates, until none is missing that this process could take."""
        while True:
            missing = [
                Run(task, arm, seed, rate)
                for task in tasks
                for arm in arms
                for rate in self.untried(root, task, arm)
                for seed in self.tasks[task].tuning_seeds
            ]
            missing = [run for run in missing if not run.folder(root).exists()]
            if not missing:
                return
            study.take(self.script, missing, root, model, jobs)

    def make(self, run: Run, model: str, root: Path) -> None:
        """Make a run."""
        folder = run.folder(root)
        with redirect_stdout(sys.stderr):
            begun = time.process_time()
            isogloss.train(self.recipe(run, model, root), output=folder / "run")
            write_json(folder / COST, {**read_json(folder / "run" / COST), "processor": time.process_time() - begun})
            if not run.is_tuning:
                self.evaluate(run, folder / "run")
        for checkpoint in (folder / "run").glob("checkpoint-*"):  # hundreds of megabytes that no one resumes
            shutil.rmtree(checkpoint)
        (folder / "done").touch()

    def collect(self, root: Path, kept: Path, tasks: Sequence[str]) -> None:
        """Write what finished runs have found: dev scores by rate, test scores, differences, and further rows."""
        lines = [row for row in read_lines(kept) if row["task"] not in tasks] if kept.exists() else []
        for task in tasks:
            lines += [{**row, "task": task} for row in self._collected(root, task)]
        kept.unlink(missing_ok=True)
        append_lines(kept, lines)

    def _collected(self, root: Path, task: str) -> Iterator[dict[str, Any]]:
        for arm in self.rates:
            for rate, value in sorted(self.tuned(root, task, arm).items()):
                yield {"kind": "rate", "task": task, "arm": arm, "rate": rate, "value": value}
        runs = [run for run in self.plan(root, [task], [*self.rates]) if (run.folder(root) / "done").exists()]
        found = [
            {"task": task, "arm": self.label(run.arm, row), "seed": run.seed, "rate": run.rate, **row}
            for run, row in self.finished(runs, root)
            if row["split"] == "test"
        ]
        names = ("task", "arm", "seed", "rate", "data", "language", "metric", "value", "n")
        for row in found:
            yield {"kind": "score", **{name: row[name] for name in names}}
        groups = dict(self.tasks[task].groups)
        groups |= {f"{name} {code}": [(name, code)] for members in [*groups.values()] for name, code in members}
        measured = {row["arm"] for row in found}
        for arm, others in self.compared.items():
            for other in (others,) if isinstance(others, str) else others:
                if {arm, other} <= measured:
                    for line in study.differences(found, arm, other, groups):
                        yield {"kind": "difference", "task": task, **line}
        for run in runs:
            if (run.folder(root) / COST).exists():
                cost = read_json(run.folder(root) / COST)
                yield {"kind": "cost", "task": task, "arm": run.arm, "seed": run.seed,
                       **{name: cost[name] for name in ("processor", "flops", "trained_parameters")}}  # fmt: skip
            for row in self.rows(run.folder(root) / "run"):
                yield {"task": task, "arm": run.arm, "seed": run.seed, **row}

    def tables(self, kept: Path) -> str:
        """Per task the scores by arm and language, the differences of means, and what a run costs."""
        rows = read_lines(kept)
        return "\n\n".join(
            f"{task}, {own.metric} in %\n\n{_scores(rows, task, own)}\n\n{_differences(rows, task, own)}"
            f"{_costs(rows, task)}"
            for task, own in self.tasks.items()
            if any(row["kind"] == "score" and row["task"] == task for row in rows)
        )

    def main(self, about: str, name: str) -> None:
        """Run, or make the tables."""
        parser = argparse.ArgumentParser(description=about, formatter_class=argparse.RawDescriptionHelpFormatter)
        parser.add_argument("what", choices=["rates", "run", "one", "collect", "tables"])
        parser.add_argument("--model", default="intfloat/multilingual-e5-small")
        parser.add_argument("--runs", type=Path, default=Path("runs", name))
        parser.add_argument("--rows", type=Path, default=Path("docs/results", f"{name}.jsonl"))
        parser.add_argument("--jobs", type=int, default=1)
        parser.add_argument("--task", nargs="+", choices=self.tasks, default=[*self.tasks])
        parser.add_argument("--arms", nargs="+", choices=self.rates, default=[*self.rates])
        parser.add_argument("--seed", type=int)
        parser.add_argument("--rate", type=float)
        asked = parser.parse_args()
        if asked.what in ("rates", "run"):
            for task in asked.task:
                self.tasks[task].write_data(asked.runs)
        if asked.what == "rates":
            self.choose(asked.runs, asked.model, asked.task, asked.arms, asked.jobs)
        elif asked.what == "run":
            runs = self.plan(asked.runs, asked.task, asked.arms)
            study.take(self.script, runs, asked.runs, asked.model, asked.jobs)
        elif asked.what == "one":
            self.make(Run(asked.task[0], asked.arms[0], asked.seed, asked.rate), asked.model, asked.runs)
        elif asked.what == "collect":
            self.collect(asked.runs, asked.rows, asked.task)
        else:
            print(self.tables(asked.rows))


def _scores(rows: Sequence[Mapping[str, Any]], task: str, own: Task) -> str:
    scores: dict[tuple[str, tuple[str, str]], list[float]] = {}
    for row in rows:
        if row["kind"] == "score" and row["task"] == task:
            scores.setdefault((row["arm"], (row["data"], row["language"])), []).append(row["value"])
    arms = list(dict.fromkeys(arm for arm, _ in scores))
    sets = list(dict.fromkeys(found for _, found in scores))
    several = len({data for data, _ in sets}) > 1
    columns = {" ".join(found) if several else found[1]: [found] for found in sets} | dict(own.groups)

    def cell(arm: str, members: Sequence[tuple[str, str]]) -> str:
        return f"{100 * _mean([_mean(scores.get((arm, found), [])) for found in members]):.1f}"

    body = [[arm, *(cell(arm, members) for members in columns.values())] for arm in arms]
    return tabulate(body, [own.metric, *columns], tablefmt="github", disable_numparse=True)


def _differences(rows: Sequence[Mapping[str, Any]], task: str, own: Task) -> str:
    body = [
        [row["line"], f"{row['arm']} − {row['other']}", row["n"], *(f"{100 * value:.1f}" for value in row["values"]),
         *study.in_points(row)]
        for row in rows
        if row["kind"] == "difference" and row["task"] == task and row["line"] in own.groups
    ]  # fmt: skip
    headers = ["mean of", "compared", "seeds", "arm", "other", "difference", "over seeds", "over seeds and sentences"]
    return tabulate(body, headers, tablefmt="github", disable_numparse=True)


def _costs(rows: Sequence[Mapping[str, Any]], task: str) -> str:
    """The mean cost of a run by arm, where rows say it."""
    by_arm: dict[str, list[Mapping[str, Any]]] = {}
    for row in rows:
        if row["kind"] == "cost" and row["task"] == task:
            by_arm.setdefault(row["arm"], []).append(row)
    body = [
        [arm, *(f"{_mean([row[name] for row in own]) / unit:.1f}" for name, unit in _UNITS.values())]
        for arm, own in by_arm.items()
    ]
    return "\n\n" + tabulate(body, ["a run", *_UNITS], tablefmt="github", disable_numparse=True) if body else ""


_UNITS = {
    "minutes of one core, tests included": ("processor", 60),
    "10^12 FLOPs of training": ("flops", 10**12),
    "million parameters trained": ("trained_parameters", 10**6),
}


def _best(scores: Mapping[float, float]) -> float:
    """The rate with the highest score; of several the smallest, which is safer for seeds that were not tried."""
    return min(scores, key=lambda rate: (-scores[rate], rate))


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values) if values else float("nan")

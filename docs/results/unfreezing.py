"""The evidence for adapters and scheduled unfreezing: trained on English, tested on other languages.

python docs/results/unfreezing.py rates --model FOLDER    # choose each arm's learning rate on English dev data
python docs/results/unfreezing.py run --model FOLDER
python docs/results/unfreezing.py collect
python docs/results/unfreezing.py tables

FOLDER holds a real encoder: intfloat/multilingual-e5-small, for the rows kept here. Each run is a process of a thread;
finished runs are skipped, so the script can be stopped and started again, and started several times beside itself:
each takes runs that no other has. A run that was broken off is taken again when its folder has been removed.
`--task` and `--arms` choose a part.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import study
from tabulate import tabulate

import isogloss
from isogloss.common.writing import append_lines, read_lines

SHARED = Path("../shared/data")
EVERY = 0.025
LAYERS = 12
TUNING_SEED = 9
"""No seed of the comparison."""

BASE: dict[str, Any] = {
    "train_languages": ["en"],
    "schedule": "linear",
    "precision": "bf16",
    "attention": "eager",  # faster on a CPU, as are runs without dropout
    "dropout": 0.0,
    "selection": "last",
    "report_to": "none",
}


@dataclass(frozen=True)
class Task:
    """A task of the study.

    Attributes:
        metric: The score that is compared.
        settings: Keys of every run's recipe; ``steps`` is the length of training.
        kind: Keys of every data set.
        train: Keys of the training data, beside those.
        dev: Keys of the English dev data, with ``path``.
        tests: By data set the path below the shared data, and its languages.
        shorten: Writes fewer test examples of a file to another.
        tested: How many (sentences, pairs, passages) of each test file; so many of the dev file times two.
        seeds: The paired seeds.
    """

    metric: str
    settings: dict[str, Any]
    kind: dict[str, Any]
    train: dict[str, Any]
    dev: str
    tests: dict[str, tuple[str, tuple[str, ...]]]
    shorten: Callable[[Path, Path, int], None]
    tested: int
    seeds: tuple[int, ...] = (0, 1, 2)

    def data(self, root: Path, tuning: bool) -> list[dict[str, Any]]:
        """The data of a recipe: with test sets, or, for the choice of a rate, with dev data."""
        sets = [{**self.kind, **self.train, "languages": ["en"], "splits": ["train"]}]
        if tuning:
            return [*sets, {**self.kind, "name": "dev", "path": str(root / "data" / self.dev), "languages": ["en"],
                            "splits": ["dev"]}]  # fmt: skip
        for name, (path, languages) in self.tests.items():
            labels = {"label_map": {"DATE": "O"}} if name == "masakhaner" else {}
            sets.append({**self.kind, **labels, "name": name, "path": str(root / "data" / path),
                         "languages": [*languages], "splits": ["test"]})  # fmt: skip
        return sets

    def write_data(self, root: Path) -> None:
        """Write the shortened files below ``root``."""
        files = [path.format(language=language) for path, languages in self.tests.values() for language in languages]
        for place, number in [*((place, self.tested) for place in files), (self.dev, 2 * self.tested)]:
            if not (root / "data" / place).exists():
                self.shorten(SHARED / place, root / "data" / place, number)


TASKS = {
    "pos": Task(
        "accuracy",
        {"max_length": 128, "batch_size": 16, "steps": 160},
        {"task": "pos", "format": "conllu"},
        {"name": "ud_train", "path": f"{SHARED}/ud/{{language}}/train.conllu"},
        "ud/en/dev.conllu",
        {
            "pud": ("pud/{language}.conllu", ("en", "ar", "de", "es", "fi", "fr", "hi", "ko", "ru", "tr", "zh")),
            "ud": ("ud/{language}/test.conllu", ("te", "vi", "wo")),
        },
        study.sentences,
        100,
        (0, 1, 2, 3, 4),
    ),
    "qa": Task(
        "f1",
        {"max_length": 128, "doc_stride": 64, "batch_size": 12, "steps": 300},
        {"task": "qa", "format": "squad"},
        {"name": "tydiqa_train", "path": f"{SHARED}/qa/tydiqa/en/train.json"},
        "qa/tydiqa/en/dev.json",
        {"xquad": ("qa/xquad/xquad.{language}.json", ("en", "de", "hi", "ru", "tr", "vi", "zh"))},
        study.passages,
        30,
    ),
    "ner": Task(
        "f1",
        {"max_length": 128, "batch_size": 16, "steps": 600},
        {"task": "ner", "format": "conll"},
        {"name": "uner_train", "path": f"{SHARED}/ner/uner/en/train.tsv"},
        "ner/uner/en/dev.tsv",
        {
            "uner_pud": ("ner/uner_pud/{language}.tsv", ("en", "de", "ru", "zh")),
            "wikiann": ("ner/wikiann/{language}/test.tsv", ("es",)),
            "masakhaner": ("ner/masakhaner/{language}/test.tsv", ("sw",)),
        },
        study.sentences,
        150,
    ),
    "nli": Task(
        "accuracy",
        {"max_length": 96, "batch_size": 24, "steps": 500},
        {"task": "nli", "format": "tsv"},
        {"name": "snli_train", "path": f"{SHARED}/nli/snli/en/train.tsv"},
        "nli/xnli/en/dev.tsv",
        {"xnli": ("nli/xnli/{language}/test.tsv", ("en", "de", "fr", "hi", "ru", "sw", "tr", "vi", "zh"))},
        study.rows_of_table,
        300,
    ),
}

_ADAPTERS = {"adapters": {}}
_LORA = {"lora": {}}
FULL, SMALL, LORA = (2e-4, 4e-4), (1e-3, 2e-3), (2e-3, 4e-3)
"""Rates that are tried first; where the best is at an end, the next one by a factor of two is tried, too."""


def _fewer(task: Task) -> int:
    """Steps in which all layers, open from the start, take as many layer-steps as in gradual unfreezing."""
    steps = task.settings["steps"]
    return int(steps - round(EVERY * steps) * (LAYERS - 1) / 2)


def _arm(method: str, first: Sequence[float], **more: Any) -> tuple[dict[str, Any], Sequence[float]]:  # noqa: ANN401
    return {"method": method, **more}, first


def _scheduled(method: str, **more: Any) -> tuple[dict[str, Any], Sequence[float]]:  # noqa: ANN401
    every = {} if method == "lpft" else {"every": EVERY}
    return _arm(method, SMALL, **_ADAPTERS, unfreezing={**every, **more})


ARMS: dict[str, tuple[dict[str, Any], Sequence[float]]] = {
    "full": _arm("multitask", FULL, unfreezing={"kind": "all_but_embeddings"}),
    "adapters": _arm("adapters", SMALL),
    "gradual": _scheduled("gradual_unfreezing"),
    "fun": _scheduled("fun", batches=10),
    "reverse": _scheduled("reverse_unfreezing"),
    "random": _scheduled("random_unfreezing"),
    "lpft": _scheduled("lpft"),
    "fewer steps": _arm("adapters", SMALL),
    "fun, argmax": _scheduled("fun", batches=10, labels="argmax"),
    "lora": _arm("lora", LORA),
    "lora, gradual": _arm("gradual_unfreezing", LORA, **_LORA, unfreezing={"every": EVERY}),
    "language adapters": _arm("adapters", SMALL, adapters={"at_test": "both"}),
}
"""The arms, with the rates that are tried first; `fewer steps`: `adapters` with as many layer-steps as `gradual`.

`language adapters` takes what ``pretrain-adapter`` has left in ``LANGUAGE_ADAPTERS``, and is measured both ways."""
LANGUAGE_ADAPTERS = "language-adapters/adapters"
"""Below the folder of the runs."""

COMPARED = {
    "adapters": "full",
    "gradual": "adapters",
    "fun": "adapters",
    "fun, argmax": "fun",
    "lpft": "adapters",
    "random": "gradual",
    "reverse": "gradual",
    "fewer steps": "adapters",
    "lora": "adapters",
    "lora, gradual": "lora",
    "language adapters, swap": "adapters",
    "language adapters, keep": "language adapters, swap",
}
"""What each arm is compared with."""


@dataclass(frozen=True)
class Run:
    """One run."""

    task: str
    arm: str
    seed: int
    rate: float

    def recipe(self, model: str, root: Path) -> dict[str, Any]:
        """Its recipe, with the shortened files that `Task.write_data` has left in ``root``."""
        task, tuning = TASKS[self.task], self.seed == TUNING_SEED
        steps = _fewer(task) if self.arm == "fewer steps" else task.settings["steps"]
        own = dict(ARMS[self.arm][0])
        if self.arm == "language adapters":
            found = {folder.name: str(folder) for folder in sorted((root / LANGUAGE_ADAPTERS).iterdir())}
            own["adapters"] = {**own["adapters"], "language": found}
        return {
            **BASE, **task.settings, **own, "model": model, "data": task.data(root, tuning),
            "seed": self.seed, "steps": steps, "evaluation_steps": steps, "save_steps": steps,
            "learning_rate": self.rate, "test": not tuning,
        }  # fmt: skip

    def folder(self, root: Path) -> Path:
        """Where it is kept."""
        return root / self.task / self.arm / f"rate-{self.rate:g}-seed-{self.seed}"

    @property
    def arguments(self) -> list[str]:
        """What `one` is told."""
        return ["--task", self.task, "--arms", self.arm, "--seed", str(self.seed), "--rate", str(self.rate)]


def tuning(root: Path, task: str, arm: str) -> dict[float, float]:
    """By learning rate the English dev score of the finished runs that choose it."""
    runs = [
        Run(task, arm, TUNING_SEED, float(folder.name.split("-seed-")[0].removeprefix("rate-")))
        for folder in (root / task / arm).glob(f"*-seed-{TUNING_SEED}")
    ]
    return {run.rate: row["value"] for run, row in study.finished(runs, root, lambda run: TASKS[run.task].metric)}


def untried(root: Path, task: str, arm: str) -> list[float]:
    """Rates that are yet to be tried: the first ones, then a neighbour of the best while it is at an end, up to two."""
    first, seen = ARMS[arm][1], tuning(root, task, arm)
    if not set(first) <= seen.keys():
        return [rate for rate in first if rate not in seen]
    best = max(seen, key=seen.__getitem__)
    wider = [best * 2] if best == max(seen) else [best / 2] if best == min(seen) else []
    return wider if len(seen) < len(first) + 2 else []


def chosen(root: Path, task: str, arm: str) -> float | None:
    """The learning rate with the best English dev score, or None while some are yet to be tried."""
    seen = tuning(root, task, arm)
    return None if untried(root, task, arm) else max(seen, key=seen.__getitem__)


def plan(root: Path, tasks: Sequence[str], arms: Sequence[str]) -> Iterator[Run]:
    """All runs whose rate is known, seed after seed, so that tables can be made at any time."""
    rates = {(task, arm): chosen(root, task, arm) for task in tasks for arm in arms}
    for task in tasks:
        for seed in TASKS[task].seeds:
            for arm in arms:
                if (rate := rates[task, arm]) is not None:
                    yield Run(task, arm, seed, rate)


def choose(root: Path, model: str, tasks: Sequence[str], arms: Sequence[str], jobs: int) -> None:
    """Make the runs that choose rates, until none is missing that this process could take."""
    while True:
        missing = [
            Run(task, arm, TUNING_SEED, rate) for task in tasks for arm in arms for rate in untried(root, task, arm)
        ]
        missing = [run for run in missing if not run.folder(root).exists()]
        if not missing:
            return
        study.take(__file__, missing, root, model, jobs)


def collect(root: Path, rows: Path, tasks: Sequence[str]) -> None:
    """What finished runs have found, as rows: dev scores by rate, test scores, differences, and when layers opened."""
    kept = [row for row in read_lines(rows) if row["task"] not in tasks] if rows.exists() else []
    for task in tasks:
        arms = [*ARMS]
        kept += [
            {"kind": "rate", "task": task, "arm": arm, "rate": rate, "value": value}
            for arm in arms
            for rate, value in sorted(tuning(root, task, arm).items())
        ]
        runs = [run for run in plan(root, [task], arms) if (run.folder(root) / "done").exists()]
        found = [
            {"task": task, "arm": _view(run.arm, row), "seed": run.seed, "rate": run.rate, **row}
            for run, row in study.finished(runs, root, lambda run: TASKS[run.task].metric)
            if row["split"] == "test"
        ]
        names = ("task", "arm", "seed", "rate", "data", "language", "metric", "value", "n")
        kept += [{"kind": "score", **{name: row[name] for name in names}} for row in found]
        sets = [(name, code) for name, (_, codes) in TASKS[task].tests.items() for code in codes]
        groups = {"mean of targets": [one for one in sets if one[1] != "en"]}
        groups |= {f"{name} {code}": [(name, code)] for name, code in sets}
        for arm, other in COMPARED.items():
            if {arm, other} <= {row["arm"] for row in found}:
                kept += [
                    {"kind": "difference", "task": task, **line}
                    for line in study.differences(found, arm, other, groups)
                ]
        for run in runs:
            seen = run.folder(root) / "run" / "diagnostics.jsonl"
            kept += [
                {
                    "kind": "opened",
                    "task": task,
                    "arm": run.arm,
                    "seed": run.seed,
                    "step": row["step"],
                    "part": row["part"],
                }
                for row in (read_lines(seen) if seen.exists() else [])
                if row["probe"] == "unfreezing" and row["metric"] == "opened"
            ]
    rows.unlink(missing_ok=True)
    append_lines(rows, kept)


def _view(arm: str, row: Mapping[str, Any]) -> str:
    """The arm, with how its languages were measured where that can be told apart."""
    return arm if row["at_test"] is None else f"{arm}, {row['at_test']}"


def tables(rows: Path) -> str:
    """Per task the scores by arm and language, the differences of means, and the rates."""
    found = read_lines(rows)
    parts = []
    for task, own in TASKS.items():
        scores: dict[tuple[str, str], list[float]] = {}
        for row in found:
            if row["kind"] == "score" and row["task"] == task:
                scores.setdefault((row["arm"], f"{row['data']} {row['language']}"), []).append(row["value"])
        if not scores:
            continue
        arms = list(dict.fromkeys(key[0] for key in scores))
        lines = list(dict.fromkeys(key[1] for key in scores))
        body = [[line, *(f"{100 * _mean(scores.get((arm, line))):.1f}" for arm in arms)] for line in lines]
        table = tabulate(body, [own.metric, *arms], tablefmt="github", disable_numparse=True)
        body = [
            [f"{row['arm']} − {row['other']}", row["n"], *(f"{100 * value:.1f}" for value in row["values"]),
             *study.in_points(row)]
            for row in found
            if row["kind"] == "difference" and row["task"] == task and row["line"] == "mean of targets"
        ]  # fmt: skip
        headers = ["mean of targets", "seeds", "arm", "other", "difference", "over seeds", "over seeds and sentences"]
        compared = tabulate(body, headers, tablefmt="github", disable_numparse=True)
        parts.append(f"{task}, {own.metric} in %\n\n{table}\n\n{compared}")
    return "\n\n".join(parts)


def _mean(values: list[float] | None) -> float:
    return sum(values) / len(values) if values else float("nan")


def main() -> None:
    """Run, or make the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["rates", "run", "one", "collect", "tables"])
    parser.add_argument("--model", default="intfloat/multilingual-e5-small")
    parser.add_argument("--runs", type=Path, default=Path("runs/unfreezing"))
    parser.add_argument("--rows", type=Path, default=Path("docs/results/unfreezing.jsonl"))
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--task", nargs="+", choices=TASKS, default=[*TASKS])
    parser.add_argument("--arms", nargs="+", choices=ARMS, default=[*ARMS])
    parser.add_argument("--seed", type=int)
    parser.add_argument("--rate", type=float)
    options = parser.parse_args()
    if options.what in ("run", "rates"):
        for task in options.task:
            TASKS[task].write_data(options.runs)
        if options.what == "rates":
            choose(options.runs, options.model, options.task, options.arms, options.jobs)
        else:
            study.take(
                __file__, plan(options.runs, options.task, options.arms), options.runs, options.model, options.jobs
            )
    elif options.what == "one":
        run = Run(options.task[0], options.arms[0], options.seed, options.rate)
        with redirect_stdout(sys.stderr):
            isogloss.train(run.recipe(options.model, options.runs), output=run.folder(options.runs) / "run")
        (run.folder(options.runs) / "done").touch()
    elif options.what == "collect":
        collect(options.runs, options.rows, options.task)
    else:
        print(tables(options.rows))


if __name__ == "__main__":
    main()

"""The evidence for a small default encoder: students of one teacher, each changed in one thing, at as many sub-words.

python docs/results/students.py trim --model FOLDER      # tables of sub-words for the students
python docs/results/students.py distil --model FOLDER
python docs/results/students.py collect
python docs/results/students.py tables

FOLDER holds the teacher, such as intfloat/multilingual-e5-small. Text and settings are those
of the recipe ``isogloss-small-distilled`` but for the number of steps. Each run is a process of a thread; finished runs
are skipped, so the script can be stopped and started again. What the students are worth after fine-tuning is in
``students_tasks.py``.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from contextlib import redirect_stdout
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import study
import yaml
from tabulate import tabulate

import isogloss
from isogloss.common.writing import append_lines, read_json, read_lines, write_json
from isogloss.recipe.resolve import shipped_pretraining

RECIPE = "isogloss-small-distilled"
STEPS, READ = 128, 64 * 64
"""Updates, and the sub-words that a student reads in each: half a million."""
COST = "cost.json"
LANGUAGES = "ar,cs,de,en,es,fi,fr,hi,ko,pl,ru,sv,sw,te,tr,vi,wo,yo,zh"
"""Those of the recipe's text."""


@dataclass(frozen=True)
class Student:
    """A student.

    Attributes:
        shape: What the recipe's ``student`` says.
        size: Sub-words of its table.
        sources: What it learns by.
        steps: How long it learns.
        rate: The peak rate.
    """

    shape: Mapping[str, Any] = field(default_factory=lambda: _layers(0, 1, 2, 3))
    size: int = 22000
    sources: tuple[Mapping[str, Any], ...] = ()
    steps: int = STEPS
    rate: float = 6.0e-4


def _layers(*layers: int, embedding: int = 256) -> dict[str, Any]:
    return {"from_layers": layers, "intermediate": 768, "embedding": embedding}


MLM = {"kind": "mlm", "share": 0.1, "masking": 0.2}


def _distilled(**how: Any) -> tuple[Mapping[str, Any], ...]:  # noqa: ANN401 - settings of the source
    return {"kind": "distil", "share": 0.9, "temperature": 2.0, "relations": None, **how}, MLM


MIDDLE, LAST, SENTENCE = {"weight": 6, "layer": 8}, {"weight": 40}, {"weight": 50}
"""States of layer 8 and the last, by the inverse of their variance (0.16, 0.02), and means by half of it (0.01)."""
OWN = _distilled(states=MIDDLE, sentence=SENTENCE)
BASE = "baseline"
ARMS: dict[str, Student] = {
    BASE: Student(sources=OWN),
    "not trained": Student(sources=OWN, steps=1, rate=1e-9),
    "last states": Student(sources=_distilled(states=LAST, sentence=SENTENCE)),
    "no sentence": Student(sources=_distilled(states=MIDDLE)),
    "relations": Student(sources=_distilled(relations={"heads": 12})),
    "masked language modelling": Student(sources=({**MLM, "share": 1.0, "temperature": 2.0},)),
    "layers 0, 3, 7, 11": Student(_layers(0, 3, 7, 11), sources=OWN),
    "random weights": Student({"layers": 4, "embedding": 256, "intermediate": 768}, sources=OWN),
    "30,000 sub-words, 192 units": Student(_layers(0, 1, 2, 3, embedding=192), 30000, sources=OWN),
    "40,000 sub-words, 160 units": Student(_layers(0, 1, 2, 3, embedding=160), 40000, sources=OWN),
    "a quarter of the text": Student(sources=OWN, steps=STEPS // 4),
    "four times the text": Student(sources=OWN, steps=4 * STEPS),
}
"""The students: unless they say otherwise they begin as the teacher's first four layers with half of their feed-forward
units, have 22,000 sub-words of 256 units, and learn from half a million sub-words of text. The recipe's own table has
40,000 sub-words."""


@dataclass(frozen=True)
class Run:
    """A student in the making."""

    arm: str

    def folder(self, root: Path) -> Path:
        """Where it is kept."""
        return root / "students" / self.arm

    def model(self, root: Path) -> Path:
        """The finished encoder."""
        return self.folder(root) / "run" / "model"

    @property
    def arguments(self) -> list[str]:
        """What `one` is told."""
        return ["--arms", self.arm]


def trimmed(size: int, root: Path) -> Path:
    """A teacher with fewer sub-words, whose tokenizer students have."""
    return root / "trimmed" / str(size)


def trim(model: str, root: Path, sizes: Iterable[int]) -> None:
    """Cut the teacher's table to the most frequent sub-words of the recipe's text, each language counting alike."""
    text = yaml.safe_load(shipped_pretraining()["isogloss-small"].read_text("utf-8"))["text"]
    for size in sorted(sizes):
        if not trimmed(size, root).exists():
            isogloss.trim(model, languages=LANGUAGES, text=text, size=size, output=trimmed(size, root))


def make(run: Run, model: str, root: Path) -> None:
    """Distil a student."""
    own = ARMS[run.arm]
    changes = {
        "sources": own.sources,
        "steps": own.steps,
        "learning_rate": own.rate,
        "evaluation_steps": own.steps,
        "save_steps": own.steps,
        "logging_steps": max(1, own.steps // 8),
    }
    student = {**own.shape, "tokenizer": str(trimmed(own.size, root))}
    folder = run.folder(root)
    with redirect_stdout(sys.stderr):
        begun = time.process_time()
        isogloss.distil(
            model, student=student, recipe=RECIPE, report_to="none", output=folder / "run",
            overrides=[f"{key}={json.dumps(value)}" for key, value in changes.items()],
        )  # fmt: skip
    write_json(folder / COST, {**read_json(folder / "run" / COST), "processor": time.process_time() - begun})
    for checkpoint in (folder / "run").glob("checkpoint-*"):  # no one resumes them
        shutil.rmtree(checkpoint)
    (folder / "done").touch()


def collected(root: Path) -> Iterator[dict[str, Any]]:
    """Of each finished student what it read, cost and weighs, and its losses on held-out text."""
    for arm in ARMS:
        folder = Run(arm).folder(root)
        if not (folder / "done").exists():
            continue
        cost = read_json(folder / COST)
        weights = Run(arm).model(root) / "model.safetensors"
        yield {"kind": "made", "arm": arm, "steps": ARMS[arm].steps,
               "subwords": ARMS[arm].steps * READ, **{name: cost[name] for name in ("processor", "trained_parameters")},
               "megabytes": weights.stat().st_size / 1e6}  # fmt: skip
        for row in read_lines(folder / "run" / "results.jsonl"):
            if row["selection"] is not None:
                yield {"kind": "held out", "arm": arm,
                       **{name: row[name] for name in ("language", "metric", "value", "n")}}  # fmt: skip


def tables(kept: Path) -> str:
    """What each student read, cost and weighs, and its losses on held-out text, means over languages."""
    rows = read_lines(kept)
    losses: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    for row in rows:
        if row["kind"] == "held out":
            losses[row["metric"]][row["arm"]].append(row["value"])
    means = {metric: {arm: sum(own) / len(own) for arm, own in arms.items()} for metric, arms in losses.items()}
    body = [
        [row["arm"], f"{row['subwords'] / 1e6:.2f}", f"{row['processor'] / 60:.0f}",
         f"{row['trained_parameters'] / 1e6:.1f}", f"{row['megabytes'] / 2:.1f}",
         *(f"{own[row['arm']]:.3f}" if row["arm"] in own else "" for own in means.values())]
        for row in rows if row["kind"] == "made"
    ]  # fmt: skip
    headers = ["student", "million sub-words read", "minutes of one core", "million parameters", "MB in half precision"]
    return tabulate(body, [*headers, *losses], tablefmt="github", disable_numparse=True)


def main() -> None:
    """Run, or make the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["trim", "distil", "one", "collect", "tables"])
    parser.add_argument("--model", default="intfloat/multilingual-e5-small")
    parser.add_argument("--runs", type=Path, default=Path("runs/students"))
    parser.add_argument("--rows", type=Path, default=Path("docs/results/students.jsonl"))
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--arms", nargs="+", choices=ARMS, default=[*ARMS])
    asked = parser.parse_args()
    if asked.what == "trim":
        trim(asked.model, asked.runs, {ARMS[arm].size for arm in asked.arms})
    elif asked.what == "distil":
        study.take(__file__, [Run(arm) for arm in asked.arms], asked.runs, asked.model, asked.jobs)
    elif asked.what == "one":
        make(Run(asked.arms[0]), asked.model, asked.runs)
    elif asked.what == "collect":
        found = [*collected(asked.runs)]
        again = {row["arm"] for row in found}
        kept = [row for row in read_lines(asked.rows) if row["arm"] not in again] if asked.rows.exists() else []
        asked.rows.unlink(missing_ok=True)
        append_lines(asked.rows, [*kept, *found])
    else:
        print(tables(asked.rows))


if __name__ == "__main__":
    main()

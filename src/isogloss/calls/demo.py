"""The main job in a few minutes, with nothing downloaded: the small world, the shipped encoder, two tasks."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from statistics import mean
from typing import Any

from isogloss.calls.compare_runs import compared
from isogloss.calls.train import train
from isogloss.common.errors import IsoglossError
from isogloss.common.locking import locked
from isogloss.reports.terminal import terminal_table, verdict
from isogloss.world import write_world


@dataclass(frozen=True, slots=True)
class Learned:
    """A task that the demo learns, and how.

    Attributes:
        title: What is learned, in words.
        files: Path of its files within the world, with the fields ``language`` and ``split``.
        data: What else the recipe says of the files.
        recipe: Other keys of the recipe, the same in every run.
        methods: By name, one method or two, each with keys of its own; the first is what the other is compared with.
        seeds: How many of the demo's seeds are run, the first ones.
    """

    title: str
    files: str
    data: Mapping[str, Any]
    recipe: Mapping[str, Any]
    methods: Mapping[str, Mapping[str, Any]]
    seeds: int


TASKS = {
    "pos": Learned(
        title="Parts of speech: is a word a noun, a verb, a name, ...?",
        files="pos/{language}/{split}.conllu",
        data={
            "format": "conllu",
            # Hindi and Chinese "one" is a numeral, where the sources have an article: they have no numeral to learn.
            "label_map": {"NUM": "DET"},
        },
        recipe={"aggregation": "average", "steps": 40, "learning_rate": 1e-3},
        methods={
            "multitask": {},
            # Few steps: four outer steps of a large share, so that the fresh head learns too.
            "sequential_reptile": {"optimizer": {"lookahead": {"inner_steps": 10, "outer_learning_rate": 0.6}}},
        },
        seeds=3,
    ),
    "nli": Learned(
        title="Inference: does a second sentence follow from the first, contradict it, or neither?",
        files="nli_single/{language}/{split}.tsv",
        data={"format": "tsv"},
        recipe={"steps": 120, "learning_rate": 4e-4, "batch_size": 16},
        methods={"multitask": {}},
        # More steps rather than more seeds: nothing is compared.
        seeds=1,
    ),
}
COMMON = {
    "model": "isogloss-small",
    "train_languages": ["de", "en", "ru"],
    # As the recipes of zero-shot transfer have it.
    "unfreezing": {"kind": "all_but_embeddings"},
    "schedule": "linear",
    "selection": "last",
    "test": True,
    "report_to": "none",
}
# Pairs of inference come three by three, one of each label: of 90, each label has a third.
SENTENCES = {"train": 400, "dev": 20, "test": 90}


def demo(folder: str | Path = "runs/demo", *, seeds: tuple[int, ...] = (0, 1, 2), steps: int | None = None) -> str:
    """Write the small world, learn two tasks in three of its languages, and say how they are done in all of them.

    Parts of speech are learned by two methods, which are compared; inference by one. A line per run is printed to
    standard error; what a run itself says goes into ``RUN.log`` beside its folder. Seeds that have been trained already
    are not trained again, so an interrupted demo goes on.

    Args:
        folder: Where the world and the runs are kept, as ``TASK/METHOD/seed-N``.
        seeds: One run per method and seed of parts of speech; of inference, one of the first seed.
        steps: Optimizer steps per run; by default as many as each task needs.

    Returns:
        A table per task, which method won, and what to try next, for the terminal.

    Raises:
        IsoglossError: The folder holds something else, or cannot be written.
    """
    root = Path(folder)
    world = root / "world"
    # What is hidden is the lock, or a world that was broken off.
    if root.exists() and not world.is_dir() and any(not path.name.startswith(".") for path in root.iterdir()):
        raise IsoglossError(f"{root} exists and holds no demo; name another folder")
    print(
        f"Parts of speech, by two methods with {len(seeds)} seeds each, and inference, by one, are learned in a small "
        "made-up world: little more than a minute on two idle CPU cores, nothing is downloaded. "
        f"What a run says: {root}/TASK/METHOD/seed-N.log",
        file=sys.stderr,
        flush=True,
    )
    with locked(root):
        if not world.is_dir():
            write_world(world, seed=0, sentences=SENTENCES, text=100)
        for name, task in TASKS.items():
            _train(name, task, root, seeds[: task.seeds], steps)
    shown = "\n\n".join(_shown(task, root / name) for name, task in TASKS.items())
    one, other = (root / "pos" / method / f"seed-{seeds[0]}" for method in TASKS["pos"].methods)
    inferring = root / "nli" / "multitask" / f"seed-{seeds[0]}"
    return f"""
{shown}

Runs, each with its recipe, scores, predictions and model: {root}/TASK/METHOD/seed-N
Try next:
  isogloss predict {one} {world}/pos/sw/test.conllu --language sw --output {root}/sw.conllu
  isogloss train {other}/recipe.yaml --set optimizer.lookahead.inner_steps=20 --output {root}/longer-loops
  isogloss errors {one} --languages sw
  isogloss predict {inferring} --language en --text $'Eva knows that Leo sleeps.\\tLeo does not sleep.'
  isogloss list recipes"""


def _train(name: str, task: Learned, root: Path, seeds: Sequence[int], steps: int | None) -> None:
    data = {"task": name, "name": "world", "path": f"{root}/world/{task.files}", **task.data}
    for method, settings in task.methods.items():
        recipe = {"method": method, "data": data, **COMMON, **task.recipe, **settings}
        if steps is not None:
            recipe["steps"] = steps
        recipe["evaluation_steps"] = recipe["steps"]
        for seed in seeds:
            begin = time.perf_counter()
            path = root / name / method / f"seed-{seed}"
            with _said_to(path.with_name(f"{path.name}.log")):
                rows = train({**recipe, "seed": seed}, output=path, resume=True)
            print(f"{path}: {_means(rows)} ({time.perf_counter() - begin:.0f} s)", file=sys.stderr, flush=True)


def _shown(task: Learned, folder: Path) -> str:
    """The title of a task, its table and, of two methods, the verdict."""
    first, *others = task.methods
    found = compared(
        [folder / method for method in task.methods], baseline=first if others else None, split="test"
    ).comparison
    assert found is not None, "there is one wherever nothing else is asked for"
    return "\n\n".join([task.title, terminal_table(found), *([verdict(found)] if others else [])])


@contextmanager
def _said_to(log: Path) -> Iterator[None]:
    """Write what is printed to a file."""
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("a", encoding="utf-8") as file, redirect_stdout(file), redirect_stderr(file):
        yield


def _means(rows: Sequence[Mapping[str, Any]]) -> str:
    """The mean accuracy of a run on its source languages and on the others."""
    final = [row for row in rows if row["split"] == "test" and row["metric"] == "accuracy"]
    own = [row["value"] for row in final if row["language"] in row["train_languages"]]
    others = [row["value"] for row in final if row["language"] not in row["train_languages"]]
    return f"{100 * mean(own):.1f} % right in source languages, {100 * mean(others):.1f} % in unseen ones"

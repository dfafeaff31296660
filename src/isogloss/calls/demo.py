"""The main job in a few minutes, with nothing downloaded: the small world, the shipped encoder, two methods."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path
from statistics import mean
from typing import Any

from isogloss.calls.compare_runs import compared
from isogloss.calls.train import train
from isogloss.common.errors import IsoglossError
from isogloss.common.locking import locked
from isogloss.reports.pair import pair_table, verdict
from isogloss.world import write_world

METHODS: dict[str, dict[str, Any]] = {
    "multitask": {},
    # Few steps: a dozen outer steps of a large share, so that the fresh head learns too.
    "sequential_reptile": {"optimizer": {"lookahead": {"inner_steps": 10, "outer_learning_rate": 0.3}}},
}
DATA = {
    "task": "pos",
    "format": "conllu",
    "name": "world",
    # Hindi and Chinese "one" is a numeral, where the sources have an article: no sentence of theirs has a numeral.
    "label_map": {"NUM": "DET"},
}
SENTENCES = {"train": 400, "dev": 40, "test": 120}


def demo(folder: str | Path = "runs/demo", *, seeds: tuple[int, ...] = (0, 1, 2), steps: int = 100) -> str:
    """Write the small world, train two methods on three of its languages, and say how they do in all of them.

    A line per run is printed to standard error; what a run itself says goes into ``RUN.log`` beside its folder. Seeds
    that have been trained already are not trained again, so an interrupted demo goes on.

    Args:
        folder: Where the world and the runs are kept.
        seeds: One run per method and seed.
        steps: Optimizer steps per run.

    Returns:
        A table, who won, and what to try next, for the terminal.

    Raises:
        IsoglossError: The folder holds something else, or cannot be written.
    """
    root = Path(folder)
    world = root / "world"
    # What is hidden is the lock, or a world that was broken off.
    if root.exists() and not world.is_dir() and any(not path.name.startswith(".") for path in root.iterdir()):
        raise IsoglossError(f"{root} exists and holds no demo; name another folder")
    print(
        f"Two methods, {len(seeds)} seeds each, learn parts of speech in a small made-up world: about a minute on two "
        f"idle CPU cores, nothing is downloaded. What a run says: {root}/METHOD/seed-N.log",
        file=sys.stderr,
        flush=True,
    )
    with locked(root):
        if not world.is_dir():
            write_world(world, seed=0, sentences=SENTENCES, text=100)
        _train(root, world, seeds, steps)
    first, second = METHODS
    found = compared([root / method for method in METHODS], baseline=first, split="test").comparison
    assert found is not None, "there is one wherever there is a baseline"
    one, other = (root / method / f"seed-{seeds[0]}" for method in METHODS)
    return f"""
{pair_table(found)}

{verdict(found)}

Runs, each with its recipe, scores, predictions and model: {root / first}, {root / second}
Try next:
  isogloss predict {one} {world}/pos/sw/test.conllu --language sw --output {root}/sw.conllu
  isogloss train {other}/recipe.yaml --set optimizer.lookahead.inner_steps=20 --output {root}/longer-loops
  isogloss errors {one} --languages sw
  isogloss list recipes"""


def _train(root: Path, world: Path, seeds: Sequence[int], steps: int) -> None:
    for method, settings in METHODS.items():
        recipe = {
            "method": method,
            "model": "isogloss-small",
            "data": {**DATA, "path": f"{world}/pos/{{language}}/{{split}}.conllu"},
            "train_languages": ["de", "en", "ru"],
            # As the recipes of zero-shot transfer have it.
            "unfreezing": {"kind": "all_but_embeddings"},
            "aggregation": "average",
            "steps": steps,
            "learning_rate": 1e-3,
            "schedule": "linear",
            "evaluation_steps": steps,
            "selection": "last",
            "test": True,
            "report_to": "none",
            **settings,
        }
        for seed in seeds:
            begin = time.perf_counter()
            path = root / method / f"seed-{seed}"
            with _said_to(path.with_name(f"{path.name}.log")):
                rows = train({**recipe, "seed": seed}, output=path, resume=True)
            print(f"{path}: {_means(rows)} ({time.perf_counter() - begin:.0f} s)", file=sys.stderr, flush=True)


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

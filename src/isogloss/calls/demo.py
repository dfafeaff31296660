"""The main job in a few minutes, with nothing downloaded: the small world, the shipped encoder, two methods."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from isogloss.calls.compare import compare
from isogloss.calls.train import train
from isogloss.common.errors import IsoglossError
from isogloss.common.locking import locked
from isogloss.common.writing import read_lines
from isogloss.reports.transfer import transfer_table
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
    # Hindi and Chinese "one" is a numeral, which no sentence of the sources has: always wrong.
    "label_map": {"NUM": "NUM"},
}
SENTENCES = {"train": 400, "dev": 40, "test": 120}


def demo(folder: str | Path = "runs/demo", *, seeds: tuple[int, ...] = (0, 1, 2), steps: int = 120) -> str:
    """Write the small world, train two methods on three of its languages, and say how they do in all of them.

    Seeds that have been trained already are not trained again, so an interrupted demo goes on.

    Args:
        folder: Where the world and the runs are kept.
        seeds: One run per method and seed.
        steps: Optimizer steps per run.

    Returns:
        Tables and what to try next, for the terminal.

    Raises:
        IsoglossError: The folder holds something else, or cannot be written.
    """
    root = Path(folder)
    world = root / "world"
    # What is hidden is the lock, or a world that was broken off.
    if root.exists() and not world.is_dir() and any(not path.name.startswith(".") for path in root.iterdir()):
        raise IsoglossError(f"{root} exists and holds no demo; name another folder")
    with locked(root):
        if not world.is_dir():
            write_world(world, seed=0, sentences=SENTENCES, text=100)
        _train(root, world, seeds, steps)
    rows = [row for path in sorted(root.glob("*/seed-*/results.jsonl")) for row in read_lines(path)]
    final = [row for row in rows if row["selection"] and row["split"] == "test" and row["metric"] == "accuracy"]
    return "\n".join(
        [
            "\nAccuracy on the test sentences of the small world, in per cent; learned from the sources alone.",
            transfer_table(final),
            "",
            compare([root], baseline="multitask", split="test"),
            "",
            f"The runs are in {', '.join(str(root / method) for method in METHODS)}; each holds its recipe, scores, "
            "predictions and model.",
            "Try next:",
            f"  isogloss predict {root / 'multitask' / f'seed-{seeds[0]}'} {world}/pos/sw/test.conllu --language sw "
            f"--output {root}/sw.conllu",
            f"  isogloss train {root / 'sequential_reptile' / f'seed-{seeds[0]}' / 'recipe.yaml'} --set "
            f"optimizer.lookahead.inner_steps=20 --output {root}/longer-loops/seed-{seeds[0]}",
            "  isogloss list recipes",
        ]
    )


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
            train({**recipe, "seed": seed}, output=root / method / f"seed-{seed}", resume=True)

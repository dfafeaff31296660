"""Run folders with all that a report shows, as runs leave them, written by hand."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from isogloss.common.writing import write_json, write_lines, write_text
from isogloss.data.corpus import Cell
from isogloss.diagnostics.rows import row
from isogloss.run.evaluation import result_rows
from isogloss.run.folder import RunFolder

LABELS = ("sports", "travel")
TEXTS = {"en": "A short text", "ar": "نص قصير جدا", "hi": "एक छोटा पाठ"}
NUMBER = 12


def write_reported(
    folder: Path,
    *,
    label: str = "multitask",
    seed: int = 0,
    right: float = 0.5,
    finished: bool = True,
    labels: Sequence[str] = LABELS,
    texts: dict[str, str] = TEXTS,
    data: str = "d",
) -> Path:
    """A run of topics with dev scores on the way, probes and, once it is finished, test scores and predictions."""
    run, luck = RunFolder(folder), random.Random(f"{label} {seed}")
    recipe = {"method": "multitask", "label": label, "seed": seed, "steps": 20, "train_languages": ["en"]}
    write_text(run.recipe, json.dumps(recipe))
    write_json(run.fingerprint, {"data": {}})
    write_json(run.environment, [{"command": ["/somebody/bin/isogloss", "train", "r.yaml", "--set", f"label={label}"]}])
    columns: dict[str, Any] = {"method": "multitask", "seed": seed, "task": "topic", "train_languages": ["en"]}
    for step in (10, 20):
        own = {**columns, "selection": None, "step": step, "run": "elsewhere"}
        run.add_results(result_rows({"accuracy": step / 40}, Cell(data, "en", "dev"), 9, **own))
        run.add_diagnostics([{"step": step, **one} for one in _seen(luck)])
    history = [{"step": step, "loss": 2 / step, "loss/en": 2 / step} for step in range(1, 21)]
    state = {"log_history": history, "max_steps": 20}
    if not finished:
        write_json(folder / "checkpoint-10" / "trainer_state.json", {**state, "log_history": history[:10]})
        return folder
    write_json(run.trainer_state, state)
    sizes = {"flops": 1e12, "peak_memory_gpu": 0, "peak_memory_cpu": 2**30, "trained_parameters": 1e6}
    write_json(run.cost, {"seconds": {"training": 60.0 + seed}, **sizes})
    write_text(folder / "model/config.json", json.dumps({"id2label": dict(enumerate(labels))}))
    for language, text in texts.items():
        truth, lines = random.Random(language), []
        for place in range(NUMBER):
            gold = truth.choice(labels)
            said = gold if luck.random() < right else next(one for one in labels if one != gold)
            one = {"id": str(place), "text": f"{text} {place}", "gold": gold, "predicted": said, "probability": 0.75}
            lines.append(one)
        own = {**columns, "selection": "last", "step": 20}
        run.write_predictions(Cell(data, language, "test"), own, lines)
        scores = {"accuracy": sum(line["gold"] == line["predicted"] for line in lines) / NUMBER}
        run.add_results(result_rows(scores, Cell(data, language, "test"), NUMBER, run="elsewhere", **own))
    write_lines(run.gap, _beside_source([code for code in texts if code != "en"], luck))
    return folder


def _beside_source(languages: Sequence[str], luck: random.Random) -> list[dict[str, Any]]:
    """Rows as `isogloss gap` leaves them, of two states and three layers."""
    shared = {"method": "elsewhere", "split": "test", "metric": "accuracy", "view": "original", "pooling": "mean"}
    return [
        {
            **shared,
            "language": code,
            "source": "en",
            "state": state,
            "layer": layer,
            "n": NUMBER,
            "d": 4,
            "cka": luck.random(),
            "retrieval": luck.random(),
            "gap": 0.1,
        }
        for code in languages
        for state in ("before", "alone")
        for layer in (0, 1, 2)
    ]


def _seen(luck: random.Random) -> list[dict[str, Any]]:
    pair = {"language": "en", "other": "ar"}
    return [
        row("conflicts", "cosine", luck.uniform(-1, 1), part="model", n=2, **pair),
        row("unfreezing", "opened", 0, part="layer_1"),
        *(row("fisher", "trace", 1 + luck.random(), part=f"layer_{layer}", n=2) for layer in (1, 2)),
        *(row("representations", "cka", luck.random(), part=f"layer_{layer}", n=9) for layer in (0, 1, 2)),
    ]


def several_reported(
    root: Path, methods: Sequence[str] = ("multitask", "other"), seeds: int = 3, **changes: Any
) -> Path:
    """So many seeds of methods, each better than the one before."""
    for place, label in enumerate(methods):
        for seed in range(seeds):
            right = 0.4 + 0.5 * place / max(1, len(methods) - 1)
            write_reported(root / f"m{place}" / f"seed-{seed}", label=label, seed=seed, right=right, **changes)
    return root


def numbers_of(page: str) -> dict[str, Any]:
    """What stands in a page to be drawn."""
    (found,) = re.findall(r'<script type="application/json" id="numbers">(.*?)</script>', page, re.S)
    return json.loads(found)

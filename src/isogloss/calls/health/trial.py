"""A small run from beginning to end, stopped in the middle and resumed, which must end with the same weights."""

from __future__ import annotations

import io
import tempfile
import time
import warnings
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any

from isogloss.calls.health.finding import Finding
from isogloss.calls.load import load
from isogloss.calls.train import train
from isogloss.world import write_world

STEPS = 6
SENTENCES = {"train": 60, "dev": 4}
MODEL = {
    "config": {"model_type": "xlm-roberta", "hidden_size": 16, "intermediate_size": 16, "num_hidden_layers": 1,
               "num_attention_heads": 2},
    "vocabulary_size": 200,
}  # fmt: skip


def trial() -> Iterator[Finding]:
    """Write a world, train, resume and predict in a temporary folder, as a user would."""
    begun = time.perf_counter()
    said = io.StringIO()
    with tempfile.TemporaryDirectory(prefix="isogloss-doctor-") as folder:
        root = Path(folder)
        with redirect_stdout(said), redirect_stderr(said), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            write_world(root / "world", sentences=SENTENCES, text=0)
            recipe = _recipe(root / "world")
            train(recipe, output=root / "straight")
            train({**recipe, "steps": STEPS // 2}, output=root / "resumed")
            train(recipe, output=root / "resumed", resume=True)
            found = load(root / "resumed").predict([["Eva", "anaishi", "Prague", "."]], language="sw")
        same = _weights(root / "straight") == _weights(root / "resumed")
    took = f"a run, a resume and a prediction in {time.perf_counter() - begun:.0f} s"
    if len(found[0]["tags"]) != 4:
        yield Finding("self-test", "broken", f"{took}; a sentence of 4 words got {len(found[0]['tags'])} tags")
    elif not same:
        advice = "as many threads in both (OMP_NUM_THREADS), or another build of torch: exact resumes are not to be had"
        yield Finding("self-test", "broken", f"{took}; the resumed run ended with other weights", advice)
    else:
        yield Finding("self-test", "good", f"{took}; the resumed run ended with the same bits")


def _recipe(world: Path) -> dict[str, Any]:
    return {
        "method": "multitask",
        "model": MODEL,
        "data": {"task": "pos", "format": "conllu", "path": f"{world}/pos/{{language}}/{{split}}.conllu"},
        "train_languages": ["de", "en"],
        "evaluate_languages": ["de", "en", "sw"],
        "steps": STEPS,
        "save_steps": STEPS // 2,
        "evaluation_steps": STEPS // 2,
        "batch_size": 4,
        "max_length": 64,
        "learning_rate": 1e-3,
        "schedule": "constant",
        "selection": "last",
        "report_to": "none",
    }


def _weights(run: Path) -> bytes:
    return (run / "model" / "model.safetensors").read_bytes()

"""How long does `isogloss report` take for many runs, and how large is its page? Run folders, made up, on disk.

``python -m benchmarks.page`` writes 12 methods of 5 seeds, 40 languages with 500 sentences each, and probes, as runs
leave them, makes their page in a process of its own, and writes ``results/page.json``. Seconds are told twice: by the
clock, and of the processor, which other work on the machine does not lengthen.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.dumps import WORDS
from benchmarks.results import machine, save
from isogloss.common.writing import write_json, write_text
from isogloss.data.corpus import Cell
from isogloss.diagnostics.rows import row
from isogloss.run.evaluation import result_rows
from isogloss.run.folder import RunFolder

LABELS = ("geography", "health", "politics", "sports", "travel")
SCRIPTS = (
    "abcdefghijklmnop",
    "абвгдежзиклмнопр",
    "ابتثجحخدذرزسشصضط",
    "कखगघचछजझटठडढतथदध",
    "的一是不了人我在有他这中大来上国",
)
KNOWN = (
    "en",
    "de",
    "fr",
    "es",
    "ru",
    "ar",
    "hi",
    "zh",
    "sw",
    "tr",
    "fi",
    "vi",
    "te",
    "yo",
    "wo",
    "he",
    "fa",
    "ur",
    "th",
)
SECONDS, BYTES = 20, 5_000_000
"""What is promised."""


def languages(number: int) -> list[str]:
    """Codes, known ones first."""
    return ([*KNOWN] + [f"q{place:02d}" for place in range(number)])[:number]


def write_run(folder: Path, method: str, seed: int, codes: Sequence[str], sentences: int) -> None:
    """A run as it is left, right in a share of the sentences that is its own."""
    run, luck = RunFolder(folder), random.Random(f"{method} {seed}")
    sources = list(codes[:6])
    columns: dict[str, Any] = {"method": "multitask", "seed": seed, "task": "topic", "train_languages": sources}
    write_text(run.recipe, json.dumps({"method": "multitask", "label": method, "seed": seed, "steps": 2000}))
    write_text(folder / "model/config.json", json.dumps({"id2label": dict(enumerate(LABELS))}))
    write_json(run.fingerprint, {"data": {}})
    rows = []
    for code in codes:
        truth = random.Random(code)
        letters = SCRIPTS[truth.randrange(len(SCRIPTS))]
        lines, right = [], 0
        for place in range(sentences):
            gold = truth.choice(LABELS)
            text = " ".join("".join(truth.choices(letters, k=truth.randint(2, 9))) for _ in range(20))
            said = gold if luck.random() < 0.7 else luck.choice(LABELS)
            right += said == gold
            lines.append(
                {"id": str(place), "text": text, "gold": gold, "predicted": said, "probability": luck.random()}
            )
        own = {**columns, "selection": "last", "step": 2000}
        run.write_predictions(Cell("d", code, "test"), own, lines)
        rows += result_rows({"accuracy": right / sentences}, Cell("d", code, "test"), sentences, **own)
        for step in range(100, 2001, 100):
            on_the_way = {**columns, "selection": None, "step": step}
            rows += result_rows({"accuracy": luck.random()}, Cell("d", code, "dev"), sentences, **on_the_way)
    run.add_results(rows)
    steps = range(10, 2001, 10)
    history = [{"step": s, "loss": luck.random(), **{f"loss/{c}": luck.random() for c in sources}} for s in steps]
    write_json(run.trainer_state, {"log_history": history, "max_steps": 2000})
    seconds = {"training": luck.uniform(60, 600), "evaluation": 1.0}
    sizes = {"flops": 1e13, "peak_memory_cpu": 2**31, "peak_memory_gpu": 0, "trained_parameters": 2e7}
    write_json(run.cost, {"seconds": seconds, **sizes})
    run.add_diagnostics([{"step": step, **own} for step in range(100, 2001, 100) for own in _seen(luck, codes[:12])])


def _seen(luck: random.Random, codes: Sequence[str]) -> list[dict[str, Any]]:
    """What probes see at a look."""
    pairs = [{"language": one, "other": other} for one in codes for other in codes if one < other]
    layers = [f"layer_{layer}" for layer in range(13)]
    return [
        *(row("conflicts", "cosine", luck.uniform(-1, 1), part="model", n=4, **pair) for pair in pairs),
        *(row("representations", "cka", luck.random(), part=part, n=9, **pair) for part in layers for pair in pairs),
        *(row("representations", "cka", luck.random(), part=part, n=9) for part in layers),
        *(row("fisher", "trace", luck.random(), part=part, n=4) for part in layers[1:]),
    ]


def write_runs(root: Path, methods: int, seeds: int, number: int, sentences: int) -> None:
    """All runs."""
    codes = languages(number)
    for place in range(methods):
        name = "multitask" if place == 0 else f"{WORDS[place]}_{place}"
        for seed in range(seeds):
            write_run(root / name / f"seed-{seed}", name, seed, codes, sentences)


def measure(root: Path, page: Path) -> dict[str, float]:
    """Make the page in a process of its own: seconds by the clock and of the processor, MB of page and memory."""
    begin, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
    command = [sys.executable, "-m", "isogloss", "report", str(root), "--output", str(page), "--overwrite"]
    subprocess.run(command, check=True, capture_output=True, env={**os.environ, "OMP_NUM_THREADS": "1"})
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return {
        "seconds": time.perf_counter() - begin,
        "processor_seconds": after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime,
        "page_mb": page.stat().st_size / 1e6,
        "peak_mb": after.ru_maxrss / 1e3,
    }


def main(arguments: Sequence[str] | None = None) -> None:
    """Write the runs, measure, keep the numbers."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.page", description=__doc__)
    for name, default in (("methods", 12), ("seeds", 5), ("languages", 40), ("sentences", 500), ("rounds", 3)):
        parser.add_argument(f"--{name}", type=int, default=default)
    parser.add_argument("--results", type=Path, default=Path(__file__).parent / "results", help="folder to write to")
    parser.add_argument("--runs", type=Path, help="folder for the runs, which are written if it is not there yet")
    chosen = parser.parse_args(arguments)
    started = machine()
    with tempfile.TemporaryDirectory() as folder:
        root = chosen.runs or Path(folder) / "runs"
        if not root.exists():
            write_runs(root, chosen.methods, chosen.seeds, chosen.languages, chosen.sentences)
        found = [measure(root, Path(folder) / "page.html") for _ in range(chosen.rounds)]
    kept = {
        "seconds": min(one["processor_seconds"] for one in found) <= SECONDS,
        "bytes": max(one["page_mb"] for one in found) * 1e6 <= BYTES,
    }
    sizes = {name: getattr(chosen, name) for name in ("methods", "seeds", "languages", "sentences")}
    result = {
        "machine": started,
        "sizes": sizes,
        "rounds": found,
        "bounds": {"seconds": SECONDS, "bytes": BYTES},
        "kept": kept,
    }
    print(save(chosen.results, "page", result), json.dumps(found), kept)


if __name__ == "__main__":
    main()

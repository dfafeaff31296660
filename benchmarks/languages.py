"""Do the memory and the start of `isogloss pretrain xlm-k` grow with the corpus? Many languages, made up, on disk.

``python -m benchmarks.languages --corpora 10x10000 100x100000`` writes ``results/languages.json``. A corpus of that
many languages and sentences each is written as `isogloss corpus` writes it; then a few dozen steps are trained on it,
by a tiny encoder, in a process of its own. Nothing is cached, so at the start the whole corpus is cut into sub-words.
Memory is told twice: what the process had in pages of its own at most, and with those of mapped files, which the system
takes back at need.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from transformers import AutoModelForMaskedLM

import isogloss
import isogloss.step.loop
from benchmarks.dumps import WORDS
from benchmarks.memory import forget_peak, megabytes
from benchmarks.results import machine, save
from isogloss.models.open import new_model
from isogloss.models.stored import write_model
from isogloss.models.tokenizer import train_tokenizer

ENTITIES, RELATIONS, CHUNK = 1000, 10, 10_000
"""Entities described in each language; relations; sentences written at a time."""
STEPS = 36
CONFIG = {
    "model_type": "xlm-roberta",
    "hidden_size": 32,
    "intermediate_size": 64,
    "num_hidden_layers": 1,
    "num_attention_heads": 1,
}
MENTIONS = pa.list_(pa.struct([("start", pa.int64()), ("end", pa.int64()), ("entity", pa.string())]))


def write_corpus(folder: Path, languages: int, sentences: int, seed: int = 0) -> float:
    """Write a corpus; its size in MB."""
    folder.mkdir(parents=True)
    draw, codes = random.Random(seed), [f"x{number:03d}" for number in range(languages)]
    schema = pa.schema([("text", pa.string()), ("language", pa.string()), ("mentions", MENTIONS)])
    for code in codes:
        with pq.ParquetWriter(folder / f"sentences-{code}.parquet", schema) as writer:
            for begin in range(0, sentences, CHUNK):
                rows = [_sentence(draw, code) for _ in range(min(CHUNK, sentences - begin))]
                writer.write_table(pa.Table.from_pylist(rows, schema))
    described = [
        {"entity": f"Q{number}", "language": code, "text": f"{_name(code, number)} is {_words(draw, 6)}.", "title": ""}
        for code in codes
        for number in range(ENTITIES)
    ]
    facts = [
        {"subject": f"Q{number}", "relation": f"P{number % RELATIONS}", "object": f"Q{draw.randrange(ENTITIES)}"}
        for number in range(ENTITIES)
    ]
    named = [
        {"relation": f"P{number}", "language": code, "label": WORDS[number]}
        for code in codes
        for number in range(RELATIONS)
    ]
    for part, own in {"descriptions": described, "facts": facts, "relations": named}.items():
        pq.write_table(pa.Table.from_pylist(own), folder / f"{part}-0.parquet")
    return sum(path.stat().st_size for path in folder.iterdir()) / 1e6


def _name(code: str, number: int) -> str:
    return f"{WORDS[number % len(WORDS)].capitalize()}{code}{number}"


def _words(draw: random.Random, number: int) -> str:
    return " ".join(draw.choices(WORDS, k=number))


def _sentence(draw: random.Random, code: str) -> dict[str, Any]:
    number = draw.randrange(ENTITIES)
    name = _name(code, number)
    mention = {"start": 0, "end": len(name), "entity": f"Q{number}"}
    return {"text": f"{name} {_words(draw, draw.randint(4, 9))}.", "language": code, "mentions": [mention]}


def write_encoder(folder: Path, seed: int = 0) -> None:
    """Write the tiny encoder, whose vocabulary is learned from a few sentences."""
    draw = random.Random(seed)
    tokenizer = train_tokenizer([_sentence(draw, f"x{number:03d}")["text"] for number in range(2000)], 1000)
    write_model(folder, new_model(CONFIG, tokenizer, AutoModelForMaskedLM, None, seed=seed).model, tokenizer)


def measure(corpus: Path, encoder: Path, output: Path) -> dict[str, float]:
    """Train on a corpus in this process: seconds to the first step and of the whole, peaks of memory in MB."""
    first = list[float]()
    take_step = isogloss.step.loop.take_step

    def noted(training: isogloss.step.loop.Training) -> None:
        first.append(time.perf_counter())
        take_step(training)

    isogloss.step.loop.take_step = noted
    forget_peak()
    before, begin = megabytes("RssAnon"), time.perf_counter()
    with _OwnPages() as own:
        isogloss.pretrain(
            "xlm-k",
            scale="smoke",
            overrides=[
                f"model={encoder}",
                f"knowledge.corpus={corpus}",
                "languages=null",
                "limit=null",
                f"steps={STEPS}",
                f"evaluation_steps={STEPS}",
                "report_to=none",
            ],
            output=output,
        )
    return {
        "seconds_to_first_step": first[0] - begin,
        "seconds": time.perf_counter() - begin,
        "own_peak_mb_above_start": own.peak - before,
        "peak_mb": megabytes("VmHWM"),
    }


class _OwnPages:
    """Looks ten times a second how many pages of its own the process has."""

    def __init__(self) -> None:
        self.peak, self._over = 0.0, threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)

    def _look(self) -> None:
        while not self._over.wait(0.1):
            self.peak = max(self.peak, megabytes("RssAnon"))

    def __enter__(self) -> _OwnPages:
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._over.set()
        self._thread.join()
        self.peak = max(self.peak, megabytes("RssAnon"))


def _sizes(text: str) -> tuple[int, int]:
    languages, _, sentences = text.partition("x")
    return int(languages), int(sentences)


def measured(corpora: Sequence[tuple[int, int]], scratch: Path | None = None) -> Iterator[dict[str, float]]:
    """What each corpus takes, in a process of its own."""
    for languages, sentences in corpora:
        with tempfile.TemporaryDirectory(dir=scratch) as name:
            folder, begin = Path(name), time.perf_counter()
            size = write_corpus(folder / "corpus", languages, sentences)
            write_encoder(folder / "encoder")
            writing = time.perf_counter() - begin
            command = [sys.executable, "-m", "benchmarks.languages", "--one", str(folder)]
            environment = {**os.environ, "ISOGLOSS_CACHE": "off", "TMPDIR": str(folder)}
            done = subprocess.run(
                command, stdout=subprocess.PIPE, text=True, check=True, cwd=Path(__file__).parents[1], env=environment
            )
            figures = json.loads(done.stdout.splitlines()[-1])
            given = {"languages": languages, "sentences": languages * sentences, "corpus_mb": size}
            yield {**given, "seconds_to_write": writing, **figures}


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure each corpus and keep the figures."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.languages", description=__doc__)
    parser.add_argument("--corpora", type=_sizes, nargs="+", default=[(10, 10_000), (100, 100_000)])
    parser.add_argument("--results", type=Path, default=Path(__file__).parent / "results")
    parser.add_argument("--scratch", type=Path, help="folder for the corpora; default: that of temporary files")
    parser.add_argument("--one", type=Path, help="train on the corpus in this folder here, and print the figures")
    chosen = parser.parse_args(arguments)
    if chosen.one is not None:
        print(json.dumps(measure(chosen.one / "corpus", chosen.one / "encoder", chosen.one / "run")))
        return 0
    found: dict[str, Any] = {"benchmark": "languages", "machine": machine(), "steps": STEPS, "corpora": []}
    for figures in measured(chosen.corpora, chosen.scratch):
        found["corpora"].append(figures)
        print(figures, flush=True)
    print(save(chosen.results, "languages", found))
    return 0


if __name__ == "__main__":
    sys.exit(main())

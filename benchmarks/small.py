"""How many times as many sentences a second does isogloss-small read as its teacher? On one core, in fp32.

``python -m benchmarks.small --teacher FOLDER`` writes ``results/small.json``: both encoders go over the same test
premises of XNLI in PyTorch, each in its own sub-words, of which the student has fewer and so needs more for a text.
Batches hold texts of as many sub-words as can be. Encoders take turns; what is counted is time of the processor, of
which cutting the texts is a part.
"""

from __future__ import annotations

import argparse
import csv
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import torch
from transformers import AutoModel, AutoTokenizer, BatchEncoding, PreTrainedModel

from benchmarks.onnx import measure
from benchmarks.results import machine, save
from benchmarks.timing import one_thread
from isogloss.models.shipped import shipped_models

ROOT = Path(__file__).parents[1]
TEXTS, BATCH, AT_LEAST = 16, 16, 3
"""Texts of each language, and in a batch; and how many times as fast the student must be."""
LANGUAGES = {
    "de en es fr ru": ("de", "en", "es", "fr", "ru"),
    "ko vi zh": ("ko", "vi", "zh"),
    "ar hi sw tr": ("ar", "hi", "sw", "tr"),
}
"""Read much, read much in another script or family, and hardly read by the student."""
STUDENT = "isogloss-small"


def texts_of(data: Path, languages: Sequence[str]) -> list[str]:
    """Premises, as many of each language, evenly spaced."""
    found: list[str] = []
    for language in languages:
        with (data / language / "test.tsv").open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
        found += [row["premise"] for row in rows[:: max(1, len(rows) // TEXTS)][:TEXTS]]
    return found


def reader(name: str, texts: Sequence[str]) -> tuple[Callable[[], object], int]:
    """What cuts and reads the texts when it is called, and how many sub-words it cuts them into."""
    tokenizer = AutoTokenizer.from_pretrained(name)
    model: PreTrainedModel = AutoModel.from_pretrained(name, dtype=torch.float32).eval()
    ordered = sorted(texts, key=lambda text: len(tokenizer(text)["input_ids"]))
    batches = [ordered[start : start + BATCH] for start in range(0, len(ordered), BATCH)]

    def cut(batch: Sequence[str]) -> BatchEncoding:
        return tokenizer(list(batch), padding=True, return_tensors="pt")

    @torch.no_grad()
    def read() -> None:
        for batch in batches:
            model(**cut(batch))

    return read, sum(int(cut(batch)["attention_mask"].sum()) for batch in batches)


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and keep the figures."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.small", description=__doc__)
    parser.add_argument("--teacher", default="intfloat/multilingual-e5-small")
    parser.add_argument("--student", default=str(shipped_models()[STUDENT]), help="default: isogloss-small")
    parser.add_argument("--data", type=Path, default=ROOT / ".." / "shared" / "data" / "nli" / "xnli")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--results", type=Path, default=ROOT / "benchmarks" / "results")
    chosen = parser.parse_args(arguments)
    if not chosen.data.is_dir():
        parser.error(f"--data: {chosen.data} is no folder; it holds LANGUAGE/test.tsv of XNLI")
    found = []
    with one_thread():
        for group, languages in LANGUAGES.items():
            texts = texts_of(chosen.data, languages)
            both = {"teacher": reader(chosen.teacher, texts), STUDENT: reader(chosen.student, texts)}
            ways = {name: read for name, (read, _) in both.items()}
            subwords = {name: number for name, (_, number) in both.items()}
            measured = measure(ways, chosen.rounds, at_least=AT_LEAST)
            found.append({"languages": group, "texts": len(texts), "subwords": subwords, **measured})
            (ratio,) = measured["ratios"]
            print(f"{group}: {ratio['median']:.2f} times ({ratio['min']:.2f} to {ratio['max']:.2f}), {subwords}")
    print(save(chosen.results, "small", {"benchmark": "small", "machine": machine(), "groups": found}))
    return 0


if __name__ == "__main__":
    sys.exit(main())

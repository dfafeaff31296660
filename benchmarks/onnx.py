"""How much faster is a graph in onnxruntime, whole and in 8 bits, than the model in PyTorch? On one core, in fp32.

``python -m benchmarks.onnx`` writes ``results/onnx.json``: a classifier of the sizes of multilingual-e5-small with
random weights and few sub-words, which change no time, goes over random texts. Arms take turns, and what is counted is
time of the processor, so that other work on the machine, which takes turns too, changes little.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from transformers import BertConfig, BertForSequenceClassification, PreTrainedModel

from benchmarks.results import claim, machine, save
from benchmarks.timing import Arm, Measurement, describe, interleave, one_thread, per_step, speedup
from isogloss.calls.exporting.asked import require_kind
from isogloss.calls.exporting.graphs import FILE, Runtime, quantise, write_graph
from isogloss.protocols import Batch

SMALL = {"hidden_size": 384, "intermediate_size": 1536, "num_hidden_layers": 12, "num_attention_heads": 12}
"""multilingual-e5-small, as its config.json has it."""

TEXTS, LENGTH, PASSES, AT_LEAST = 8, 48, 3, 1.5
"""Texts in a batch, their sub-words, passes in a round; and how many times as fast 8 bits must be."""


def measure(
    ways: Mapping[str, Callable[[], object]],
    rounds: int,
    clock: Callable[[], float] = time.process_time,
    *,
    at_least: float = AT_LEAST,
) -> dict[str, Any]:
    """Rounds of each way, which take turns, and how many times as fast as the first the others are.

    The last way is claimed to be ``at_least`` times as fast as the first.
    """

    def arm(way: Callable[[], object]) -> Arm:
        def one(_: int) -> Measurement:
            begun = clock()
            for _ in range(PASSES):
                way()
            return Measurement(clock() - begun, PASSES)

        return one

    measured = interleave({name: arm(way) for name, way in ways.items()}, rounds)
    first, *others = ways
    ratios = [
        claim(
            speedup(measured[other], measured[first], per_step),
            f"speed of {other} / of {first}",
            at_least=at_least if other == others[-1] else None,
        )
        for other in others
    ]
    return {"arms": {name: describe(kept) for name, kept in measured.items()}, "ratios": ratios}


def ways_of(model: PreTrainedModel, inputs: Mapping[str, Tensor], folder: Path) -> dict[str, Callable[[], object]]:
    """The model, its graph and its graph in 8 bits, each to be called without arguments; one thread each."""
    whole, cut = folder / "whole" / FILE, folder / "cut" / FILE
    whole.parent.mkdir()
    write_graph(whole, model.eval(), Batch(dict(inputs), None, ("en",) * len(inputs["input_ids"])), nullcontext())
    shutil.copytree(whole.parent, cut.parent)
    quantise(cut)
    graphs = {name: Runtime(path, threads=1) for name, path in (("fp32", whole), ("8 bits", cut))}

    @torch.no_grad()
    def plain() -> object:
        return model(**inputs)

    return {
        "PyTorch, fp32": plain,
        "onnxruntime, fp32": lambda: graphs["fp32"](**inputs),
        "onnxruntime, 8 bits": lambda: graphs["8 bits"](**inputs),
    }


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and keep the figures."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.onnx", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--results", type=Path, default=Path(__file__).parent / "results")
    chosen = parser.parse_args(arguments)
    require_kind("onnx")
    torch.manual_seed(0)
    model = BertForSequenceClassification(BertConfig(vocab_size=1000, num_labels=3, **SMALL)).eval()
    ids = torch.randint(5, 1000, (TEXTS, LENGTH))
    with one_thread(), tempfile.TemporaryDirectory() as folder:
        ways = ways_of(model, {"input_ids": ids, "attention_mask": torch.ones_like(ids)}, Path(folder))
        found = {"benchmark": "onnx", "machine": machine(), "sizes": SMALL, "texts": TEXTS, "length": LENGTH}
        found |= measure(ways, chosen.rounds)
    for ratio in found["ratios"]:
        print(f"{ratio['what']}: {ratio['median']:.2f} ({ratio['min']:.2f} to {ratio['max']:.2f})")
    print(save(chosen.results, "onnx", found))
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""Does our step cost more than the Trainer's, and what do length-bucketed batches save?

All arms of a round train on the same sentences from the same weights, in fp32 and, where the processor has it, bf16.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from benchmarks.ours import Ours
from benchmarks.peer import ByLength, Peer, as_ours, at_random
from benchmarks.results import claim, has_bfloat16, machine, workload_entry
from benchmarks.timing import Arm, describe, interleave, per_sentence, speedup
from benchmarks.workload import Workload

EQUAL, PADDING = "equal padding", "padding"
PADDED_STEPS = 20
"""Timed steps per round against other paddings: these steps are long and the differences large."""


def run(workload: Workload, rounds: int) -> dict[str, Any]:
    """Measure both questions in both precisions."""
    started = machine()
    precisions = ["fp32", "bf16"] if has_bfloat16() else ["fp32"]
    return {
        "benchmark": "step",
        "machine": started,
        "workload": workload_entry(workload),
        "skipped": [] if has_bfloat16() else ["bf16: this processor has neither avx512_bf16 nor amx_bf16"],
        "parts": [ask(workload, precision, rounds) for precision in precisions for ask in (_equal, _padding)],
    }


def _equal(workload: Workload, precision: str, rounds: int) -> dict[str, Any]:
    arms: dict[str, Arm] = {
        "isogloss": Ours(workload, "multitask", precision),
        "Trainer, same batches and optimizer": Peer(workload, precision, as_ours),
        "Trainer, same batches, its own optimizer": Peer(workload, precision, as_ours, own_optimizer=True),
    }
    measured = interleave(arms, rounds)
    ours, same, own = measured.values()
    return {
        "part": EQUAL,
        "precision": precision,
        "steps_per_round": workload.size.steps,
        "arms": {name: describe(kept) for name, kept in measured.items()},
        "ratios": [
            claim(
                speedup(ours, same, per_sentence),
                "throughput, isogloss / Trainer with the same batches and optimizer",
                at_least=0.97,
            ),
            claim(
                speedup(ours, own, per_sentence),
                "throughput, isogloss / Trainer with the same batches and its default optimizer",
            ),
        ],
    }


def _padding(workload: Workload, precision: str, rounds: int) -> dict[str, Any]:
    size = replace(workload.size, steps=min(PADDED_STEPS, workload.size.steps))
    short = replace(workload, size=size)
    arms: dict[str, Arm] = {
        "isogloss": Ours(short, "multitask", precision),
        "Trainer, group_by_length": Peer(short, precision, ByLength(size.batch_size)),
        "Trainer, random order, padded to the longest": Peer(short, precision, at_random),
        "Trainer, random order, padded to max_length": Peer(short, precision, at_random, width=size.max_length),
    }
    measured = interleave(arms, rounds)
    ours, by_length, longest, fixed = measured.values()
    what = "throughput, isogloss / Trainer"
    return {
        "part": PADDING,
        "precision": precision,
        "steps_per_round": size.steps,
        "arms": {name: describe(kept) for name, kept in measured.items()},
        "ratios": [
            claim(speedup(ours, fixed, per_sentence), f"{what} padding to max_length {size.max_length}", at_least=1.5),
            claim(speedup(ours, longest, per_sentence), f"{what} padding random batches to their longest"),
            claim(speedup(ours, by_length, per_sentence), f"{what} with group_by_length"),
        ],
    }

"""How long does it take to settle a comparison? Counts of sentences, made up, to intervals, p-values and verdicts.

``python -m benchmarks.settling`` takes 6 methods of 5 seeds on 40 languages with 1,000 sentences each, draws 10,000
test sets, computes all that `isogloss compare` says of them but for reading the run folders, and writes
``results/settling.json``. It is to be run with ``OMP_NUM_THREADS=1``, for one core. Seconds are told twice: by the
clock, and of the processor, which other work on the machine lengthens less. Sentences are either of each language's own
or, as in parallel data, the same in all.
"""

from __future__ import annotations

import argparse
import json
import resource
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.page import languages
from benchmarks.results import machine, save
from isogloss.reports.cells import Scoring, scoring_of
from isogloss.reports.comparison import compare_rows
from isogloss.reports.resampling import Counted, resample
from isogloss.reports.section import as_text
from isogloss.reports.settled import settle
from isogloss.reports.settled_sections import Outcome, sections_of

SECONDS = 10
"""What is promised."""

Row = dict[str, Any]


def share(sums: np.ndarray) -> np.ndarray:
    """Accuracy from the sums of right and of all."""
    found: np.ndarray = sums[..., 0] / sums[..., 1]
    return found


def scores(
    methods: int, seeds: int, number: int, sentences: int, *, parallel: bool
) -> tuple[list[Row], dict[Scoring, Counted]]:
    """Result rows and what each sentence adds to them."""
    luck = np.random.default_rng(0)
    rows, counts = [], {}
    for method in range(methods):
        for seed in range(seeds):
            for code in languages(number):
                right = luck.random(sentences) < 0.7 + 0.01 * method
                row = {
                    "run": f"{method}/{seed}",
                    "method": f"method_{method}",
                    "seed": seed,
                    "data": "d",
                    "language": code,
                    "metric": "accuracy",
                    "value": float(right.mean()),
                    "n": sentences,
                    "selection": "last",
                    "split": "test",
                    "train_languages": languages(6),
                }
                ids = tuple(f"{'' if parallel else code}{place:06}" for place in range(sentences))
                rows.append(row)
                counts[scoring_of(row)] = Counted(ids, np.stack([right, np.ones(sentences)], axis=1).astype(int), share)
    return rows, counts


def settled(rows: Sequence[Row], counts: dict[Scoring, Counted]) -> str:
    """All that is told of them."""
    redrawn = resample(counts)
    comparison = compare_rows(rows, "method_0", redrawn=redrawn)
    return as_text(sections_of(Outcome(comparison, settle(comparison, rows, counted=counts, redrawn=redrawn))))


def measure(rows: Sequence[Row], counts: dict[Scoring, Counted]) -> dict[str, float]:
    """Seconds by the clock and of the processor, and the most memory so far."""
    begin, before = time.perf_counter(), time.process_time()
    settled(rows, counts)
    return {
        "seconds": time.perf_counter() - begin,
        "processor_seconds": time.process_time() - before,
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3,
    }


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, keep the numbers."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.settling", description=__doc__)
    for name, default in (("methods", 6), ("seeds", 5), ("languages", 40), ("sentences", 1000), ("rounds", 3)):
        parser.add_argument(f"--{name}", type=int, default=default)
    parser.add_argument("--results", type=Path, default=Path(__file__).parent / "results", help="folder to write to")
    chosen = parser.parse_args(arguments)
    started, found = machine(), dict[str, list[dict[str, float]]]()
    for name in ("own", "parallel"):
        made = scores(chosen.methods, chosen.seeds, chosen.languages, chosen.sentences, parallel=name == "parallel")
        found[name] = [measure(*made) for _ in range(chosen.rounds)]
    kept = {name: min(one["processor_seconds"] for one in rounds) <= SECONDS for name, rounds in found.items()}
    result = {
        "machine": started,
        "sizes": {name: getattr(chosen, name) for name in ("methods", "seeds", "languages", "sentences")},
        "rounds": found,
        "bounds": {"seconds": SECONDS},
        "kept": kept,
    }
    print(save(chosen.results, "settling", result), json.dumps(found), kept)


if __name__ == "__main__":
    main()

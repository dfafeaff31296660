"""The summary table of ud-pos-sequential-reptile.md, from the final test scores of its runs.

python docs/results/ud_pos.py docs/results/ud-pos-test.jsonl
python docs/results/ud_pos.py runs/ud-pos/*/seed-*/results.jsonl
"""

from __future__ import annotations

import sys
from pathlib import Path
from statistics import mean

from tabulate import tabulate

from isogloss.common.writing import read_lines
from isogloss.reports import paired_interval, summarise

BASELINE = "multitask"
GROUPS = {
    "sources: en fr ru tr": ("en", "fr", "ru", "tr"),
    "unseen, known script: de es fi vi wo": ("de", "es", "fi", "vi", "wo"),
    "unseen, unknown script: ko te zh": ("ko", "te", "zh"),
}
METHODS = (
    BASELINE,
    "sequential_reptile",
    "lookahead",
    "checkpoint_averaging",
    "reptile",
    "temperature_sampling",
    "multitask_summed",
)

Scores = dict[tuple[str, int, str], float]


def read(files: list[str]) -> Scores:
    """Final test accuracy on ud by method, seed and language."""
    rows = [row for file in files for row in read_lines(Path(file))]
    wanted = {"split": "test", "metric": "accuracy", "data": "ud"}
    return {
        (row["method"], row["seed"], row["language"]): row["value"]
        for row in rows
        if row["selection"] is not None and all(row[key] == value for key, value in wanted.items())
    }


def means(scores: Scores, method: str, languages: tuple[str, ...]) -> dict[int, float]:
    """Mean over languages by seed."""
    seeds = sorted({seed for found, seed, _ in scores if found == method})
    return {seed: mean(scores[method, seed, language] for language in languages) for seed in seeds}


def main(files: list[str]) -> None:
    """Print the table."""
    scores = read(files)
    table = []
    for group, languages in GROUPS.items():
        reference = means(scores, BASELINE, languages)
        for method in METHODS:
            of_method = means(scores, method, languages)
            if not of_method:
                continue
            found = summarise([100 * value for value in of_method.values()])
            pairs = [100 * (value - reference[seed]) for seed, value in of_method.items() if seed in reference]
            i = paired_interval(pairs)
            difference = "" if method == BASELINE else f"{i.mean:+.1f} [{i.low:+.1f}, {i.high:+.1f}]"
            spread = f"{found.mean:.1f} ({found.low:.1f}–{found.high:.1f})"
            table.append((group, method, spread, difference, found.n))
    headers = ("languages", "method", "mean over seeds (range)", f"difference to {BASELINE} [95 %]", "seeds")
    print(tabulate(table, headers, tablefmt="github"))


if __name__ == "__main__":
    main(sys.argv[1:])

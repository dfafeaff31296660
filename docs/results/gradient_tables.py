"""The tables of gradient-methods.md, from the rows that `gradient_methods.py collect` keeps.

python docs/results/gradient_tables.py docs/results/gradient-methods.jsonl
"""

from __future__ import annotations

import sys
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from statistics import mean
from typing import Any

from gradient_methods import ABLATIONS, ARMS, CONTROLS, JOINT_BATCH, PARTED, SHARES, TASKS, TUNED
from tabulate import tabulate

from isogloss.common.writing import read_lines
from isogloss.reports import paired_interval, summarise

Rows = Sequence[Mapping[str, Any]]
Values = dict[int, float]
"""One value per seed."""

WHOLE = "pos from English"
SEEN_TEXT, UNSEEN_TEXT = ("en", "fi", "tr", "zh"), ("ko", "sw")
"""Languages of the forgetting probe: trained on in POS, and not."""


def main() -> None:
    """Print all tables."""
    rows = read_lines(Path(sys.argv[1]))
    print("\n\n".join(tables(rows)))


def tables(rows: Rows) -> Iterator[str]:
    """All tables, each under its heading."""
    yield "### Learning rates"
    yield rate_table(rows)
    for task in ("pos", "ner"):
        every = [*ARMS, *CONTROLS]
        joint = [arm for arm, own in {**ARMS, **CONTROLS}.items() if own.get("batch_size") == JOINT_BATCH]
        yield f"### {task}: all methods"
        yield score_table(rows, task, every, "multitask")
        yield f"### {task}: one batch per language and step"
        yield score_table(rows, task, joint, "multitask_summed")
        yield f"### {task}: what the probes saw at the end"
        yield probe_table(rows, task, every)
        yield f"### {task}: against a model of each language alone"
        yield negative_transfer(rows, task, every)
        yield f"### {task}: at equal time"
        yield time_table(rows, task, every)
        yield f"### {task}: between the pre-trained and the final weights of multi-task training"
        yield between_table(rows, task)
    yield "### pos: Sequential Reptile with other settings"
    settings = ["sequential_reptile", *ABLATIONS, "one language per step"]
    yield score_table(rows, "pos", settings, "sequential_reptile")
    yield probe_table(rows, "pos", settings)
    yield "### pos from English: pseudo-tasks"
    yield score_table(rows, WHOLE, list(PARTED), "sequential_reptile, random")


def by_seed(rows: Rows, value: str, factor: float = 1.0) -> Values:
    """Mean of a column by seed."""
    found: defaultdict[int, list[float]] = defaultdict(list)
    for row in rows:
        found[row["seed"]].append(factor * row[value])
    return {seed: mean(values) for seed, values in found.items()}


def of(rows: Rows, kind: str, task: str, arm: str) -> Rows:
    """Rows of one kind of one arm."""
    return [row for row in rows if (row["of"], row.get("task"), row["arm"]) == (kind, task, arm)]


def scores(rows: Rows, task: str, arm: str, *, seen: bool, share: float | None = None) -> Values:
    """Mean test score in per cent over the training languages, or over the others, by seed.

    Of models of one language each counts for its own, and all of them for the others.
    """
    sources = TASKS[task]["train_languages"]
    own = [row for row in of(rows, "score", task, arm) if row.get("interpolation") == share]
    wanted = [row for row in own if (row["language"] in sources) == seen]
    if arm == "single" and seen:
        wanted = [row for row in wanted if row["train_languages"] == [row["language"]]]
    return by_seed(wanted, "value", 100)


def shown(values: Values, digits: int = 1) -> str:
    """Mean and range over seeds."""
    if not values:
        return "–"
    found = summarise(list(values.values()))
    return f"{found.mean:.{digits}f} ({found.low:.{digits}f} to {found.high:.{digits}f})"


def against(values: Values, reference: Values) -> str:
    """Difference paired by seed, with its 95 % interval; nothing for less than three pairs."""
    pairs = [value - reference[seed] for seed, value in sorted(values.items()) if seed in reference]
    if len(pairs) < 3 or not any(pairs):
        return ""
    interval = paired_interval(pairs)
    return f"{interval.mean:+.1f} [{interval.low:+.1f}, {interval.high:+.1f}]"


def table(body: Sequence[Sequence[Any]], headers: Sequence[str]) -> str:
    """As Markdown."""
    return tabulate(body, headers, tablefmt="github", disable_numparse=True)


def rate_table(rows: Rows) -> str:
    """Mean dev score of the training languages by learning rate."""
    found: defaultdict[tuple[str, float], list[float]] = defaultdict(list)  # `single` has a model per language
    for row in rows:
        if row["of"] == "rate":
            found[row["arm"], row["rate"]].append(100 * row["value"])
    rates = sorted({rate for _, rate in found})
    body = [[arm, *(f"{mean(found[arm, rate]):.1f}" if found[arm, rate] else "–" for rate in rates)] for arm in TUNED]
    return table(body, ["arm", *(f"{rate:g}" for rate in rates)])


def score_table(rows: Rows, task: str, arms: Sequence[str], baseline: str) -> str:
    """Scores of arms beside a baseline."""
    body = []
    references = [scores(rows, task, baseline, seen=seen) for seen in (True, False)]
    for arm in arms:
        values = [scores(rows, task, arm, seen=seen) for seen in (True, False)]
        cells = []
        for own, reference in zip(values, references, strict=True):
            cells += [shown(own), "" if arm == baseline else against(own, reference)]
        if values[0]:
            body.append([arm, *cells, len(values[0])])
    minus = f"minus {baseline}"
    return table(body, ["arm", "training languages", minus, "unseen languages", minus, "seeds"])


def probed(rows: Rows, task: str, arm: str, probe: str, metric: str, languages: Sequence[str | None]) -> Values:
    """Mean of what a probe saw at the end, by seed."""
    own = [row for row in of(rows, "probe", task, arm) if (row["probe"], row["metric"]) == (probe, metric)]
    return by_seed([row for row in own if row.get("language") in languages], "value")


def probe_table(rows: Rows, task: str, arms: Sequence[str]) -> str:
    """What the probes saw at the end of training."""
    body = [
        [
            arm,
            *(shown(probed(rows, task, arm, "conflicts", metric, (None,)), 2) for metric in CONFLICTS),
            shown(probed(rows, task, arm, "forgetting", "rise", SEEN_TEXT), 2),
            shown(probed(rows, task, arm, "forgetting", "rise", UNSEEN_TEXT), 2),
            shown(probed(rows, task, arm, "forgetting", "distance", (None,)), 1),
        ]
        for arm in arms
        if of(rows, "probe", task, arm)
    ]
    rises = [f"rise of MLM loss, {' '.join(languages)}" for languages in (SEEN_TEXT, UNSEEN_TEXT)]
    return table(body, ["arm", *CONFLICTS.values(), *rises, "distance from the start"])


CONFLICTS = {
    "cosine": "cosine between languages",
    "corrected": "the same, corrected",
    "within": "cosine within a language",
}


def negative_transfer(rows: Rows, task: str, arms: Sequence[str]) -> str:
    """Per training language what an arm gains over the language's own model, which saw a sixth of the sentences."""
    languages = TASKS[task]["train_languages"]

    def of_language(arm: str, language: str) -> Values:
        own = [row for row in of(rows, "score", task, arm) if row.get("interpolation") is None]
        return by_seed(
            [
                row
                for row in own
                if row["language"] == language and (arm != "single" or row["train_languages"] == [language])
            ],
            "value",
            100,
        )

    body = [
        [arm, *(against(of_language(arm, language), of_language("single", language)) for language in languages)]
        for arm in arms
        if arm != "single" and scores(rows, task, arm, seen=True)
    ]
    return table(body, ["minus single", *languages])


def time_table(rows: Rows, task: str, arms: Sequence[str]) -> str:
    """Dev scores at the moment when the fastest arm has seen all sentences, read off the curves.

    What a sentence costs was measured on POS, for both tasks.
    """
    seconds = {row["arm"]: row["seconds"] for row in rows if row["of"] == "speed"}
    if not seconds:
        return "–"
    fastest = min(seconds.values())
    reference = at(rows, task, "multitask", fastest / seconds["multitask"])
    body = []
    for arm in arms:
        if arm in seconds and of(rows, "curve", task, arm):
            share = fastest / seconds[arm]
            own = at(rows, task, arm, share)
            change = "" if arm == "multitask" else against(own, reference)
            body.append([arm, f"{seconds[arm] / seconds['multitask']:.2f}", f"{share:.0%}", shown(own), change])
    headers = ["arm", "seconds, of multitask's", "sentences seen", "dev, training languages", "minus multitask"]
    return table(body, headers)


def at(rows: Rows, task: str, arm: str, share: float) -> Values:
    """Dev score in per cent after a share of the sentences, on the straight line between two evaluations, by seed."""
    curves: defaultdict[int, list[tuple[float, float]]] = defaultdict(list)
    for row in of(rows, "curve", task, arm):
        curves[row["seed"]].append((row["share"], 100 * row["value"]))
    found = {}
    for seed, points in curves.items():
        points.sort()
        for (left, low), (right, high) in pairwise(points):
            if left <= share <= right:
                found[seed] = low + (high - low) * (share - left) / (right - left)
    return found


def between_table(rows: Rows, task: str) -> str:
    """Scores at shares of the way from the pre-trained weights to the final ones."""
    ends = [scores(rows, task, "multitask", seen=seen) for seen in (True, False)]
    body = []
    for share in (*SHARES, None):
        cells = []
        for seen, end in zip((True, False), ends, strict=True):
            own = scores(rows, task, "multitask", seen=seen, share=share)
            cells += [shown(own), "" if share is None else against(own, end)]
        body.append([f"e = {1 if share is None else share:g}", *cells])
    return table(body, ["share", "training languages", "minus e = 1", "unseen languages", "minus e = 1"])


if __name__ == "__main__":
    main()

from __future__ import annotations

import json
from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from isogloss.calls.compare import compare
from isogloss.common.errors import IsoglossError
from isogloss.common.writing import append_lines, write_text
from isogloss.reports import negative_transfer, negative_transfer_table
from isogloss.reports.cells import scoring_of
from isogloss.reports.differences import Difference
from isogloss.reports.statistics import paired_interval
from tests.reports.test_costs import cost
from tests.reports.test_tables import row

SEEDS = range(3)
SCORES = {"en": ([0.90, 0.91, 0.92], [0.80, 0.82, 0.81]), "de": ([0.70, 0.71, 0.72], [0.71, 0.71, 0.71])}
"""Per language the scores alone and of the method, by seed."""


def rows() -> list[dict[str, Any]]:
    found = []
    for language, (alone, joint) in SCORES.items():
        for seed in SEEDS:
            found.append(
                row(method="single", train_languages=[language], language=language, seed=seed, value=alone[seed])
            )
            found.append(row(method="joint", language=language, seed=seed, value=joint[seed]))
            # What the single models know of the other language, and both of one that nobody was trained on.
            other = {"en": "de", "de": "en"}[language]
            found.append(row(method="single", train_languages=[language], language=other, seed=seed, value=0.1))
            found.append(row(method="single", train_languages=[language], language="sw", seed=seed, value=0.2))
    return [*found, *(row(method="joint", language="sw", seed=seed, value=0.3) for seed in SEEDS)]


def test_each_language_against_the_model_of_it_alone():
    found = negative_transfer(rows())
    assert [(transfer.language, transfer.method, transfer.alarm) for transfer in found] == [
        ("de", "joint", False),
        ("en", "joint", True),
    ]
    for transfer in found:
        alone, joint = SCORES[transfer.language]
        pairs = [one - other for one, other in zip(joint, alone, strict=True)]
        assert transfer.difference == Difference(paired_interval(pairs))


def test_the_table():
    header, _, german, english, _, legend, _, note = negative_transfer_table(rows()).splitlines()
    assert [cell.strip() for cell in header.strip("|").split("|")][2:] == [
        "joint − single",
        "joint − single, new sentences too",
    ]
    assert "+0.0 [-2.5, +2.5; n = 3]" in german and "– no predictions; not significant" in german
    assert "-10.0 [-12.5, -7.5; n = 3]" in english and "– no predictions; ALARM" in english
    assert "metric: f1; selection: source-dev, split: test" in legend
    assert "the t-interval decides alone" in legend
    assert note == "- `joint`: below zero in 1 of 2; alarm in world en."


@pytest.mark.parametrize("seeds", [(0,), (0, 1)])
def test_too_few_seeds_raise_no_alarm(seeds: tuple[int, ...]):
    few = [found | {"value": 0.5 + 0.1 * (found["method"] == "single")} for found in rows() if found["seed"] in seeds]
    # Equal differences at two seeds make an interval without width, which says nothing.
    _, english = negative_transfer(few)
    assert english.difference is not None and english.difference.over_seeds.mean < 0
    assert not english.alarm
    assert "ALARM" not in negative_transfer_table(few).split("\n\n")[0]


@pytest.mark.parametrize(("spread", "alarm"), [(0.01, True), (0.2, False)])
def test_the_interval_over_sentences_decides_on_an_alarm(spread: float, alarm: bool):
    found = [each | {"run": f"{each['method']} {each['train_languages']} {each['seed']}"} for each in rows()]
    drawn = np.linspace(-spread, spread, 1001)
    redrawn = {scoring_of(each): each["value"] + drawn * (each["method"] == "joint") for each in found}
    _, english = negative_transfer(found, redrawn=redrawn)
    assert english.difference is not None and english.difference.over_both is not None
    assert english.difference.over_seeds.high is not None and english.difference.over_seeds.high < 0
    assert english.alarm == alarm
    table = negative_transfer_table(found, redrawn=redrawn)
    assert "no predictions" not in table and "1,001 draws of the test sentences" in table
    assert (" ALARM" in table.split("\n\n")[0]) == alarm


def test_seeds_without_a_pair():
    apart = [found for found in rows() if (found["method"] == "joint") == (found["seed"] > 0)]
    assert all(transfer.difference is None and not transfer.alarm for transfer in negative_transfer(apart))
    assert "n too small" in negative_transfer_table(apart)


@pytest.mark.parametrize(
    ("chosen", "message"),
    [
        (lambda found: found["method"] == "joint", "needs runs of method 'single'"),
        (lambda found: found["method"] == "single", "needs runs of a method beside 'single', found none"),
    ],
)
def test_both_sides_are_needed(chosen: Any, message: str):
    with pytest.raises(IsoglossError, match=message):
        negative_transfer([found for found in rows() if chosen(found)])


def test_protocols_are_not_mixed():
    with pytest.raises(IsoglossError, match="selection differs"):
        negative_transfer([*rows(), row(method="other", selection="last")])


def test_interpolated_and_parted_runs_are_methods_of_their_own(tmp_path: Path):
    found = [{**each, "task": "ner", "interpolation": None, "partition": None} for each in rows()]
    found += [
        {**each, **changes, "value": each["value"] - 0.01}
        for each in found
        if each["method"] == "joint"
        for changes in ({"interpolation": 0.5}, {"partition": "random 4"}, {"partition": "kmeans 4"})
    ]
    named = {"joint": "multitask", "single": "single"}
    runs: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
    for each in found:
        run = f"{each['method']}-{each['seed']}-{each['train_languages']}-{each['partition']}"
        runs[run].append({**each, "method": named[each["method"]], "split": "dev"})
    for run, own in runs.items():
        append_lines(tmp_path / run / "results.jsonl", own)
        write_text(tmp_path / run / "cost.json", json.dumps(cost()))
    table = compare([tmp_path], negative_transfer=True, cost=True, allow_mixed=["train_languages"])
    for method in ("multitask", "multitask e=0.5", "multitask (random 4)", "multitask (kmeans 4)"):
        assert f"{method} − single" in table
    transfer, costs = table.split("\n\n| method")
    # A run was trained once, wherever between two sets of weights it was scored.
    assert "e=0.5" in transfer and "e=0.5" not in costs
    assert {line.split("|")[1].strip() for line in costs.splitlines()[2:] if line.startswith("|")} == {
        "multitask",
        "multitask (random 4)",
        "multitask (kmeans 4)",
        "single de",
        "single en",
    }

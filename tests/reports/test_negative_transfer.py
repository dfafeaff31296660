from __future__ import annotations

from typing import Any

import pytest

from isogloss.errors import IsoglossError
from isogloss.reports import negative_transfer, negative_transfer_table
from isogloss.reports.statistics import paired_interval
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
        assert transfer.interval == paired_interval([one - other for one, other in zip(joint, alone, strict=True)])


def test_the_table():
    header, _, german, english, _, legend, _, note = negative_transfer_table(rows()).splitlines()
    assert "joint − single" in header
    assert "+0.0 [-2.5, +2.5; n = 3] not significant" in german
    assert "-10.0 [-12.5, -7.5; n = 3] ALARM" in english
    assert "metric: f1; selection: source-dev, split: test" in legend
    assert note == "- `joint`: below zero in 1 of 2; alarm in world en."


def test_one_seed_raises_no_alarm():
    _, english = negative_transfer([found for found in rows() if found["seed"] == 0])
    assert english.interval is not None and english.interval.mean < 0
    assert not english.alarm


def test_seeds_without_a_pair():
    apart = [found for found in rows() if (found["method"] == "joint") == (found["seed"] > 0)]
    assert all(transfer.interval is None and not transfer.alarm for transfer in negative_transfer(apart))
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

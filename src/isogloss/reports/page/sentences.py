"""Single predictions for the page's browser: sentences, what is right, and what each method said."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from isogloss.common.scripts import RIGHT_TO_LEFT, dominant_scripts
from isogloss.reports.page.numbers import thinned

Line = Mapping[str, Any]
"""A line of a file of predictions."""

BYTES = 2_000_000
"""Bytes of all sentences together: with scripts and numbers the page stays below 5 MB."""


@dataclass(frozen=True)
class Told:
    """What methods said of the sentences of a data set in one language.

    Attributes:
        data: The data set.
        language: What the page calls the language.
        code: Language of the texts.
        lines: By method the lines of its file of predictions.
        right: Whether a prediction is one of the right answers.
    """

    data: str
    language: str
    code: str
    lines: Mapping[str, Sequence[Line]]
    right: Callable[[Sequence[str], str], bool]


@dataclass
class _Labels:
    """Labels as numbers, in the order in which they were first seen."""

    places: dict[str, int] = field(default_factory=dict)

    def __call__(self, label: str) -> int:
        return self.places.setdefault(label, len(self.places))


def sentences(cells: Sequence[Told], methods: Sequence[str], number: int, size: int = BYTES) -> dict[str, Any]:
    """Evenly spaced sentences of each cell, fewer where together they would be too many.

    Args:
        cells: The cells.
        methods: The methods, in the order of the page.
        number: Sentences of each cell at most, at least 2.
        size: Bytes of all sentences at most, about.

    Returns:
        ``labels``, the names of the numbers below; ``cells`` (``data``, ``language``, ``code``, ``rtl``, and how many
        sentences there are, ``total``); and ``rows``, a list for each sentence: number of its cell, id, text (a list of
        tokens or parts, or None where it was not kept), gold, what each method predicted, how probable it found it, and
        a letter for each method: 1 right, 0 wrong, - nothing said. Labels are numbers; of tags a prediction is a flat
        list of the wrong ones' places and labels; answers are texts.
    """
    labels = _Labels()
    kept = [_joined(cell, methods, number) for cell in cells]
    described = [_described(cell, rows, total) for cell, (rows, total) in zip(cells, kept, strict=True)]
    found = [
        [_row(place, cell, row, labels) for row in rows]
        for place, (cell, (rows, _)) in enumerate(zip(cells, kept, strict=True))
    ]
    bytes_ = sum(len(json.dumps(row, ensure_ascii=False).encode("utf-8", "replace")) for rows in found for row in rows)
    if bytes_ > size:
        most = max(2, number * size // bytes_)
        found = [thinned(rows, most) for rows in found]
    return {"labels": list(labels.places), "cells": described, "rows": [row for rows in found for row in rows]}


def _joined(cell: Told, methods: Sequence[str], number: int) -> tuple[list[list[Line | None]], int]:
    """For some sentences the line of each method, None where it has none; and how many there are in all."""
    said = [_by_sentence(cell.lines.get(method, ())) for method in methods]
    every = sorted({identity: None for own in said for identity in own})
    return [[own.get(identity) for own in said] for identity in thinned(every, number)], len(every)


def _by_sentence(lines: Sequence[Line]) -> dict[tuple[str, int], Line]:
    """Lines by id; where ids are not unique, by their number among those of the same id."""
    times: Counter[str] = Counter()
    found = {}
    for line in lines:
        identity = str(line["id"])
        found[identity, times[identity]] = line
        times[identity] += 1
    return found


def _described(cell: Told, rows: Sequence[Sequence[Line | None]], total: int) -> dict[str, Any]:
    texts = [line.get("text") for row in rows for line in row[:1] if line is not None]
    letters = dominant_scripts("".join("".join(text) for text in texts if text))
    script = max(letters, key=lambda name: letters[name]) if letters else ""
    shared = {"data": cell.data, "language": cell.language, "code": cell.code}
    return {**shared, "rtl": script in RIGHT_TO_LEFT, "total": total}


def _row(place: int, cell: Told, lines: Sequence[Line | None], labels: _Labels) -> list[Any]:
    first = next(line for line in lines if line is not None)
    gold, said = first["gold"], [None if line is None else line["predicted"] for line in lines]
    tagged = any(isinstance(one, list) for one in said)
    if tagged:
        right = "".join("-" if one is None or gold is None else str(int(one == gold)) for one in said)
        truth: Any = None if gold is None else [labels(label) for label in gold]
        told: list[Any] = [None if one is None else _wrong(one, gold, labels) for one in said]
    else:
        golds = gold if isinstance(gold, list) else [] if gold is None else [gold]
        right = "".join("-" if one is None or not golds else str(int(cell.right(golds, one))) for one in said)
        answers = isinstance(gold, list)
        truth = gold if answers or gold is None else labels(gold)
        told = [one if one is None or answers else labels(one) for one in said]
    sure = [None if line is None else _sure(line.get("probability")) for line in lines]
    return [place, str(first["id"]), first.get("text"), truth, told, sure, right]


def _wrong(predicted: Sequence[str], gold: Sequence[str] | None, labels: _Labels) -> list[int]:
    """Places and labels of the tags that differ from the gold ones; of all where there are none."""
    truth = gold if gold is not None else [None] * len(predicted)
    pairs = enumerate(zip(predicted, truth, strict=True))
    return [number for place, (one, other) in pairs if one != other for number in (place, labels(one))]


def _sure(probability: Any) -> float | None:  # noqa: ANN401 - a number, a list of them, or None
    """How probable a prediction was; of tags the least probable one's."""
    value = min(probability, default=None) if isinstance(probability, list) else probability
    return None if value is None else round(value, 3)

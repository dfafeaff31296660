"""What the card of a model says of its scores, weak languages, data, protocol and cost, in Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import mean
from typing import Any

import numpy as np
from tabulate import tabulate

from isogloss.common.markup import as_markdown
from isogloss.reports.cells import told_apart
from isogloss.reports.floors import LEGEND, ROUNDING, mark
from isogloss.reports.protocol import told

Row = Mapping[str, Any]

Interval = tuple[float, float]
"""The ends of an interval of 95 %."""


@dataclass(frozen=True)
class DataSet:
    """A data set of a run.

    Attributes:
        name: Our name of it.
        hub: Its id on the hub; None: it is not known to be there.
        licence: Its licence; None: it is not known.
    """

    name: str
    hub: str | None = None
    licence: str | None = None


def interval_of(values: np.ndarray, confidence: float = 0.95) -> Interval:
    """The percentile interval of scores of test sets drawn anew ``[draws]``.

    Example:
        >>> [round(end, 3) for end in interval_of(np.array([0.0, 0.5, 1.0]))]
        [0.025, 0.975]
    """
    low, high = np.quantile(values, [(1 - confidence) / 2, (1 + confidence) / 2])
    return float(low), float(high)


def scores(rows: Sequence[Row], intervals: Sequence[Interval | None]) -> str:
    """A table of scores of one metric with, where they are known, their intervals and floors.

    Args:
        rows: Result rows.
        intervals: The interval of each row; None where it is not known.
    """
    with_intervals, with_floors = any(intervals), any(row.get("floor") is not None for row in rows)
    with_modes = any(row.get("at_test") is not None for row in rows)
    metric = rows[0]["metric"] if rows else "score"
    headers = ["data", "language", "split", *(["adapters"] if with_modes else []), f"{metric} %"]
    headers += [*(["95 % interval"] if with_intervals else []), *(["floor"] if with_floors else []), "examples"]
    body = []
    for row, ends in zip(map(told_apart, rows), intervals, strict=True):
        cells = [as_markdown(str(row["data"])), as_markdown(str(row["language"])), row["split"]]
        cells += [row.get("at_test")] if with_modes else []
        cells.append(f"{_percent(row['value'])}{mark(row['value'], row.get('floor'))}")
        cells += [f"{_percent(ends[0])} to {_percent(ends[1])}" if ends else ""] if with_intervals else []
        cells += [_percent(row.get("floor"))] if with_floors else []
        body.append([*cells, row["n"]])
    parts = [tabulate(body, headers=headers, tablefmt="github", disable_numparse=True)]
    if with_intervals:
        parts.append("Intervals speak of other sentences of the same kind, not of other seeds.")
    if with_floors:
        parts.append(LEGEND)
    return "\n\n".join(parts)


def weak_languages(rows: Sequence[Row], intervals: Sequence[Interval | None]) -> str:
    """Which languages the model should not be trusted in, by the table of `scores`.

    They are those whose score is not above its floor, and those whose interval lies below the mean of all languages of
    the same data and split.
    """
    means: dict[tuple[Any, ...], float] = {}
    for row in rows:
        key = _group(row)
        means[key] = mean(float(other["value"]) for other in rows if _group(other) == key)
    useless, below = dict[str, None](), dict[str, None]()
    for row, ends in zip(map(told_apart, rows), intervals, strict=True):
        language, floor = str(row["language"]), row.get("floor")
        if floor is not None and row["value"] <= floor + ROUNDING:
            useless[language] = None
        elif ends is not None and ends[1] < means[_group(row)]:
            below[language] = None
    parts = []
    if useless:
        parts.append(f"No better than always answering the most frequent label: {_listed(useless)}.")
    if below:
        parts.append(f"Below the mean over languages by more than chance: {_listed(below)}.")
    told_languages = sorted({str(row["language"]) for row in map(told_apart, rows)})
    parts.append(f"Measured in {_listed(told_languages)}; in other languages nothing is known.")
    return "\n\n".join(parts)


def data(sets: Sequence[DataSet], trained: Iterable[str], evaluated: Iterable[str]) -> str:
    """Where the labelled data come from, and under which licences they are."""
    body = [
        [
            as_markdown(own.name),
            as_markdown(own.hub) if own.hub else "not known",
            as_markdown(own.licence) if own.licence else "not known: ask who made them",
        ]
        for own in sets
    ]
    table = tabulate(body, headers=["data", "on the hub", "licence"], tablefmt="github", disable_numparse=True)
    return f"{table}\n\nTrained on {_listed(trained)}; measured in {_listed(evaluated)}."


def protocol(rows: Sequence[Row], settings: Mapping[str, object]) -> str:
    """What the scores rest on, and how the model was trained."""
    listed = [f"- {name}: {as_markdown(str(value))}" for name, value in settings.items() if value is not None]
    return "\n".join([f"- {as_markdown(told(rows))}", *listed])


def cost(found: Mapping[str, Any], devices: Sequence[str]) -> str:
    """What training took, as `isogloss.run.ledger.Ledger.read` has it."""
    seconds = found["seconds"]
    aside = sum(value for name, value in seconds.items() if name != "training")
    facts = {
        "training": f"{seconds['training']:,.1f} s, and {aside:,.1f} s of evaluation, saving and probes",
        "hardware": f"{found['processes']} process(es) on {', '.join(devices)}" if devices else None,
        "examples seen": f"{found['samples']:,}",
        "arithmetic": f"{found['flops'] / 1e12:,.3g} TFLOP (an estimate)",
        "peak memory": f"{found['peak_memory_cpu'] / 2**30:.2f} GiB"
        + (f", {found['peak_memory_gpu'] / 2**30:.2f} GiB of a GPU" if found["peak_memory_gpu"] else ""),
        "parameters": f"{found['parameters']:,}, of which {found['trained_parameters']:,} were trained",
    }
    return "\n".join(f"- {name}: {as_markdown(value)}" for name, value in facts.items() if value is not None)


def _group(row: Row) -> tuple[Any, ...]:
    return row["data"], row["split"], row.get("at_test")


def _percent(value: float | None) -> str:
    return "" if value is None else f"{100 * value:.1f}"


def _listed(names: Iterable[str]) -> str:
    return ", ".join(map(as_markdown, names)) or "none"

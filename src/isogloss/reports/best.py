"""Which of several methods, or settings, was best on what may choose: the dev data of the source languages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import mean
from typing import Any

from isogloss.reports.cells import is_of_sources, told_apart
from isogloss.reports.escaping import code

Cell = tuple[Any, str, Any]
"""Data set, language and number of sentences of a score."""


def best_on_source_dev(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """Name the method with the highest mean on source dev data, over data sets, languages and seeds, and the next one.

    Args:
        rows: Final rows of dev data, of one metric.

    Returns:
        One line; none where fewer than two methods have scores of source languages. Where these are not the same data,
        languages and sentences, no method is better than another, and the line says so.

    Example:
        >>> row = {"method": "a", "metric": "f1", "train_languages": ["en"], "language": "en", "value": 0.5, "seed": 0}
        >>> best_on_source_dev([row, {**row, "method": "b", "value": 0.75}])
        ['Best on the dev data of the sources: `b`, f1 75.0 (1 seed); next `a`, 50.0 (1 seed).']
        >>> best_on_source_dev([row, {**row, "method": "b", "train_languages": ["fr"], "language": "fr"}])
        ['No best on the dev data of the sources, which differ: en of `a`, fr of `b`.']
    """
    values: dict[str, list[float]] = {}
    seeds: dict[str, set[int]] = {}
    cells: dict[str, set[Cell]] = {}
    for row in rows:
        if is_of_sources(row, row["train_languages"]):
            values.setdefault(row["method"], []).append(row["value"])
            seeds.setdefault(row["method"], set()).add(row["seed"])
            cells.setdefault(row["method"], set()).add((row.get("data"), told_apart(row)["language"], row.get("n")))
    if len(values) < 2:
        return []
    one, *others = values
    for other in others:
        if cells[other] != cells[one]:
            first, second = _apart(cells[one], cells[other])
            return [f"No best on the dev data of the sources, which differ: {first} of `{one}`, {second} of `{other}`."]
    # At a tie the one that was given first.
    first, second = sorted(values, key=lambda method: -mean(values[method]))[:2]

    def level(method: str) -> str:
        number = len(seeds[method])
        return f"{100 * mean(values[method]):.1f} ({number} seed{'s' if number > 1 else ''})"

    metric = rows[0]["metric"]
    return [
        f"Best on the dev data of the sources: {code(first)}, {metric} {level(first)}; next {code(second)}, "
        f"{level(second)}."
    ]


def _apart(*both: set[Cell]) -> list[str]:
    """The languages of each, with data sets where there are several, and sentences where nothing else differs."""
    several = len({data for cells in both for data, _, _ in cells}) > 1
    alike = len({frozenset(cell[:2] for cell in cells) for cells in both}) == 1
    told = [
        [
            (f"{data} " if several else "") + language + (f" ({number} sentences)" if alike else "")
            for data, language, number in sorted(cells, key=str)
        ]
        for cells in both
    ]
    return [" + ".join(parts) for parts in told]

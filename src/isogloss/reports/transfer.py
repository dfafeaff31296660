"""How far each method carries: every language over seeds, with its gap to the languages trained on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import mean
from typing import Any

from tabulate import tabulate

from isogloss.common.errors import IsoglossError
from isogloss.reports.floors import LEGEND, floors_of, mark
from isogloss.reports.statistics import summarise


def transfer_table(rows: Sequence[Mapping[str, Any]]) -> str:
    """Per language and method the mean and range over seeds, and the gap: the mean of the sources minus the language's.

    Args:
        rows: Final rows of one data set, split and metric, of several methods and seeds.

    Returns:
        Plain text; scores in per cent, gaps in points. Source languages come first and are marked.

    Raises:
        IsoglossError: There are no rows, or a method lacks a language that another has.
    """
    if not rows:
        raise IsoglossError("a table of transfer needs result rows, found none")
    values: dict[tuple[str, str], list[float]] = {}
    for row in rows:
        values.setdefault((row["language"], row["method"]), []).append(row["value"])
    sources = {language for row in rows for language in row["train_languages"]}
    methods = list(dict.fromkeys(row["method"] for row in rows))
    languages = sorted({language for language, _ in values}, key=lambda language: (language not in sources, language))
    missing = [(language, method) for language in languages for method in methods if (language, method) not in values]
    if missing:
        raise IsoglossError(f"no score of {missing[0][1]} in {missing[0][0]}")
    level = {
        method: mean(mean(values[language, method]) for language in languages if language in sources)
        for method in methods
    }
    body = []
    floors = {language: floor for (_, language), floor in floors_of(rows).items()}
    for language in languages:
        line = [f"{language} (source)" if language in sources else language]
        line += [f"{100 * floors[language]:.1f}" if language in floors else "–"] if floors else []
        for method in methods:
            summary = summarise(values[language, method])
            spread = f"{100 * summary.mean:.1f} ({100 * summary.low:.1f}–{100 * summary.high:.1f})"
            line.append(spread + mark(summary.mean, floors.get(language)))
            line.append(f"{100 * (level[method] - summary.mean):.1f}")
        body.append(line)
    headers = [
        "language",
        *(["floor"] if floors else []),
        *(header for method in methods for header in (method, "gap")),
    ]
    table = tabulate(body, headers=headers, disable_numparse=True, stralign="right")
    return f"{table}\n{LEGEND}" if floors else table

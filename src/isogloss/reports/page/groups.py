"""The transfer gap by script and by family of the languages."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from statistics import mean
from typing import Any

from isogloss.common.errors import IsoglossError
from isogloss.common.languages import find, script_subtag
from isogloss.common.scripts import codes_of
from isogloss.reports.comparison import Comparison, Line
from isogloss.reports.page.numbers import short

UNKNOWN = "unknown"


def script_of(code: str) -> str:
    """The code of the script that a language is written in: the one that its code names, or the usual ones.

    Example:
        >>> script_of("hi"), script_of("hi-Latn"), script_of("xx")
        ('Deva', 'Latn', 'unknown')
    """
    try:
        subtag = script_subtag(code)
    except IsoglossError:  # a name of the user's that merely looks like a code
        subtag = None
    language = find(code)
    if subtag is not None or language is None:
        return subtag or UNKNOWN
    return " ".join(codes_of(language.scripts)) or UNKNOWN


def family_of(code: str) -> str:
    """The family of a language, as `isogloss.common.languages` has it.

    Example:
        >>> family_of("sw"), family_of("xx")
        ('Niger-Congo, Bantu', 'unknown')
    """
    language = find(code)
    return UNKNOWN if language is None else language.family


GROUPS: Mapping[str, Callable[[str], str]] = {"script": script_of, "family": family_of}
"""What languages are grouped by."""


def gaps(comparison: Comparison) -> list[dict[str, Any]]:
    """By method and group of languages the transfer gap: mean of the sources minus mean of the group, in points.

    Both are taken within a data set and seed, over languages that the methods were not trained on; then over data sets,
    and then over seeds. Where a seed lacks the score of a source there is no gap.

    Args:
        comparison: The scores.

    Returns:
        For each ``by`` (script or family), ``group`` and ``method`` the ``mean``, the smallest (``low``) and largest
        (``high``) over seeds, their number ``seeds``, and the ``languages`` of the group.
    """
    lines = [line for line in comparison.lines if line.source is not None]
    found = []
    for by, group_of in GROUPS.items():
        groups: dict[str, list[Line]] = {}
        for line in lines:
            if not line.source:
                groups.setdefault(group_of(_code(line)), []).append(line)
        for group, own in sorted(groups.items()):
            languages = sorted({line.label for line in own})
            for method in comparison.methods:
                values = [100 * value for value in _by_seed(own, lines, method)]
                if values:
                    spread = {"mean": mean(values), "low": min(values), "high": max(values)}
                    numbers = {name: short(value) for name, value in spread.items()}
                    shared = {"by": by, "group": group, "method": method, "languages": languages}
                    found.append({**shared, **numbers, "seeds": len(values)})
    return found


def _by_seed(own: Iterable[Line], lines: Iterable[Line], method: str) -> list[float]:
    """The gap of each seed, as a fraction."""
    sources: dict[str, list[Line]] = {}
    for line in lines:
        if line.source:
            sources.setdefault(line.data, []).append(line)
    members: dict[str, list[Line]] = {}
    for line in own:
        if line.data in sources:
            members.setdefault(line.data, []).append(line)
    if not members:
        return []
    needed = [line.scores[method] for data, group in members.items() for line in (*sources[data], *group)]
    seeds = set.intersection(*(set(scores) for scores in needed))

    def level(group: Iterable[Line], seed: int) -> float:
        return mean(line.scores[method][seed] for line in group)

    return [
        mean(level(sources[d], seed) - level(group, seed) for d, group in members.items()) for seed in sorted(seeds)
    ]


def _code(line: Line) -> str:
    """The language of a line; of a question about a context in another language, that of the question."""
    return line.label.split(" on ")[0]

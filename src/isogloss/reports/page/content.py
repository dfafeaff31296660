"""All that stands in the page, before it is HTML."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from isogloss.reports.comparison import Comparison
from isogloss.reports.page.beside_source import beside_source
from isogloss.reports.page.conflicts import conflicts
from isogloss.reports.page.costs import costs, levels
from isogloss.reports.page.curves import curves
from isogloss.reports.page.groups import gaps
from isogloss.reports.page.likeness import likeness
from isogloss.reports.page.methods import methods
from isogloss.reports.page.run import Row, SeenRun
from isogloss.reports.page.sentences import Told, sentences
from isogloss.reports.page.table import table_rows, verdict_in_words
from isogloss.reports.page.timeline import timelines
from isogloss.reports.page.warnings import warnings


@dataclass(frozen=True)
class Content:
    """What a page shows.

    Attributes:
        title: Its title.
        summary: What was compared, in a line.
        warnings: What to know first.
        verdicts: What came out, a sentence for each method.
        comparison: The scores; None: no run has final ones.
        table: The rows of the table of scores, see `isogloss.reports.page.table.table_rows`.
        methods: What the methods are, see `isogloss.reports.page.methods.methods`.
        command: What makes the page again.
        numbers: What is drawn in the browser, as plain values for JSON.
    """

    title: str
    summary: str
    warnings: Sequence[str]
    verdicts: Sequence[str]
    comparison: Comparison | None
    table: Sequence[Mapping[str, Any]]
    methods: Sequence[Mapping[str, Any]]
    command: str
    numbers: Mapping[str, Any]


def content_of(
    runs: Sequence[SeenRun],
    comparison: Comparison | None,
    rows: Sequence[Row],
    told: Sequence[Told],
    *,
    metric: str,
    kind: str,
    notes: Sequence[str] = (),
    unpredicted: Collection[str] = (),
    command: str = "",
    number: int,
    title: str,
) -> Content:
    """The content of a page.

    Args:
        runs: The runs, finished or not.
        comparison: Their scores; None: there are none.
        rows: The result rows that these rest on, named by method.
        told: What methods said of single sentences.
        metric: Metric of the scores.
        kind: Split (and view) of the scores, in words.
        notes: Warnings that are known already.
        unpredicted: Runs whose predictions are not all there.
        command: What makes the page again.
        number: Sentences of each language that the page holds at most.
        title: Title of the page.
    """
    shown = comparison.methods if comparison is not None else ()
    every = list(dict.fromkeys([*shown, *(run.method for run in runs)]))
    said = [method for method in every if any(method in cell.lines for cell in told)]
    warned = warnings(runs, comparison, rows, kind=kind, unpredicted=unpredicted, untold=_untold(told))
    paired = comparison.notes if comparison is not None else ()
    languages = {line.label for line in comparison.lines if line.source is not None} if comparison is not None else ()
    return Content(
        title=title,
        summary=f"{len(runs)} runs of {len(every)} methods, {kind} {metric}, {len(languages)} languages",
        warnings=[*warned, *notes, *paired],
        verdicts=verdict_in_words(comparison) if comparison is not None else [],
        comparison=comparison,
        table=table_rows(comparison) if comparison is not None else [],
        methods=methods(runs, rows),
        command=command,
        numbers={
            "methods": every,
            "baseline": None if comparison is None else comparison.baseline,
            "metric": metric,
            "gaps": gaps(comparison) if comparison is not None else [],
            "levels": levels(comparison) if comparison is not None else [],
            "costs": costs(runs),
            "curves": curves(runs, metric),
            "conflicts": conflicts(runs),
            "timelines": timelines(runs),
            "likeness": likeness(runs),
            "besideSource": beside_source(runs),
            "sentences": {"methods": said, **sentences(told, said, number)},
        },
    )


def _untold(told: Sequence[Told]) -> list[str]:
    """Methods whose lines lack the text."""
    lines = {method: own for cell in told for method, own in cell.lines.items() if own}
    return [method for method, own in lines.items() if own[0].get("text") is None]

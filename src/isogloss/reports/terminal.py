"""One method, or two, in a terminal: what each scores, by how much they differ, and in a sentence which one won."""

from __future__ import annotations

from collections.abc import Mapping

from tabulate import tabulate

from isogloss.reports.comparison import Comparison, Line
from isogloss.reports.differences import FEWEST_SEEDS, MISSING, Difference
from isogloss.reports.floors import LEGEND, mark
from isogloss.reports.statistics import Interval, summarise

MEANS = {"mean of sources": "source languages", "mean of unseen": "unseen languages"}
"""Lines that are judged, and what they are of."""


def terminal_table(found: Comparison) -> str:
    """A line per language and per mean of `MEANS`, narrow enough for a terminal, and below it what the numbers mean.

    Args:
        found: One method on one data set, or a comparison of two, one of them the baseline.

    Returns:
        Plain text: scores in per cent, differences in points.
    """
    compared = found.methods[1:]
    body = [
        [
            f"{line.label} (source)" if line.source else line.label,
            MISSING if line.floor is None else f"{100 * line.floor:.1f}",
            *(_spread(line.scores[method], line.floor) for method in found.methods),
            *(_cell(line.differences[method]) for method in compared),
        ]
        for line in found.lines
        if line.source is not None or line.label in MEANS
    ]
    repeated = any(len(scores) > 1 for line in found.lines for scores in line.scores.values())
    of_seeds = "mean over seeds (smallest–largest)" if repeated else "of one seed"
    headers = ["language", "floor", *found.methods, *("difference" for _ in compared)]
    return "\n".join(
        [
            tabulate(body, headers, disable_numparse=True, stralign="right"),
            f"{found.metric.capitalize()} in %: {of_seeds}.",
            *(
                f"Difference: {method} − {found.baseline} in points [95 % interval for other seeds and sentences]."
                for method in compared
            ),
            LEGEND,
        ]
    )


def verdict(found: Comparison) -> str:
    """Who won and how sure that is, in a line for each mean of `MEANS`.

    Args:
        found: A comparison of two methods on one data set, one of them the baseline.
    """
    lines = {line.label: line for line in found.lines}
    return "\n".join(_said(found, lines[label], words) for label, words in MEANS.items() if label in lines)


def _said(found: Comparison, line: Line, words: str) -> str:
    first, second = found.methods
    own = line.differences[second]
    if own is None:
        return f"In {words} nothing can be said: the methods have no seed in common."
    interval = own.over_both or own.over_seeds
    ahead, points = (second if interval.mean > 0 else first), f"{100 * abs(interval.mean):.1f} points"
    if own.verdict is None:
        reason = f"{interval.n} seeds are too few" if interval.n < FEWEST_SEEDS else "there is no spread between seeds"
        return f"In {words} {ahead} is ahead by {points}, but {reason} to say who won."
    if own.verdict == 0:
        return f"In {words} neither won: {ahead} is ahead by {points}, which chance explains {_range(interval)}."
    return f"In {words} {ahead} won by {points} {_range(interval)}."


def _range(interval: Interval) -> str:
    """The interval of the lead of whoever is ahead."""
    assert interval.low is not None and interval.high is not None
    low, high = (interval.low, interval.high) if interval.mean > 0 else (-interval.high, -interval.low)
    return f"(95 % interval {100 * low:+z.1f} to {100 * high:+z.1f}, {interval.n} seeds)"


def _cell(own: Difference | None) -> str:
    if own is None:
        return MISSING
    interval = own.over_both or own.over_seeds
    points = f"{100 * interval.mean:+z.1f}"
    if interval.low is None or interval.high is None:
        return points
    return f"{points} [{100 * interval.low:+z.1f}, {100 * interval.high:+z.1f}]"


def _spread(scores: Mapping[int, float], floor: float | None) -> str:
    if not scores:
        return MISSING
    summary = summarise(list(scores.values()))
    if len(scores) == 1:
        return f"{100 * summary.mean:.1f}{mark(summary.mean, floor)}"
    low, high = 100 * summary.low, 100 * summary.high
    return f"{100 * summary.mean:.1f} ({low:.1f}–{high:.1f}){mark(summary.mean, floor)}"

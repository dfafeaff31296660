"""What a comparison comes to: intervals of levels, p-values, and a verdict for each language and each mean."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from isogloss.reports.cells import Row, Scoring
from isogloss.reports.comparison import Comparison, Line
from isogloss.reports.differences import Difference
from isogloss.reports.means import drawn_per_seed
from isogloss.reports.p_values import holm, p_values
from isogloss.reports.permutation import p_of_signs, p_of_swaps, swapped
from isogloss.reports.resampling import Counted
from isogloss.reports.statistics import Interval, crossed_interval, paired_interval
from isogloss.reports.values import draws_of

_FIELDS = ("data", "language", "method", "seed")

Drawn = Mapping[tuple[Any, ...], np.ndarray]


@dataclass(frozen=True, slots=True)
class Judged:
    """The difference of a method and the baseline, and what may be said of it.

    Attributes:
        difference: The difference with its intervals.
        p: The p-value of the interval that decides; None where there is no verdict.
        corrected: The same after Holm's correction over the languages; None of a mean.
        swaps: The permutation test over sentences, which holds the seeds fixed; None where predictions are missing.
        signs: The permutation test over seeds, which holds the sentences fixed; None where there is no verdict.
        verdict: 1: better; -1: worse; 0: no difference found; None: no verdict. Of a language after the correction.
    """

    difference: Difference
    p: float | None
    corrected: float | None
    swaps: float | None
    signs: float | None
    verdict: int | None

    @property
    def interval(self) -> Interval:
        """The interval that decides."""
        return self.difference.over_both or self.difference.over_seeds


@dataclass(frozen=True)
class Settled:
    """A line of a comparison.

    Attributes:
        line: The line.
        levels: By method the mean over seeds, with an interval of new seeds and sentences; None without a score.
        judged: What is to be said of each method but the baseline; None without a common seed.
    """

    line: Line
    levels: Mapping[str, Interval | None]
    judged: Mapping[str, Judged | None]


def settle(
    comparison: Comparison,
    rows: Sequence[Row],
    *,
    counted: Mapping[Scoring, Counted],
    redrawn: Mapping[Scoring, np.ndarray],
    confidence: float = 0.95,
) -> list[Settled]:
    """What each line of a comparison comes to.

    Of each method and line: `isogloss.reports.statistics.crossed_interval` of its level and of its difference, the
    p-value that belongs to it (`isogloss.reports.p_values.p_values`), corrected over the languages of all data sets
    for each method (`isogloss.reports.p_values.holm`), and two permutation tests
    (`isogloss.reports.permutation`), which decide nothing. A language is better or worse if its corrected p is at most
    1 - confidence; a mean if its interval leaves out zero.

    Args:
        comparison: Methods side by side, with a baseline.
        rows: The rows that it was made of.
        counted: What each sentence adds to their values.
        redrawn: Their values on test sets drawn anew.
        confidence: Confidence of the intervals and, for each method, of all languages together; 0.95 by the custom of
            the field.
    """
    draws = draws_of(rows, redrawn, *_FIELDS)
    swaps = _swaps(comparison, draws_of(rows, counted, *_FIELDS))
    found = []
    for line in comparison.lines:
        drawn = {name: drawn_per_seed(draws, line.weights, name, line.scores[name]) for name in comparison.methods}
        levels = {name: _level(line.scores[name], drawn[name], confidence) for name in comparison.methods}
        judged = _judged(comparison, line, drawn, swaps)
        found.append(Settled(line, levels, judged))
    return _corrected(found, comparison.methods[1:], confidence)


def _swaps(comparison: Comparison, counted: Mapping[tuple[Any, ...], Counted]) -> Drawn:
    """The differences to the baseline after swaps, by data set, language, method and seed."""
    pairs = {}
    for (data, language, method, seed), own in counted.items():
        other = counted.get((data, language, comparison.methods[0], seed))
        if method != comparison.methods[0] and other is not None:
            pairs[data, language, method, seed] = (own, other)
    return swapped(pairs)


def _level(scores: Mapping[int, float], drawn: Mapping[int, np.ndarray], confidence: float) -> Interval | None:
    """A mean over seeds; its interval ends where scores do."""
    if not scores:
        return None
    values, whole = list(scores.values()), scores.keys() == drawn.keys()
    found = (
        crossed_interval(values, np.mean(list(drawn.values()), axis=0), confidence)
        if whole
        else paired_interval(values, confidence)
    )
    if found.low is None or found.high is None:
        return found
    return replace(found, low=max(found.low, min(0.0, *values)), high=min(found.high, 1.0))


def _judged(
    comparison: Comparison, line: Line, drawn: Mapping[str, Mapping[int, np.ndarray]], swaps: Drawn
) -> dict[str, Judged | None]:
    baseline, *others = comparison.methods
    found: dict[str, Judged | None] = {}
    for method in others:
        own = line.differences.get(method)
        if own is None:
            found[method] = None
            continue
        seeds = sorted(line.scores[method].keys() & line.scores[baseline].keys())
        pairs = np.array([line.scores[method][seed] - line.scores[baseline][seed] for seed in seeds])
        mean = own.over_seeds.mean
        after = drawn_per_seed(swaps, line.weights, method, seeds)
        permuted = np.mean(list(after.values()), axis=0) if len(after) == len(seeds) else None
        p = signs = None
        if own.verdict is not None:
            apart = [drawn[method][seed] - drawn[baseline][seed] for seed in seeds] if own.over_both else None
            p = float(p_values(pairs[None], None if apart is None else np.mean(apart, axis=0)[None])[0])
            signs = p_of_signs(pairs)
        found[method] = Judged(
            own, p, None, None if permuted is None else p_of_swaps(mean, permuted), signs, own.verdict
        )
    return found


def _corrected(lines: Sequence[Settled], methods: Sequence[str], confidence: float) -> list[Settled]:
    """The lines with Holm's correction over languages, method by method."""
    judged = [dict(settled.judged) for settled in lines]
    for method in methods:
        family: list[tuple[int, Judged, float]] = []
        for place, settled in enumerate(lines):
            own = settled.judged[method]
            if settled.line.source is not None and own is not None and own.p is not None:
                family.append((place, own, own.p))
        for (place, own, _), p in zip(family, holm([p for _, _, p in family]), strict=True):
            sign = 1 if own.interval.mean > 0 else -1
            judged[place][method] = replace(own, corrected=p, verdict=sign if p <= 1 - confidence + 1e-12 else 0)
    return [replace(settled, judged=own) for settled, own in zip(lines, judged, strict=True)]

"""The difference of two methods in a table: its two intervals, and what they allow to be said."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from isogloss.reports.cells import Row, Scoring, scoring_of
from isogloss.reports.statistics import Interval, crossed_interval, paired_interval

MISSING = "–"

FEWEST_SEEDS = 3
"""Common seeds below which nothing is said: two agree by chance too easily."""
ROUNDING = 1e-9
"""Width of an interval, in fractions, up to which the differences count as equal."""

Scores = Mapping[int, float]
Redrawn = Mapping[int, np.ndarray]


@dataclass(frozen=True, slots=True)
class Difference:
    """What is known of the difference of two methods.

    Attributes:
        over_seeds: The t-interval over seeds, which holds the test sentences fixed.
        over_both: The interval over seeds and sentences; None where predictions are missing.
    """

    over_seeds: Interval
    over_both: Interval | None = None

    @property
    def verdict(self) -> int | None:
        """1: the methods differ and the difference is positive; -1: and it is negative; 0: not significant; None: none.

        It rests on the interval over seeds and sentences, and on the t-interval where predictions are missing. There is
        none for fewer than `FEWEST_SEEDS` seeds, nor where all differences are equal, so that no spread is known.
        """
        interval = self.over_both or self.over_seeds
        if interval.n < FEWEST_SEEDS or interval.low is None or interval.high is None:
            return None
        if interval.low <= 0 <= interval.high:
            return 0
        if _width(self.over_seeds) <= ROUNDING:
            return None
        return 1 if interval.low > 0 else -1


def _width(interval: Interval) -> float:
    return 0.0 if interval.low is None or interval.high is None else interval.high - interval.low


def difference(
    scores: Scores, reference: Scores, redrawn: tuple[Redrawn, Redrawn], confidence: float
) -> Difference | None:
    """Of scores by seed and those of the method to compare with; None without a common seed.

    Args:
        scores: The scores by seed.
        reference: The other method's.
        redrawn: By seed the same two scores on test sets drawn anew, where predictions were kept.
        confidence: Confidence of the intervals.
    """
    seeds = sorted(scores.keys() & reference.keys())
    if not seeds:
        return None
    pairs = [scores[seed] - reference[seed] for seed in seeds]
    over_seeds = paired_interval(pairs, confidence)
    mine, other = redrawn
    if not all(seed in mine and seed in other for seed in seeds):
        return Difference(over_seeds)
    draws = np.mean([mine[seed] - other[seed] for seed in seeds], axis=0)
    return Difference(over_seeds, crossed_interval(pairs, draws, confidence))


def cells(found: Difference | None, *, alarm: bool = False) -> list[str]:
    """The two cells of a difference of fractions, in points: with the t-interval, and with that over sentences too.

    Args:
        found: The difference; None: there was no pair of runs.
        alarm: Whether to add an alarm where the verdict is a negative difference, and nothing where there is none.
    """
    if found is None:
        return [MISSING, f"{MISSING} n too small"]
    seeds, both = found.over_seeds, found.over_both
    if seeds.n < FEWEST_SEEDS or seeds.low is None or seeds.high is None:
        return [f"{100 * seeds.mean:+z.1f} (n = {seeds.n})", f"{MISSING} n too small"]
    first = f"{100 * seeds.mean:+z.1f} {_ends(seeds)[:-1]}; n = {seeds.n}]"
    second = f"{MISSING} no predictions;" if both is None else _ends(both)
    said = {None: " no spread, no verdict", 0: " not significant", -1: " ALARM" if alarm else ""}
    return [first, f"{second}{said.get(found.verdict, '')}".rstrip(";")]


def headers(method: str, baseline: str) -> list[str]:
    """The headers of the two cells."""
    return [f"{method} − {baseline}", f"{method} − {baseline}, new sentences too"]


def legend(rows: Sequence[Row], redrawn: Mapping[Scoring, np.ndarray], confidence: float) -> str:
    """What the two cells mean, and whether predictions were missing."""
    level = f"{100 * confidence:g} %"
    draws = f"{len(next(iter(redrawn.values()))):,} " if redrawn else ""
    text = (
        f"Differences: in points, mean over the common seeds [paired {level} t-interval over seeds; their number n], "
        "which tells what other seeds would give on the same test sentences. New sentences too: "
        f"[{level} interval over seeds and sentences, paired by both, from the t-interval and {draws}draws of the test "
        "sentences], which tells what other seeds would give on other sentences of the same kind, and decides what is "
        f"significant. n too small: fewer than {FEWEST_SEEDS} common seeds, no verdict. Each line by itself, without "
        "correction for their number."
    )
    missing = {scoring_of(row) for row in rows} - set(redrawn)
    if missing:
        text += (
            " No predictions: the run folders do not hold them, so the t-interval decides alone; it takes the test "
            "sentences for all there are, and calls differences significant that would not be so on other sentences."
        )
    return text


def _ends(interval: Interval) -> str:
    assert interval.low is not None and interval.high is not None
    return f"[{100 * interval.low:+z.1f}, {100 * interval.high:+z.1f}]"

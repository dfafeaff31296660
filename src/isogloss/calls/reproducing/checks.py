"""Our scores beside figures that are stated or were recorded, and whether they lie as near as can be expected."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import mean, stdev

from scipy.stats import t as student_t
from tabulate import tabulate

from isogloss.calls.reproducing.papers import Paper, Setting
from isogloss.calls.reproducing.scores import Place, Scores

MEAN = "mean"
"""In the place of a language: the mean over languages."""


@dataclass(frozen=True)
class Known:
    """A figure to compare with.

    Attributes:
        value: The figure, in per cent.
        source: Who says so.
        deviation: Its standard deviation over runs, in points; None: not known.
        runs: Number of runs behind it; None: not known.
    """

    value: float
    source: str
    deviation: float | None = None
    runs: int | None = None

    def allowed(self, seeds: int, least: float) -> float:
        """Points that a mean over ``seeds`` runs may lie off: the half-width of a 95 % prediction interval.

        t(r−1; 0.975) · s · √(1/r + 1/m) for s over r runs and m seeds of ours, but not below ``least``, which is also
        what holds where s or r is not known.

        Example:
            >>> round(Known(70.09, "Table 1", deviation=0.6, runs=4).allowed(4, least=0.5), 2)
            1.35
        """
        if self.deviation is None or self.runs is None or self.runs < 2:
            return least
        half = student_t.ppf(0.975, self.runs - 1) * self.deviation * math.sqrt(1 / self.runs + 1 / seeds)
        return max(least, float(half))


@dataclass(frozen=True)
class Check:
    """One figure and ours.

    Attributes:
        place: What the scores are of.
        known: The figure; None: none is stated or recorded.
        ours: Our mean over seeds, in per cent; None: not measured.
        seeds: Number of our seeds.
        allowed: Points that ours may lie off.
        unlike: Why the two say nothing of each other; empty: they do.
    """

    place: Place
    known: Known | None
    ours: float | None
    seeds: int
    allowed: float
    unlike: str = ""

    @property
    def difference(self) -> float | None:
        """Ours minus the figure, in points."""
        return None if self.known is None or self.ours is None else self.ours - self.known.value

    @property
    def verdict(self) -> str:
        """within, OUTSIDE, or why there is none."""
        if self.known is None:
            return "nothing to compare with"
        if self.difference is None:
            return "not measured"
        if self.unlike:
            return f"not compared: {self.unlike}"
        return "within" if abs(self.difference) <= self.allowed else "OUTSIDE"


def checks_of(
    paper: Paper, setting: Setting, scale: str, ours: Scores, recorded: Scores, arms: Mapping[str, str]
) -> list[Check]:
    """Every figure of the arms, stated ones at scale paper and else recorded ones, and every score of ours.

    Args:
        paper: The paper.
        setting: Its setting.
        scale: The scale.
        ours: Our scores.
        recorded: Scores that we recorded.
        arms: The arms that are looked at, and why figures say nothing of their runs; empty: they do.
    """
    known, unlike = _recorded({**recorded, **dict(_means(setting, recorded))}), dict[str, str]()
    if scale == "paper":
        known, unlike = _stated(setting), dict(setting.unlike)
    scored = {**ours, **dict(_means(setting, ours))}
    places = {place for place in (*known, *scored) if place.arm in arms}
    found, order = [], list(arms)
    for place in sorted(places, key=lambda one: (one.data, one.metric, one.language, order.index(one.arm))):
        own, figure = scored.get(place, {}), known.get(place)
        least = paper.tolerance[scale]  # type: ignore[index]
        allowed = least if figure is None or not own else figure.allowed(len(own), least)
        reason = arms[place.arm] or _reason(setting, place, unlike)
        found.append(Check(place, figure, mean(own.values()) if own else None, len(own), allowed, reason))
    return found


def table(checks: Sequence[Check], scale: str) -> str:
    """The checks as a table in Markdown."""
    other, unknown = ("paper", "not stated") if scale == "paper" else ("recorded", "not recorded")
    head = ["data", "metric", "language", "arm", other, "source", "ours", "seeds", "difference", "allowed", "verdict"]
    rows = [
        [
            *(check.place.data, check.place.metric, check.place.language, check.place.arm),
            unknown if check.known is None else f"{check.known.value:.2f}",
            "" if check.known is None else check.known.source,
            "not measured" if check.ours is None else f"{check.ours:.2f}",
            check.seeds or "",
            "" if check.difference is None else f"{round(check.difference, 2) + 0.0:+.2f}",
            "" if check.difference is None else f"±{check.allowed:.2f}",
            check.verdict,
        ]
        for check in checks
    ]
    return tabulate(rows, headers=head, tablefmt="github", disable_numparse=True)


def summary(checks: Sequence[Check]) -> tuple[str, bool]:
    """How many figures were met, in a sentence, and whether some were and none was missed."""
    verdicts = [check.verdict for check in checks]
    within, outside = verdicts.count("within"), verdicts.count("OUTSIDE")
    if not within + outside:
        return "Nothing was checked: no figure stands beside a score that could be compared with it.", False
    rest = len(checks) - within - outside
    said = f"{within} of {within + outside} figures are met"
    return f"{said}{f'; {rest} could not be compared' if rest else ''}.", not outside


def _stated(setting: Setting) -> dict[Place, Known]:
    found = {}
    for own in setting.stated:
        for language, value in own.values.items():
            found[Place(own.arm, own.data, language, own.metric)] = Known(value, own.source)
        if own.mean is not None:
            known = Known(own.mean, own.source, own.deviation, own.runs)
            found[Place(own.arm, own.data, MEAN, own.metric)] = known
    return found


def _recorded(scores: Scores) -> dict[Place, Known]:
    return {
        place: Known(mean(own.values()), "ours", stdev(own.values()) if len(own) > 1 else None, len(own))
        for place, own in scores.items()
    }


def _means(setting: Setting, scored: Mapping[Place, Mapping[int, float]]) -> Iterator[tuple[Place, dict[int, float]]]:
    """Means over the targets of each test set, of the seeds that have them all."""
    for arm, data, metric in sorted({(place.arm, place.data, place.metric) for place in scored}):
        targets = setting.targets.get(data, ())
        own = [scored.get(Place(arm, data, language, metric), {}) for language in targets]
        seeds = set.intersection(*(set(by_seed) for by_seed in own)) if own else set()
        if seeds:
            yield Place(arm, data, MEAN, metric), {seed: mean(one[seed] for one in own) for seed in sorted(seeds)}


def _reason(setting: Setting, place: Place, unlike: Mapping[str, str]) -> str:
    """Why a figure says nothing of our runs; a mean with such a language in it does not either."""
    languages = setting.targets.get(place.data, ()) if place.language == MEAN else (place.language,)
    return next((unlike[language] for language in languages if language in unlike), "")

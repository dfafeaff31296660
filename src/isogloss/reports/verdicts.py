"""What a comparison says in words: whether a method is better, worse, or no difference was found."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from isogloss.reports.differences import FEWEST_SEEDS
from isogloss.reports.means import ALL_DATA
from isogloss.reports.settled import Judged, Settled
from isogloss.reports.statistics import Interval

MEANS = {"mean of sources": "source languages", "mean of unseen": "unseen languages", "mean": "all languages"}
"""Lines that are told in words, and what they are means of."""

OUTCOMES = {1: "better", 0: "no difference found", -1: "worse", None: "no verdict"}
"""Verdicts in words."""

_ALPHA = 0.05
"""Where the check is taken to have found a difference, as the intervals of 95 % are."""


def said(own: Judged | None) -> str:
    """The verdict of a line in a few words, in points.

    Example:
        >>> from isogloss.reports.differences import Difference
        >>> few = Difference(Interval(0.012, -0.1, 0.124, 2))
        >>> said(Judged(few, None, None, None, None, None))
        'no verdict from 2 seeds (+1.2)'
    """
    if own is None:
        return "no verdict: no seed in common"
    interval = own.interval
    points = f"{100 * interval.mean:+z.1f}"
    if interval.n < FEWEST_SEEDS or interval.low is None:
        return f"no verdict from {interval.n} seed{'' if interval.n == 1 else 's'} ({points})"
    if own.verdict is None:
        return f"no verdict: no spread between seeds ({points})"
    if own.verdict == 0:
        return f"no difference found ({points} {ends(interval)})"
    return f"{OUTCOMES[own.verdict]} by {100 * abs(interval.mean):.1f} points {ends(interval)}"


def ends(interval: Interval) -> str:
    """The two ends of an interval of fractions, in points.

    Example:
        >>> ends(Interval(0.02, 0.01, 0.03, 3)), ends(Interval(0.02, None, None, 1))
        ('[+1.0, +3.0]', '')
    """
    if interval.low is None or interval.high is None:
        return ""
    return f"[{100 * interval.low:+z.1f}, {100 * interval.high:+z.1f}]"


def verdicts(lines: Sequence[Settled], method: str, baseline: str) -> list[str]:
    """What is said of a method against the baseline: in all, by kind of language, and language by language.

    Args:
        lines: The lines of a comparison.
        method: The method.
        baseline: What it is compared with.

    Returns:
        Sentences; the first one is of the mean over all languages, and of all data sets where there are several.
    """
    of_all = [one for one in lines if one.line.data == ALL_DATA] or lines
    means = {one.line.label: one for one in of_all if one.line.label in MEANS}
    whole = means["mean"].judged[method]
    found = [f"{method} against {baseline}, mean of all languages: {said(whole)}{_checked(whole)}."]
    parts = [f"{MEANS[label]}: {said(one.judged[method])}" for label, one in means.items() if label != "mean"]
    if len(parts) > 1:
        found.append(f"By kind: {'; '.join(parts)}.")
    return [*found, f"By language, corrected by Holm: {_counted(lines, method)}."]


def outcomes(lines: Sequence[Settled], method: str) -> dict[str, list[str]]:
    """The languages by what was found of them after the correction, as win, tie and loss are counted."""
    several = len({one.line.data for one in lines} - {ALL_DATA}) > 1
    found: dict[str, list[str]] = {name: [] for name in OUTCOMES.values()}
    for one in lines:
        if one.line.source is not None:
            own = one.judged[method]
            name = f"{one.line.data} {one.line.label}" if several else one.line.label
            found[OUTCOMES[None if own is None else own.verdict]].append(name)
    return found


def _counted(lines: Sequence[Settled], method: str) -> str:
    parts = [
        f"{name} in {len(own)}" + (f" ({', '.join(own)})" if name in ("better", "worse") and own else "")
        for name, own in outcomes(lines, method).items()
        if own or name != OUTCOMES[None]
    ]
    own = [one.judged[method] for one in lines if one.line.source is not None]
    signs = Counter(_sign(one.interval.mean) for one in own if one is not None)
    return f"{', '.join(parts)}; ahead in {signs[1]}, behind in {signs[-1]} of {len(own)}"


def _sign(value: float) -> int:
    return (value > 0) - (value < 0)


def _checked(own: Judged | None) -> str:
    """Where the permutation test over sentences does not agree with the verdict."""
    if own is None or own.swaps is None or own.verdict is None:
        return ""
    if own.verdict == 0 and own.swaps <= _ALPHA:
        return (
            f"; the permutation test (p = {own.swaps:.3f}) tells these very models apart, which speaks for more seeds"
        )
    if own.verdict != 0 and own.swaps > _ALPHA:
        return f"; the permutation test does not confirm it (p = {own.swaps:.3f})"
    return ""

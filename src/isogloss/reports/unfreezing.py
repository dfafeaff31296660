"""Does tr(F) go with transfer, and how near to top-down did layers open? From runs to numbers and Markdown."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Mapping, Sequence
from fractions import Fraction
from statistics import mean

from isogloss.reports.bootstrap import FEWEST, Estimate, mean_over_runs, rank_correlation
from isogloss.reports.curves import FEATURES
from isogloss.reports.differences import MISSING
from isogloss.reports.markdown import markdown_table
from isogloss.reports.watched import WatchedRun, by_schedule

NAMES: Mapping[str, str] = {
    "peak": "peak",
    "step_of_peak": "step of the peak",
    "area": "area",
    "width": "width at half maximum",
}
"""How tables and figures call the features of a curve."""


def agreements(runs: Sequence[WatchedRun]) -> dict[str, Estimate]:
    """By schedule the mean over its runs of Kendall's τ-b to top-down, see `Openings.agreement`.

    Schedules without such an order (everything at once, or too few layers) are left out.
    """
    values = {schedule: _agreements(own) for schedule, own in by_schedule(runs).items()}
    return {schedule: mean_over_runs(own) for schedule, own in values.items() if own}


def associations(runs: Sequence[WatchedRun], *, within_seeds: bool = False) -> dict[str, Estimate]:
    """By feature of the curve of tr(F) its rank correlation with the mean score of target languages, over runs.

    Runs without a curve of at least two looks, or without a score, are left out; see `rank_correlation`.

    Args:
        runs: The runs, of several schedules and seeds.
        within_seeds: Whether to take from feature and score the mean over the runs of the same seed first: what the
            seed does to all schedules alike is then gone. Seeds of a single run are left out.
    """
    known = [run for run in runs if run.features is not None and run.score is not None]
    if within_seeds:
        times = Counter(run.seed for run in known)
        known = [run for run in known if times[run.seed] > 1]
    seeds = [run.seed for run in known]

    def column(values: Sequence[float]) -> Sequence[float]:
        return centred(values, seeds) if within_seeds else values

    scores = column([run.score for run in known if run.score is not None])
    return {name: rank_correlation(column([getattr(run.features, name) for run in known]), scores) for name in FEATURES}


def centred(values: Sequence[float], groups: Sequence[Hashable]) -> list[float]:
    """Each value minus the mean of its group; rounded once, so that equal differences stay equal ranks.

    Example:
        >>> centred([1.0, 3.0, 5.0], ["a", "a", "b"])
        [-1.0, 1.0, 0.0]
    """
    own: dict[Hashable, list[Fraction]] = {}
    for value, group in zip(values, groups, strict=True):
        own.setdefault(group, []).append(Fraction(value))
    return [float(Fraction(value) - mean(own[group])) for value, group in zip(values, groups, strict=True)]


def unfreezing_tables(runs: Sequence[WatchedRun], *, metric: str, split: str) -> str:
    """Three Markdown tables: order of the layers by schedule, tr(F) and score by run, and how these go together.

    Args:
        runs: The runs.
        metric: Metric of the scores.
        split: dev or test.
    """
    parts = [_orders(runs), _features(runs, f"target {split} {metric} %")]
    scored = [run for run in runs if run.features is not None and run.score is not None]
    if scored:
        parts.append(_correlations(runs, f"ρ with target {split} {metric}"))
    parts.append(_notes(runs, scored, split))
    return "\n\n".join(parts)


def _orders(runs: Sequence[WatchedRun]) -> str:
    found, body = agreements(runs), []
    for schedule, own in by_schedule(runs).items():
        estimate, values = found.get(schedule), _agreements(own)
        compared = {len(run.openings.compared) for run in own if run.openings is not None}
        layers = "–".join(map(str, sorted({min(compared), max(compared)}))) if compared else MISSING
        spread = f"{mean(values):+.2f} ({min(values):+.2f} to {max(values):+.2f})" if values else MISSING
        body.append([schedule, str(len(own)), layers, spread, interval(estimate)])
    headers = ["schedule", "runs", "layers compared", "τ to top-down", "95 % interval over runs"]
    return markdown_table(body, headers)


def _features(runs: Sequence[WatchedRun], score: str) -> str:
    body = []
    for schedule, own in by_schedule(runs).items():
        for run in own:
            values = [MISSING] * len(FEATURES)
            if run.features is not None:
                values = [f"{getattr(run.features, name):.4g}" for name in FEATURES]
            percent = MISSING if run.score is None else f"{100 * run.score:.1f}"
            body.append([schedule, str(run.seed), *values, percent])
    headers = ["schedule", "seed", *(NAMES[name] for name in FEATURES), score]
    return markdown_table(body, headers)


def _correlations(runs: Sequence[WatchedRun], score: str) -> str:
    over, within = associations(runs), associations(runs, within_seeds=True)
    body = [[NAMES[name], *(cell for own in (over[name], within[name]) for cell in _cells(own))] for name in FEATURES]
    headers = ["tr(F) per open layer", score, "95 % interval over runs", "ρ within seeds", "95 % interval over runs"]
    return markdown_table(body, headers)


def _cells(rho: Estimate) -> list[str]:
    return [MISSING if rho.value is None else f"{rho.value:+.2f}", interval(rho)]


def interval(estimate: Estimate | None, drawn: str = "runs") -> str:
    """The interval of an estimate over what was drawn anew, or why it has none."""
    if estimate is None or estimate.value is None:
        return MISSING
    if estimate.low is None or estimate.high is None:
        return f"none: fewer than {FEWEST} {drawn}" if estimate.n < FEWEST else "none: all draws agree"
    return f"[{estimate.low:+.2f}, {estimate.high:+.2f}]"


def _notes(runs: Sequence[WatchedRun], scored: Sequence[WatchedRun], split: str) -> str:
    notes = [
        "- τ: Kendall's τ-b, mean over runs (smallest to largest); 1 is top-down, −1 bottom-up. A layer that is forced "
        "to open first is left out, and so are layers that never opened."
    ]
    if scored:
        schedules = len({run.schedule for run in scored})
        notes.append(
            f"- ρ: Spearman's, over {len(scored)} run(s) of {schedules} schedule(s); within seeds: of differences to "
            "the mean of the runs of the same seed. Intervals are of runs drawn with replacement; runs of one schedule "
            f"are alike, so they are rather too narrow. {2 * len(FEATURES)} correlations, each by itself, without "
            "correction for their number; a correlation is no intervention."
        )
    without = [run.name for run in runs if run.features is None]
    if without:
        notes.append(f"- Without two looks of probe fisher at an open layer: {', '.join(without)}.")
    unscored = [run.name for run in runs if run.score is None]
    if unscored:
        notes.append(f"- Without a final {split} score in a target language: {', '.join(unscored)}.")
    return "\n".join(notes)


def _agreements(runs: Sequence[WatchedRun]) -> list[float]:
    found = [run.openings.agreement for run in runs if run.openings is not None]
    return [value for value in found if value is not None]

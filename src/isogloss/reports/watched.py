"""A run with a schedule of unfreezing or a probe of traces, from its rows: what opened, tr(F) over time, scores."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import mean
from typing import Any

from isogloss.common.errors import IsoglossError
from isogloss.reports.cells import is_of_sources
from isogloss.reports.curves import Curve, Features, features_of
from isogloss.reports.openings import Openings, number_of, openings_of

Row = Mapping[str, Any]


@dataclass(frozen=True)
class WatchedRun:
    """What is known of a run.

    Attributes:
        name: The run, such as its folder.
        schedule: The schedule, such as its method; runs that differ in the seed only have one in common.
        seed: Its seed.
        openings: When its layers opened; None: no schedule opened any.
        traces: tr(F) of each layer, by its number from the lowest, 1; empty without the probe.
        errors: The standard error of each of these, over batches; empty with a single batch.
        mean: The mean of tr(F) over the layers that were open; None without the probe.
        open_from: By layer the first look at which it was open.
        dev: The mean dev score of the source languages; None without evaluations on the way.
        score: The mean final score of the target languages; None without one.
    """

    name: str
    schedule: str
    seed: int
    openings: Openings | None
    traces: Mapping[int, Curve]
    errors: Mapping[int, Curve]
    mean: Curve | None
    open_from: Mapping[int, int]
    dev: Curve | None
    score: float | None

    @property
    def features(self) -> Features | None:
        """Those of the mean over open layers; None where it has fewer than two looks."""
        return None if self.mean is None or len(self.mean.steps) < 2 else features_of(self.mean)


def watched_run(
    diagnostics: Iterable[Row],
    results: Sequence[Row],
    *,
    name: str,
    schedule: str,
    seed: int,
    top_first: bool,
    metric: str,
    split: str = "test",
    smooth: int = 1,
) -> WatchedRun:
    """A run from its rows.

    Args:
        diagnostics: Rows of its ``diagnostics.jsonl``.
        results: Rows of its ``results.jsonl``.
        name: The run.
        schedule: The schedule.
        seed: Its seed.
        top_first: Whether its schedule forced the top layer to open first.
        metric: Metric of the scores.
        split: dev or test: of which data the final score is.
        smooth: Looks of the moving average over the mean of open layers, see `Curve.smoothed`; 1: none. The paper's
            figures have one, of a width that it does not say.
    """
    rows = list(diagnostics)
    traces, errors = _curves(rows, "trace"), _curves(rows, "error")
    mean_open = traces.pop("mean_open", None)
    errors.pop("mean_open", None)
    open_from: dict[int, int] = {}
    for row in rows:
        if (row["probe"], row["metric"]) == ("fisher", "open") and row["value"]:
            open_from.setdefault(number_of(row["part"]), row["step"])
    return WatchedRun(
        name=name,
        schedule=schedule,
        seed=seed,
        openings=openings_of(rows, top_first=top_first),
        traces={number_of(part): curve for part, curve in traces.items()},
        errors={number_of(part): curve for part, curve in errors.items()},
        mean=None if mean_open is None else mean_open.smoothed(smooth),
        open_from=open_from,
        dev=_dev(results, metric),
        score=_score(final_scores(results, metric, split)),
    )


def _curves(rows: Iterable[Row], metric: str) -> dict[str, Curve]:
    """What probe ``fisher`` saw of each part."""
    seen: dict[str, dict[int, float]] = {}
    for row in rows:
        if (row["probe"], row["metric"]) == ("fisher", metric):
            seen.setdefault(row["part"], {})[row["step"]] = row["value"]
    return {part: Curve(tuple(values), tuple(values.values())) for part, values in seen.items()}


def final_scores(results: Iterable[Row], metric: str, split: str) -> list[Row]:
    """The last final scores of a run on original texts in each language that it was not trained on."""
    latest = {
        (row["data"], row["language"], row["context_language"]): row
        for row in results
        if (row["split"], row["metric"], row["view"]) == (split, metric, "original")
        and row["selection"] is not None
        and row.get("interpolation") is None
    }
    return [row for row in latest.values() if not is_of_sources(row, row["train_languages"])]


def _score(rows: Collection[Row]) -> float | None:
    return mean(row["value"] for row in rows) if rows else None


def _dev(results: Iterable[Row], metric: str) -> Curve | None:
    """The mean over source languages of the dev scores that a run took on its way."""
    seen: dict[int, list[float]] = {}
    for row in results:
        on_the_way = row["selection"] is None and row["split"] == "dev" and row["metric"] == metric
        if on_the_way and is_of_sources(row, row["train_languages"]):
            seen.setdefault(row["step"], []).append(row["value"])
    steps = sorted(seen)
    return Curve(tuple(steps), tuple(mean(seen[step]) for step in steps)) if steps else None


def by_schedule(runs: Iterable[WatchedRun]) -> dict[str, list[WatchedRun]]:
    """The runs of each schedule, by seed.

    Raises:
        IsoglossError: Two runs of a schedule have the same seed, so that they must differ in something else.
    """
    found: dict[str, list[WatchedRun]] = {}
    for run in sorted(runs, key=lambda run: run.seed):
        own = found.setdefault(run.schedule, [])
        if own and own[-1].seed == run.seed:
            raise IsoglossError(
                f"runs: two runs of {run.schedule} with seed {run.seed}, {own[-1].name} and {run.name}; runs of a "
                "schedule may differ in their seed only"
            )
        own.append(run)
    return dict(sorted(found.items()))

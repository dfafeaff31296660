"""Features of the curve of tr(F) against transfer, a point for each run."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from isogloss.figures.drawing import MARKERS, counted, drawn, looks, panels, size
from isogloss.reports.bootstrap import Estimate
from isogloss.reports.curves import FEATURES
from isogloss.reports.unfreezing import NAMES, associations, interval
from isogloss.reports.watched import WatchedRun, by_schedule

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def features_figure(runs: Sequence[WatchedRun], *, metric: str, split: str) -> str:
    """Each feature against the mean score of the target languages, with Spearman's ρ, over all runs and within seeds.

    Args:
        runs: The runs; those without a curve of two looks or without a score are left out.
        metric: Metric of the scores.
        split: dev or test.

    Returns:
        The SVG.
    """
    schedules = by_schedule(run for run in runs if run.features is not None and run.score is not None)
    over, within = associations(runs), associations(runs, within_seeds=True)

    def draw(figure: Figure) -> None:
        axes = panels(figure, len(FEATURES), x="", y=f"target {split} {metric} %", sharex=False)
        for own, name in zip(axes, FEATURES, strict=True):
            for place, (schedule, look) in enumerate(looks(schedules).items()):
                own.plot(
                    [getattr(run.features, name) for run in schedules[schedule]],
                    [100 * run.score for run in schedules[schedule] if run.score is not None],
                    linestyle="",
                    color=look["color"],
                    marker=MARKERS[place % len(MARKERS)],
                    markersize=5,
                    alpha=0.8,
                    label=schedule,
                )
            own.set(xlabel=NAMES[name], title=f"{_told('ρ', over[name])}\n{_told('within seeds', within[name])}")
        handles, names = axes[0].get_legend_handles_labels()
        figure.suptitle(f"{counted([run for own in schedules.values() for run in own])}; 95 % intervals over runs")
        figure.legend(handles, names, loc="outside lower center", ncols=min(4, len(names)))

    width, height = size(len(FEATURES))
    return drawn(draw, width, height + 0.3 + 0.2 * len(schedules) / 4)


def _told(name: str, rho: Estimate) -> str:
    if rho.value is None:
        return f"{name}: {interval(rho)}"
    return f"{name} {rho.value:+.2f} {interval(rho)}"

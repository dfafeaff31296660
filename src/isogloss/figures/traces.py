"""tr(F) over time, and the dev score beneath it, a line for each schedule."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from statistics import mean
from typing import TYPE_CHECKING, Any

from isogloss.figures.drawing import drawn, looks
from isogloss.reports.curves import Curve
from isogloss.reports.watched import WatchedRun, by_schedule

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def traces_figure(runs: Sequence[WatchedRun], *, metric: str) -> str:
    """The mean of tr(F) over open layers above, the mean dev score of the source languages below.

    Every run is a thin line, the mean over the runs of a schedule a thick one.

    Args:
        runs: The runs; those without the probe have no line above.
        metric: Metric of the dev scores.

    Returns:
        The SVG.

    Reference:
        Liu et al., *FUN with Fisher*, NAACL 2024, figures 3 and 4.
    """
    schedules = by_schedule(runs)

    def draw(figure: Figure) -> None:
        above, below = figure.subplots(2, 1, sharex=True, height_ratios=(3, 2))
        for schedule, look in looks(schedules).items():
            _lines(above, [run.mean for run in schedules[schedule]], look, schedule, lambda value: value)
            _lines(below, [run.dev for run in schedules[schedule]], look, schedule, lambda value: 100 * value)
        above.set(ylabel="tr(F) per open layer", ylim=(0, None))
        below.set(ylabel=f"source dev {metric} %", xlabel="step")
        # Each schedule once, though it may have a line in one of the two only.
        found = [axes.get_legend_handles_labels() for axes in (above, below)]
        handles = {name: handle for both in found for handle, name in zip(*both, strict=True)}
        figure.legend(handles.values(), handles.keys(), loc="outside right upper")

    return drawn(draw, 8, 4.8)


def _lines(
    axes: Axes, curves: Sequence[Curve | None], look: dict[str, Any], name: str, scaled: Callable[[float], float]
) -> None:
    known = [dict(zip(curve.steps, map(scaled, curve.values), strict=True)) for curve in curves if curve is not None]
    if not known:
        return
    for curve in known if len(known) > 1 else []:
        axes.plot(list(curve), list(curve.values()), **look, linewidth=0.6, alpha=0.35)
    steps = [step for step in known[0] if all(step in curve for curve in known)]
    axes.plot(steps, [mean(curve[step] for curve in known) for step in steps], **look, linewidth=1.8, label=name)

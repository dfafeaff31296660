"""Which layer opened at which event, a panel for each schedule."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import mean
from typing import TYPE_CHECKING

from isogloss.figures.drawing import COLOURS, counted, drawn, panels, size
from isogloss.reports.openings import Openings
from isogloss.reports.unfreezing import agreements
from isogloss.reports.watched import WatchedRun, by_schedule

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def opened_figure(runs: Sequence[WatchedRun]) -> str:
    """The layer that opened at each event: every run thin, their mean thick; dashed is top-down.

    Args:
        runs: The runs; those without a schedule are left out.

    Returns:
        The SVG.

    Reference:
        Liu et al., *FUN with Fisher*, NAACL 2024, figure 5.
    """
    schedules = by_schedule(run for run in runs if run.openings is not None)
    found = agreements(runs)

    def draw(figure: Figure) -> None:
        axes = panels(figure, len(schedules), x="event", y="layer that opens")
        for own, (schedule, members) in zip(axes, schedules.items(), strict=True):
            _panel(own, [run.openings for run in members if run.openings is not None])
            estimate = found.get(schedule)
            tau = "" if estimate is None or estimate.value is None else f", τ = {estimate.value:+.2f}"
            own.set_title(f"{schedule}\n{counted(members)}{tau}")
        axes[0].legend(loc="lower left", fontsize="small")

    return drawn(draw, *size(len(schedules)))


def _panel(own: Axes, openings: Sequence[Openings]) -> None:
    orders = [_order(each) for each in openings]
    top = max(layer for order in orders for _, layer in order)
    own.plot([0, top - 1], [top, 1], color="0.6", linestyle="--", linewidth=1, label="top-down")
    for order in orders if len(orders) > 1 else []:
        own.plot(*zip(*order, strict=True), color=COLOURS[0], linewidth=0.7, alpha=0.4)
    # Runs that end early have opened fewer layers: the mean is over those that have come so far.
    longest = range(max(map(len, orders)))
    reached = [[order[place] for order in orders if place < len(order)] for place in longest]
    own.plot(
        [mean(event for event, _ in each) for each in reached],
        [mean(layer for _, layer in each) for each in reached],
        color=COLOURS[0],
        marker="o",
        markersize=4,
        linewidth=1.8,
    )
    own.set_yticks(range(1, top + 1, 1 + (top - 1) // 12))
    own.set_xticks(range(0, top, 1 + (top - 1) // 12))


def _order(openings: Openings) -> list[tuple[int, int]]:
    """Events and layers in the order of their opening; of those that open together the upper first."""
    return sorted(((event, layer) for layer, event in openings.events.items()), key=lambda pair: (pair[0], -pair[1]))

"""tr(F) of each layer over time, a panel for each schedule."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from isogloss.figures.drawing import drawn, panels, size
from isogloss.reports.curves import Curve
from isogloss.reports.watched import WatchedRun, by_schedule

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def layers_figure(runs: Sequence[WatchedRun]) -> str:
    """tr(F) of each layer ± its standard error: solid from the first look at which it is open, dotted before.

    Of each schedule the run with the smallest seed is shown: where the order differs from seed to seed, a mean would
    mix open and closed layers.

    Args:
        runs: The runs; those without the probe are left out.

    Returns:
        The SVG.
    """
    shown = [next(run for run in own) for own in by_schedule(run for run in runs if run.traces).values()]

    def draw(figure: Figure) -> None:
        from matplotlib import colormaps
        from matplotlib.cm import ScalarMappable
        from matplotlib.colors import BoundaryNorm

        top = max(layer for run in shown for layer in run.traces)
        edges = [layer + 0.5 for layer in range(top + 1)]
        colours = ScalarMappable(BoundaryNorm(edges, 256), colormaps["viridis"].reversed())
        shades = dict(enumerate(colours.to_rgba(np.arange(top + 1))))
        axes = panels(figure, len(shown), x="step", y="tr(F) of a layer (dotted: closed)")
        for own, run in zip(axes, shown, strict=True):
            for layer, curve in sorted(run.traces.items()):
                _line(own, curve, run.open_from.get(layer), shades[layer])
                if layer in run.errors:
                    _band(own, curve, run.errors[layer], shades[layer])
            own.set(title=f"{run.schedule}\nseed {run.seed}", yscale="log")
        bar = figure.colorbar(colours, ax=axes, label="layer", ticks=range(1, top + 1, 1 + (top - 1) // 12))
        bar.minorticks_off()

    return drawn(draw, *size(len(shown)))


def _line(axes: Axes, curve: Curve, opens: int | None, colour: Any) -> None:  # noqa: ANN401 - as matplotlib has it
    # Of zero there is no logarithm: a layer whose gradient vanishes has no line there.
    looks = [(step, value) for step, value in zip(curve.steps, curve.values, strict=True) if value > 0]
    first = next((at for at, (step, _) in enumerate(looks) if opens is not None and step >= opens), len(looks))
    for part, linestyle in ((looks[: first + 1], ":"), (looks[first:], "-")):
        axes.plot(
            [step for step, _ in part], [value for _, value in part], color=colour, linestyle=linestyle, linewidth=1.2
        )


def _band(axes: Axes, curve: Curve, errors: Curve, colour: Any) -> None:  # noqa: ANN401 - as matplotlib has it
    pairs = list(zip(curve.values, errors.values, strict=True))
    # An error as large as the value would reach down to zero, which a logarithmic scale has not.
    low = [max(value - error, value / 10) for value, error in pairs]
    axes.fill_between(
        curve.steps, low, [value + error for value, error in pairs], color=colour, alpha=0.15, linewidth=0
    )

"""tr(F) of each layer over time, a panel for each schedule."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from isogloss.figures.drawing import drawn, panels, size
from isogloss.reports.watched import WatchedRun, by_schedule

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def layers_figure(runs: Sequence[WatchedRun]) -> str:
    """tr(F) of each layer, solid from the first look at which it is open, dotted before; on a logarithmic scale.

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
        axes = panels(figure, len(shown), sharex=True, sharey=True)
        for own, run in zip(axes, shown, strict=True):
            for layer, curve in sorted(run.traces.items()):
                _line(own, curve.steps, curve.values, run.open_from.get(layer), shades[layer])
            own.set(title=f"{run.schedule}\nseed {run.seed}", xlabel="step", yscale="log")
        axes[0].set_ylabel("tr(F) of a layer")
        bar = figure.colorbar(colours, ax=axes, label="layer", ticks=range(1, top + 1, 1 + (top - 1) // 12))
        bar.minorticks_off()

    return drawn(draw, *size(len(shown)))


def _line(
    axes: Axes,
    steps: Sequence[int],
    values: Sequence[float],
    opens: int | None,
    colour: Any,  # noqa: ANN401 - a colour as matplotlib has it
) -> None:
    # Of zero there is no logarithm: a layer whose gradient vanishes has no line there.
    places = [place for place, value in enumerate(values) if value > 0]
    first = next((at for at, place in enumerate(places) if opens is not None and steps[place] >= opens), len(places))
    for part, linestyle in ((places[: first + 1], ":"), (places[first:], "-")):
        axes.plot([steps[p] for p in part], [values[p] for p in part], color=colour, linestyle=linestyle, linewidth=1.2)

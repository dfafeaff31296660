"""Representations of languages against those of the source, layer by layer, and against the transfer gap."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import mean
from typing import TYPE_CHECKING, Any

from isogloss.figures.drawing import MARKERS, drawn, looks, panels, size
from isogloss.reports.gaps import STATES, by_language, gap_associations, methods_of
from isogloss.reports.unfreezing import interval

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Row = Mapping[str, Any]


def likeness_figure(rows: Sequence[Row]) -> str:
    """Mean CKA over languages in each layer, a panel for each method and a line for each state.

    Args:
        rows: Rows as `isogloss.gap` makes them.

    Returns:
        The SVG.
    """
    methods = methods_of(rows)

    def draw(figure: Figure) -> None:
        axes = panels(figure, len(methods), x="layer", y="CKA with the source")
        for own, (method, found) in zip(axes, methods.items(), strict=True):
            layers = sorted({row["layer"] for row in found})
            for state, look in looks(STATES).items():
                if any(row["state"] == state for row in found):
                    values = [mean(by_language(found, "cka", state=state, layer=layer).values()) for layer in layers]
                    own.plot(layers, values, label=STATES[state], **look)
            own.set(title=method, ylim=(0, 1))
        named = {name: handle for own in axes for handle, name in zip(*own.get_legend_handles_labels(), strict=True)}
        figure.legend(named.values(), named.keys(), loc="outside lower center", ncols=len(named))

    width, height = size(len(methods))
    return drawn(draw, width, height + 0.3)


def gap_figure(rows: Sequence[Row], *, layer: int, metric: str, split: str) -> str:
    """1 − CKA against the transfer gap, a point for each language, a panel for each method.

    Args:
        rows: Rows as `isogloss.gap` makes them, some with a gap.
        layer: The layer whose CKA counts.
        metric: Metric of the scores.
        split: dev or test.

    Returns:
        The SVG.
    """
    methods = {name: own for name, own in methods_of(rows).items() if any(row["gap"] is not None for row in own)}
    found = gap_associations(rows, layer=layer)

    def draw(figure: Figure) -> None:
        axes = panels(figure, len(methods), x=f"1 − CKA, layer {layer}", y=f"gap, {split} {metric}, points")
        for own, (method, theirs) in zip(axes, methods.items(), strict=True):
            title = [method]
            for place, (state, look) in enumerate(looks(STATES).items()):
                cka, gaps = (by_language(theirs, column, state=state, layer=layer) for column in ("cka", "gap"))
                points = [(1 - cka[code], 100 * gaps[code], code) for code in cka if code in gaps]
                for x, y, code in points:
                    own.plot(x, y, color=look["color"], marker=MARKERS[place], linestyle="", label=STATES[state])
                    own.annotate(code, (x, y), xytext=(3, 3), textcoords="offset points", fontsize=7)
                rho = found.get((method, state))
                if rho is not None and rho.value is not None:
                    title.append(f"{STATES[state]}: ρ {rho.value:+.2f} {interval(rho, 'languages')}")
            own.set_title("\n".join(title), fontsize=7)
        named = {name: handle for own in axes for handle, name in zip(*own.get_legend_handles_labels(), strict=True)}
        figure.legend(named.values(), named.keys(), loc="outside lower center", ncols=len(named))

    width, height = size(len(methods))
    return drawn(draw, width, height + 0.6)

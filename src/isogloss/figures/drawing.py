"""How all figures are drawn: one style whatever the user's, text that stays text, the same bytes for the same data."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sized
from importlib.util import find_spec
from io import StringIO
from typing import TYPE_CHECKING, Any

from isogloss.common.errors import IsoglossError

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

STYLE: Mapping[str, Any] = {
    "svg.hashsalt": "isogloss",  # otherwise a random one names the parts
    "svg.fonttype": "none",  # text as text: it can be searched, read aloud and edited
    "font.size": 9,
    "axes.titlesize": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.color": "0.92",
    "legend.frameon": False,
}
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00", "#000000")
"""Those of Okabe and Ito, which most colour-blind readers can tell apart; without their yellow, too light for lines."""
DASHES = ("-", "--", ":", "-.")
MARKERS = ("o", "s", "^", "D", "v", "P", "X")
PANEL = (2.6, 2.3)
"""Inches of a panel."""
ACROSS = 4
"""Panels beside each other, at most."""


def require_matplotlib() -> None:
    """Stop unless matplotlib is there.

    Raises:
        IsoglossError: It is not.
    """
    if find_spec("matplotlib") is None:
        raise IsoglossError(
            "figures need matplotlib, which is not there; `pip install 'isogloss[figures]'` installs it"
        )


def drawn(draw: Callable[[Figure], None], width: float, height: float) -> str:
    """What ``draw`` draws on a figure of so many inches, as SVG without a date.

    Raises:
        IsoglossError: matplotlib is not installed.
    """
    require_matplotlib()
    from matplotlib import style
    from matplotlib.figure import Figure

    text = StringIO()
    with style.context(["default", dict(STYLE)]):
        figure = Figure(figsize=(width, height), layout="constrained")
        draw(figure)
        figure.savefig(text, format="svg", metadata={"Date": None})
    return text.getvalue()


def looks(names: Iterable[str]) -> dict[str, dict[str, Any]]:
    """A colour and a dash for the line of each name."""
    return {
        name: {"color": COLOURS[place % len(COLOURS)], "linestyle": DASHES[place // len(COLOURS) % len(DASHES)]}
        for place, name in enumerate(names)
    }


def panels(figure: Figure, number: int, *, x: str, y: str, sharex: bool = True) -> list[Axes]:
    """So many panels, row after row, of one vertical axis; labels at the left and below the lowest of each column."""
    rows, columns = grid(number)
    made: list[Axes] = figure.subplots(rows, columns, squeeze=False, sharex=sharex, sharey=True).ravel().tolist()
    for place, own in enumerate(made):
        own.set_visible(place < number)
        if place % columns == 0:
            own.set_ylabel(y)
        if place + columns >= number:
            own.set_xlabel(x)
            own.tick_params(labelbottom=True)
    return made[:number]


def counted(runs: Sized) -> str:
    """How many runs there are.

    Example:
        >>> counted([1]), counted([1, 2])
        ('1 run', '2 runs')
    """
    return f"{len(runs)} run{'' if len(runs) == 1 else 's'}"


def grid(number: int) -> tuple[int, int]:
    """Rows and columns of so many panels.

    Example:
        >>> grid(3), grid(6)
        ((1, 3), (2, 4))
    """
    columns = min(number, ACROSS)
    return math.ceil(number / columns), columns


def size(number: int) -> tuple[float, float]:
    """Inches of so many panels."""
    rows, columns = grid(number)
    return max(2, columns) * PANEL[0], rows * PANEL[1] + 0.5

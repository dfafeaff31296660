"""In which order the layers of a run opened, and how near that is to top-down."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

Row = Mapping[str, Any]

_LAYER = "layer_"


@dataclass(frozen=True)
class Openings:
    """When layers opened.

    Attributes:
        events: By number of a layer (from 1, the lowest) the event (from 0) at which it opened; layers that the run
            ended without opening are not in it.
        forced: The layer that opened first whatever the order; None: none was forced.
    """

    events: Mapping[int, int]
    forced: int | None = None

    @property
    def agreement(self) -> float | None:
        """Kendall's τ-b between the order in which layers opened and top-down: 1 is top-down, −1 bottom-up.

        τ = (P − Q) / √((P + Q + T)(P + Q)), with P and Q the pairs of layers of which the upper and the lower one
        opened first, and T the pairs that opened together. The forced layer is left out, since it says nothing about
        the order, and so are layers that never opened. None where fewer than two are left, or all opened together.

        Example:
            >>> Openings({4: 0, 1: 1, 2: 2, 3: 3}, forced=4).agreement, Openings({2: 0, 1: 1}).agreement
            (-1.0, 1.0)

        Reference:
            Kendall, *The Treatment of Ties in Ranking Problems*, Biometrika 33(3), 1945.
        """
        compared = self.compared
        if len(set(compared.values())) < 2:
            return None
        from scipy.stats import kendalltau  # half a second, which most callers need not

        return float(kendalltau([-layer for layer in compared], list(compared.values())).statistic)

    @property
    def compared(self) -> dict[int, int]:
        """The layers whose order is compared, and their events."""
        return {layer: event for layer, event in self.events.items() if layer != self.forced}


def openings_of(rows: Iterable[Row], *, top_first: bool) -> Openings | None:
    """The openings in the rows of a run's diagnostics; None where no layer opened by a schedule.

    Args:
        rows: Rows of ``diagnostics.jsonl``; those of probe ``unfreezing`` are looked at.
        top_first: Whether the top layer was forced to be the first.

    Example:
        >>> rows = [{"probe": "unfreezing", "metric": "opened", "part": "layer_2", "value": 0.0}]
        >>> openings_of(rows, top_first=True)
        Openings(events={2: 0}, forced=2)
    """
    opened = [row for row in rows if row["probe"] == "unfreezing" and row["metric"] == "opened"]
    events = {number_of(row["part"]): int(row["value"]) for row in opened if is_layer(row["part"])}
    if not events:
        return None
    first = min(events, key=lambda layer: events[layer])
    return Openings(dict(sorted(events.items())), first if top_first else None)


def is_layer(part: str | None) -> bool:
    """Whether a part of a model is one of its layers."""
    return part is not None and part.startswith(_LAYER)


def number_of(part: str) -> int:
    """The number of a layer.

    Example:
        >>> number_of("layer_12")
        12
    """
    return int(part.removeprefix(_LAYER))

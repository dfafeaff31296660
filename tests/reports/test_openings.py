"""In which order layers opened, against top-down."""

from __future__ import annotations

from typing import Any

import pytest

from isogloss.diagnostics.rows import row
from isogloss.reports.openings import Openings, openings_of


def order(*layers: int, forced: int | None = None) -> Openings:
    return Openings({layer: event for event, layer in enumerate(layers)}, forced)


def test_top_down_agrees_and_bottom_up_does_not():
    assert order(4, 3, 2, 1).agreement == 1.0
    assert order(1, 2, 3, 4).agreement == -1.0


def test_the_forced_layer_is_left_out():
    # As the reverse control runs: the top layer first, then upwards.
    assert order(4, 1, 2, 3, forced=4).agreement == -1.0
    assert order(4, 1, 2, 3).agreement == pytest.approx(0.0)
    assert order(4, 3, 2, 1, forced=4).agreement == 1.0
    assert order(4, 3, 2, 1, forced=4).compared == {3: 1, 2: 2, 1: 3}


def test_by_hand():
    # Of 3 pairs (3,1), (3,2), (1,2) two have the upper layer first.
    assert order(3, 1, 2).agreement == pytest.approx(1 / 3)
    # 3 and 2 open together: of the other two pairs both have the upper first, 2 / √(3 · 2).
    assert Openings({3: 0, 2: 0, 1: 1}).agreement == pytest.approx(2 / 6**0.5)


def test_no_order_to_compare():
    assert Openings({1: 0, 2: 0, 3: 0}).agreement is None
    assert order(2, 1, forced=2).agreement is None
    assert order(1).agreement is None


def test_from_rows():
    def opened(part: str, event: int) -> dict[str, Any]:
        return row("unfreezing", "opened", event, part=part)

    rows = [
        *(opened("layer_12", 0), opened("rest", 0), row("unfreezing", "score", 0.2, part="layer_1")),
        *(opened("layer_2", 1), opened("layer_10", 2), opened("embeddings", 3)),
        row("fisher", "open", 1, part="layer_1"),
    ]
    assert openings_of(rows, top_first=True) == Openings({2: 1, 10: 2, 12: 0}, forced=12)
    assert openings_of(rows, top_first=False) == Openings({2: 1, 10: 2, 12: 0}, forced=None)
    assert openings_of(rows[-1:], top_first=True) is None

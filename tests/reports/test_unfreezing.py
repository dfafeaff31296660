"""Orders and associations over runs made by hand, without files."""

from __future__ import annotations

import pytest

from isogloss.common.errors import IsoglossError
from isogloss.reports import Curve, WatchedRun, agreements, associations, unfreezing_tables
from isogloss.reports.openings import Openings
from isogloss.reports.unfreezing import centred
from isogloss.reports.watched import by_schedule


def run(
    schedule: str, seed: int, height: float, score: float | None, openings: Openings | None = None, looks: int = 3
) -> WatchedRun:
    mean = Curve((1, 2, 3)[:looks], (0.0, height, 0.0)[:looks])
    return WatchedRun(f"{schedule}-{seed}", schedule, seed, openings, {}, {}, mean, {}, None, score)


def simpson() -> list[WatchedRun]:
    """Over runs a higher peak comes with a better score, of one seed with a worse one."""
    return [run(str(place), seed, 10 * seed + place, seed / 8 - place / 1024) for seed in range(4) for place in (1, 2)]


def test_within_seeds_the_seed_is_gone():
    over, within = associations(simpson()), associations(simpson(), within_seeds=True)
    assert over["peak"].value is not None and over["peak"].value > 0.8
    assert within["peak"].value == pytest.approx(-1.0)
    assert over["peak"].n == within["peak"].n == 8
    # A seed of one run has nothing to be compared with.
    alone = associations([*simpson(), run("1", 9, 5.0, 0.9)], within_seeds=True)
    assert alone["peak"] == within["peak"]


def test_equal_differences_stay_equal():
    # In floating point 45 − 130/3 and 60 − 175/3 are not the same number.
    values, seeds = [45.0, 45.0, 40.0, 60.0, 60.0, 55.0], [0, 0, 0, 1, 1, 1]
    assert len(set(centred(values, seeds))) == 2


def test_runs_without_a_curve_or_a_score_are_left_out():
    runs = [*simpson(), run("1", 9, 5.0, None), run("2", 9, 5.0, 0.5, looks=1)]
    assert associations(runs) == associations(simpson())
    table = unfreezing_tables(runs, metric="accuracy", split="test")
    assert "Without two looks of probe fisher at an open layer: 2-9." in table
    assert "Without a final test score in a target language: 1-9." in table
    assert "8 run(s) of 2 schedule(s)" in table


def test_enough_seeds_give_the_order_an_interval():
    orders = [(3, 2, 1), (3, 1, 2), (2, 3, 1), (3, 2, 1), (3, 2, 1)]
    runs = [
        run("fun", seed, 1.0, 0.5, Openings({layer: event for event, layer in enumerate(order)}))
        for seed, order in enumerate(orders)
    ]
    found = agreements(runs)["fun"]
    assert found.value == pytest.approx((3 + 2 / 3) / 5)
    assert found.low is not None and found.high is not None and found.low < found.value < found.high <= 1.0
    assert f"[{found.low:+.2f}, {found.high:+.2f}]" in unfreezing_tables(runs, metric="accuracy", split="test")


def test_a_seed_comes_once_in_a_schedule():
    with pytest.raises(IsoglossError, match="two runs of fun with seed 1, fun-1 and fun-1"):
        by_schedule([run("fun", 1, 1.0, 0.5), run("gradual", 1, 1.0, 0.5), run("fun", 1, 2.0, 0.5)])

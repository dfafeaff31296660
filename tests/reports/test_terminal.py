"""One method, or two, in a terminal: the tables by hand, and what is said of every kind of difference."""

from __future__ import annotations

import pytest

from isogloss.reports.comparison import Comparison, Line
from isogloss.reports.differences import Difference
from isogloss.reports.statistics import Interval
from isogloss.reports.terminal import terminal_table, verdict

SCORES = {"multitask": {0: 0.5, 1: 0.7, 2: 0.6}, "reptile": {0: 0.6, 1: 0.8, 2: 0.7}}


def line(label: str, own: Difference | None, *, source: bool | None = None, floor: float | None = None) -> Line:
    return Line("d", label, source, SCORES, floor, {"reptile": own})


def comparison(*lines: Line) -> Comparison:
    return Comparison(("multitask", "reptile"), "multitask", "accuracy", lines, "a long legend")


def test_the_table_has_a_line_per_language_and_mean():
    seeds = Interval(0.1, 0.05, 0.15, 3)
    both = Difference(seeds, Interval(0.1, 0.04, 0.16, 3))
    found = comparison(
        line("en", both, source=True, floor=0.25),
        line("sw", Difference(seeds), source=False, floor=0.6),
        line("mean of sources", Difference(Interval(-0.1, None, None, 1))),
        line("mean of unseen", None),
        line("mean", both),
    )
    shown = terminal_table(found).splitlines()
    rows = [[cell.strip() for cell in row.split("  ") if cell.strip()] for row in shown[2:6]]
    assert rows == [
        ["en (source)", "25.0", "60.0 (50.0–70.0)", "70.0 (60.0–80.0)", "+10.0 [+4.0, +16.0]"],
        ["sw", "60.0", "60.0 (50.0–70.0)†", "70.0 (60.0–80.0)", "+10.0 [+5.0, +15.0]"],
        ["mean of sources", "–", "60.0 (50.0–70.0)", "70.0 (60.0–80.0)", "-10.0"],
        ["mean of unseen", "–", "60.0 (50.0–70.0)", "70.0 (60.0–80.0)", "–"],
    ]
    legend = shown[6:]
    assert "Accuracy in %" in legend[0] and "reptile − multitask" in legend[1] and "not above it" in legend[2]


def test_one_method_with_one_seed_stands_alone():
    scores = {"multitask": {0: 0.25}}
    lines = (Line("d", "en", True, scores, 0.2), Line("d", "sw", False, scores, 0.3), Line("d", "mean", None, scores))
    found = Comparison(("multitask",), None, "accuracy", lines, "a long legend")
    shown = [line.split() for line in terminal_table(found).splitlines()]
    assert shown[0] == ["language", "floor", "multitask"]
    assert shown[2:4] == [["en", "(source)", "20.0", "25.0"], ["sw", "30.0", "25.0†"]]
    assert [line[0] for line in shown[4:]] == ["Accuracy", "Floor:"]
    assert "of one seed" in terminal_table(found)


@pytest.mark.parametrize(
    ("own", "said"),
    [
        (Difference(Interval(0.1, 0.05, 0.15, 3)), "reptile won by 10.0 points (95 % interval +5.0 to +15.0, 3 seeds)"),
        (Difference(Interval(-0.1, -0.15, -0.05, 3)), "multitask won by 10.0 points (95 % interval +5.0 to +15.0"),
        (Difference(Interval(-0.1, -0.3, 0.1, 3)), "neither won: multitask is ahead by 10.0 points"),
        (Difference(Interval(0.1, 0.05, 0.15, 3), Interval(0.1, -0.1, 0.3, 3)), "neither won: reptile is ahead"),
        (Difference(Interval(0.1, 0.1, 0.1, 2)), "reptile is ahead by 10.0 points, but 2 seeds are too few"),
        (
            Difference(Interval(0.1, 0.1, 0.1, 3)),
            "reptile is ahead by 10.0 points, but there is no spread",
        ),
        (None, "nothing can be said"),
    ],
)
def test_the_verdict_is_that_of_the_interval(own: Difference | None, said: str):
    assert verdict(comparison(line("mean of unseen", own))).startswith(f"In unseen languages {said}")


def test_sources_and_unseen_languages_are_judged_apart():
    own = Difference(Interval(0.1, 0.05, 0.15, 3))
    said = verdict(comparison(line("mean of sources", own), line("mean of unseen", None), line("mean", own)))
    assert said.count("In source languages") == said.count("In unseen languages") == said.count("won") == 1

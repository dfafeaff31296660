from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from isogloss.common.errors import IsoglossError
from isogloss.reports import closing_table, comparison_table
from isogloss.reports.cells import scoring_of

ROW = {
    "run": "runs/a",
    "method": "joint",
    "task": "tagging",
    "data": "world",
    "train_languages": ["en", "de"],
    "language": "en",
    "context_language": None,
    "split": "test",
    "view": "original",
    "translated": False,
    "metric": "f1",
    "value": 0.8,
    "n": 100,
    "seed": 0,
    "step": 50,
    "selection": "source-dev",
    "few_shot": 0,
    "test_touches": 1,
}


def row(**changes: Any) -> dict[str, Any]:
    return ROW | changes


CLOSING = [
    row(language="sw", value=0.5, n=40),
    row(language="en", value=0.9),
    row(language="de", value=0.8),
    row(language="ar", value=0.65),
    row(language="en", metric="accuracy", value=0.95),
    row(language="en", metric="loss", value=2.5),
]


def test_closing_table_by_hand():
    # Sources (90 + 80) / 2 = 85, targets (65 + 50) / 2 = 57.5.
    assert closing_table(CLOSING, ["en", "de"], ["f1", "accuracy"]).splitlines() == [
        "data    language       sentences    f1 %    accuracy %    gap",
        "------  -----------  -----------  ------  ------------  -----",
        "world   de (source)          100    80.0             –    5.0",
        "world   en (source)          100    90.0          95.0   -5.0",
        "world   ar                   100    65.0             –   20.0",
        "world   sw                    40    50.0             –   35.0",
        "",
        "world, f1: source mean 85.0, target mean 57.5, transfer gap 27.5 points",
        "Gap: the mean of the source languages less the language's own score, in points.",
        "selection: source-dev, split: test, scored 1 time by each run",
    ]


def test_gap_is_taken_within_a_data_set_on_its_own_primary_metric():
    rows = [
        row(data="x", value=0.9),
        row(data="x", language="sw", value=0.7),
        row(data="y", language="en", metric="accuracy", value=0.6),
        row(data="y", language="sw", metric="accuracy", value=0.5),
        row(data="z", language="sw", value=0.4),
    ]
    table = closing_table(rows, ["en"], ["f1", "accuracy"])
    assert "x, f1: source mean 90.0, target mean 70.0, transfer gap 20.0 points" in table
    assert "y, accuracy: source mean 60.0, target mean 50.0, transfer gap 10.0 points" in table
    assert "z, f1: source mean –, target mean 40.0, transfer gap – points" in table


def test_rounded_zero_has_no_sign():
    table = closing_table([row(value=0.8), row(language="de", value=0.80001)], ["en", "de"], ["f1"])
    assert "-0.0" not in table


@pytest.mark.parametrize("field", ["run", "seed", "step", "selection", "split", "view", "few_shot", "spacing"])
def test_closing_table_shows_one_run(field: str):
    with pytest.raises(IsoglossError, match=f"{field} differs between the rows"):
        closing_table([row(), row(language="de", **{field: "other"})], ["en"], ["f1"])


def test_closing_table_needs_its_metrics():
    with pytest.raises(IsoglossError, match="metrics accuracy, em"):
        closing_table([row()], ["en"], ["accuracy", "em"])


def test_two_values_for_one_cell_are_refused():
    with pytest.raises(IsoglossError, match=r"data world, language en, metric f1 has two values, 0.8 and 0.7"):
        closing_table([row(), row(value=0.7)], ["en"], ["f1"])


@pytest.mark.parametrize("value", [float("nan"), 71.3, "0.5"])
def test_a_value_must_be_a_fraction(value: object):
    with pytest.raises(IsoglossError, match=rf"language en, .* must be a fraction in \[-1, 1\], found {value!r}"):
        comparison_table([row(value=value)], "joint")


def test_a_row_without_a_value_is_named():
    with pytest.raises(IsoglossError, match="result row 1 has no seed"):
        comparison_table([row(), row(seed=None)], "joint")


def runs(method: str, scores: dict[str, list[float | None]], **changes: Any) -> list[dict[str, Any]]:
    """Rows of a method: per language its score for seeds 0, 1, ..., None where there is none."""
    return [
        row(method=method, language=language, seed=seed, value=value, **changes)
        for language, values in scores.items()
        for seed, value in enumerate(values)
        if value is not None
    ]


COMPARISON = [
    *runs("joint", {"en": [0.8, 0.82, 0.84], "sw": [0.5, 0.5, 0.5]}),
    *runs("reptile", {"en": [0.81, 0.84, 0.87], "sw": [0.5, 0.53, None]}),
]


def lines(table: str) -> dict[str, list[str]]:
    """Cells of a Markdown table by the label in its second column."""
    split = [[cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines() if line[:1] == "|"]
    return {cells[1].removesuffix(" (source)"): cells[2:] for cells in split}


def test_comparison_table_by_hand():
    found = lines(comparison_table(COMPARISON, "joint"))
    assert found["language"] == ["joint", "reptile", "reptile − joint", "reptile − joint, new sentences too"]
    # Differences 1, 2, 3 points: s = 1, t(2; 0.975) = 4.3027, so the half width is 4.3027 / √3 = 2.484.
    assert found["en"] == [
        "82.0 (80.0–84.0; n = 3)",
        "84.0 (81.0–87.0; n = 3)",
        "+2.0 [-0.5, +4.5; n = 3]",
        "– no predictions; not significant",
    ]
    assert found["sw"] == [
        "50.0 (50.0–50.0; n = 3)",
        "51.5 (50.0–53.0; n = 2)",
        "+1.5 (n = 2)",
        "– n too small",
    ]
    assert found["mean of sources"] == found["en"]
    assert found["mean of unseen"] == found["sw"]
    # Seed 2 of reptile has no Swahili, so it has no mean: seeds 0, 1 give 65.5, 68.5 against 65, 66.
    assert found["mean"][1:] == ["67.0 (65.5–68.5; n = 2)", "+1.5 (n = 2)", "– n too small"]


def test_comparison_names_the_seeds_without_a_pair():
    notes = [line for line in comparison_table(COMPARISON, "joint").splitlines() if line.startswith("- ")]
    assert notes == [
        "- Seed 2 of `reptile` − `joint` has no pair: "
        "no score of `reptile` in world sw, world mean of unseen, world mean."
    ]
    notes = [line for line in comparison_table(COMPARISON, "reptile").splitlines() if line.startswith("- ")]
    assert notes == [
        "- Seed 2 of `joint` − `reptile` has no pair: "
        "no score of `reptile` in world sw, world mean of unseen, world mean."
    ]


def test_a_clear_difference_carries_no_caveat():
    rows = [*runs("joint", {"en": [0.70, 0.71, 0.72]}), *runs("reptile", {"en": [0.80, 0.81, 0.83]})]
    assert lines(comparison_table(rows, "joint"))["en"][2:] == ["+10.3 [+8.9, +11.8; n = 3]", "– no predictions"]
    # 10.3 ± √(1.435² + 4²): the quantiles at 0.025 and 0.975 of 10.3 - 4.21 to 10.3 + 4.21 are 4 away.
    rows = [{**row, "run": f"{row['method']} {row['seed']}"} for row in rows]
    drawn = {"joint": np.zeros(1001), "reptile": np.linspace(-1, 1, 1001) * 0.04 / 0.95}
    redrawn = {scoring_of(row): row["value"] + drawn[row["method"]] for row in rows}
    table = comparison_table(rows, "joint", redrawn=redrawn)
    assert lines(table)["en"][2:] == ["+10.3 [+8.9, +11.8; n = 3]", "[+6.1, +14.6]"]
    assert lines(table)["mean of sources"][3] == "[+6.1, +14.6]"
    assert "no predictions" not in table.lower()
    # Ten times the spread: the t-interval is the same, but the verdict is another.
    redrawn = {scoring: values.mean() + 10 * (values - values.mean()) for scoring, values in redrawn.items()}
    assert lines(comparison_table(rows, "joint", redrawn=redrawn))["en"][2:] == [
        "+10.3 [+8.9, +11.8; n = 3]",
        "[-29.7, +50.4] not significant",
    ]
    # One of six lacks its predictions.
    redrawn.popitem()
    table = comparison_table(rows, "joint", redrawn=redrawn)
    assert lines(table)["en"][3] == "– no predictions"
    assert "the t-interval decides alone" in table


@pytest.mark.parametrize("n", [2, 3])
def test_differences_without_spread_are_no_verdict(n: int):
    rows = [*runs("joint", {"en": [0.5, 0.25, 0.75][:n]}), *runs("reptile", {"en": [0.75, 0.5, 1.0][:n]})]
    second = lines(comparison_table(rows, "joint"))["en"][3]
    assert second == ("– n too small" if n == 2 else "– no predictions; no spread, no verdict")


def test_scores_on_other_numbers_of_sentences_are_not_compared():
    rows = [row(run="runs/a", n=100), row(run="runs/b", method="reptile", n=50), row(language="de", n=7)]
    with pytest.raises(IsoglossError, match=r"number in world en differs: 100 in runs/a; 50 in runs/b"):
        comparison_table(rows, "joint")


def test_fewer_than_three_common_seeds_are_too_few():
    rows = [
        *runs("joint", {"en": [0.7]}),
        *runs("reptile", {"en": [0.8]}),
        *runs("lookahead", {"en": [None, 0.8]}),
    ]
    cells = lines(comparison_table(rows, "joint"))["en"]
    assert cells[2:4] == ["+10.0 (n = 1)", "– n too small"]
    assert cells[5:] == ["–", "– n too small"]


def test_confidence_is_stated_and_used():
    table = comparison_table(COMPARISON, "joint", confidence=0.5)
    assert "paired 50 % t-interval" in table
    # t(2; 0.75) = 0.8165, so the half width is 0.8165 / √3 = 0.471.
    assert lines(table)["en"][2:] == ["+2.0 [+1.5, +2.5; n = 3]", "– no predictions"]


@pytest.mark.parametrize("field", ["selection", "split", "metric", "view", "few_shot", "spacing", "train_languages"])
def test_unequal_terms_are_refused_unless_told(field: str):
    rows = [*runs("joint", {"en": [0.7]}), *runs("reptile", {"en": [0.8]}, **{field: ["other"]})]
    with pytest.raises(IsoglossError, match=f"{field} differs between the rows"):
        comparison_table(rows, "joint")
    assert "reptile" in comparison_table(rows, "joint", mixed=[field])


def test_order_of_training_languages_does_not_matter():
    rows = [row(train_languages=["en", "de"]), row(method="reptile", train_languages=["de", "en"])]
    assert "mean of sources" in comparison_table(rows, "joint")


def test_mixing_never_averages_two_values_of_one_cell():
    rows = [row(), row(metric="accuracy")]
    with pytest.raises(IsoglossError, match="has two values"):
        comparison_table(rows, "joint", mixed=["metric"])


def test_unknown_names_come_with_a_suggestion():
    with pytest.raises(IsoglossError, match="did you mean 'joint'"):
        comparison_table([row()], "jiont")
    with pytest.raises(IsoglossError, match="did you mean 'selection'"):
        comparison_table([row()], "joint", mixed=["selektion"])
    with pytest.raises(IsoglossError, match="found none"):
        comparison_table([], "joint")


def test_a_language_at_its_floor_is_marked():
    rows = [
        *runs("joint", {"en": [0.8]}, floor=0.4),
        *runs("joint", {"sw": [0.35]}, floor=0.35),
        *runs("reptile", {"en": [0.3]}, floor=0.4),
        *runs("reptile", {"sw": [0.36]}, floor=0.35),
    ]
    found = lines(comparison_table(rows, "joint"))
    assert found["language"][:2] == ["floor", "joint"]
    assert found["en"][:3] == ["40.0", "80.0 (80.0–80.0; n = 1)", "30.0 (30.0–30.0; n = 1)†"]
    assert found["sw"][:3] == ["35.0", "35.0 (35.0–35.0; n = 1)†", "36.0 (36.0–36.0; n = 1)"]
    assert found["mean"][0] == "37.5"
    closing = closing_table([one for one in rows if one["method"] == "joint"], ["en"], ["f1"]).splitlines()
    assert closing[2].split()[-3:] == ["80.0", "40.0", "0.0"] and closing[3].split()[-3:] == ["35.0†", "35.0", "45.0"]
    assert "†: not above it" in closing[-2] and "†: not above it" in comparison_table(rows, "joint")

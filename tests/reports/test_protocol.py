from __future__ import annotations

from typing import Any

import pytest

from isogloss.common.errors import IsoglossError
from isogloss.reports.left_out import left_out_rows, left_out_table
from isogloss.reports.protocol import badge, told
from isogloss.reports.selections import selections_table

ROW: dict[str, Any] = {"selection": "source-dev", "few_shot": None, "view": "original", "translated": None}


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, "source-dev"),
        ({"selection": "target-dev", "few_shot": 8}, "target-dev + 8 training sentences per target language"),
        ({"view": "translate-test"}, "source-dev + view translate-test"),
        ({"translated": "train"}, "source-dev + translated: train"),
        ({"spacing": "text"}, "source-dev + spacing text"),
        ({"spacing": None}, "source-dev"),
    ],
)
def test_a_badge_names_what_a_score_rests_on(changes: dict[str, Any], expected: str):
    assert badge(ROW | changes) == expected


def test_badges_tell_how_often_test_data_were_scored():
    rows = [ROW | {"split": "test", "test_touches": times} for times in (1, 3)]
    assert told(rows) == "selection: source-dev, split: test, scored 1 to 3 times by each run"
    assert told(rows[:1]) == "selection: source-dev, split: test, scored 1 time by each run"
    assert told([ROW | {"split": "dev", "test_touches": None}]) == "selection: source-dev, split: dev"


def curve(step: int, **scores: float) -> list[dict[str, Any]]:
    shared = {"selection": None, "split": "dev", "metric": "f1", "step": step, "data": "d", "n": 50}
    return [{**shared, "language": code, "value": value} for code, value in scores.items()]


def test_what_each_selection_would_have_taken():
    rows = [*curve(1, en=0.8, sw=0.5), *curve(2, en=0.9, sw=0.3), *curve(3, en=0.85, sw=0.45)]
    # Over both: (80 + 50) / 2 = 65 at step 1, 60 at step 2, 65 at step 3; the earlier of the two best counts.
    assert selections_table(rows, ["en"], "f1") == "\n".join(
        [
            "selection      step    source dev f1 %    n    target dev f1 %    n",
            "-----------  ------  -----------------  ---  -----------------  ---",
            "source-dev        2               90.0   50               30.0   50",
            "target-dev        1               80.0   50               50.0   50",
            "last              3               85.0   50               45.0   50",
        ]
    )


def test_a_choice_that_rests_on_a_sample_says_so():
    rows = [*curve(1, en=0.8, sw=0.5, de=0.5), *curve(2, en=0.9, sw=0.3, de=0.3)]
    final = [{**row, "selection": "source-dev", "n": {"en": 50, "sw": 1150}.get(row["language"], 50)} for row in rows]
    said = (selections_table([*rows, *final], ["en"], "f1") or "").splitlines()
    assert said[2:] == [
        "source-dev        2               90.0   50               30.0  100",
        "target-dev        1               80.0   50               50.0  100",
        "last              2               90.0   50               30.0  100",
        "target dev rests on 100 of 1,200 sentences (evaluation_sample)",
    ]


def test_without_a_choice_there_is_nothing_to_say():
    assert selections_table(curve(1, en=0.8, sw=0.5), ["en"], "f1") is None
    assert selections_table([*curve(1, en=0.8), *curve(2, en=0.9)], ["en"], "f1") is None
    assert selections_table([], ["en"], "f1") is None


def left_out(language: str, value: float, *sources: str) -> dict[str, Any]:
    return {"data": "d", "language": language, "metric": "f1", "value": value, "train_languages": list(sources)}


LEFT_OUT = [
    *(left_out("de", 0.6, "en", "ru"), left_out("de", 0.9, "de", "en"), left_out("de", 0.8, "de", "ru")),
    *(left_out("en", 0.5, "de", "ru"), left_out("en", 0.7, "en", "ru"), left_out("sw", 0.1, "en", "ru")),
]


def test_languages_left_out():
    assert [(row["language"], row["value"]) for row in left_out_rows(LEFT_OUT)] == [("de", 0.6), ("en", 0.5)]
    assert {tuple(row["train_languages"]) for row in left_out_rows(LEFT_OUT)} == {("de", "en", "ru")}
    assert left_out_table(LEFT_OUT, "f1").splitlines()[2:] == [
        "d       de                      60.0          85.0    25.0",
        "d       en                      50.0          70.0    20.0",
    ]


def test_without_a_language_left_out_there_is_no_table():
    with pytest.raises(IsoglossError, match=r"no run leaves out one of .*\(en, ru\)"):
        left_out_rows([left_out("en", 0.7, "en", "ru")])


def asked(step: int, **by_context: float) -> list[dict[str, Any]]:
    return [{**row, "language": "en", "context_language": row["language"]} for row in curve(step, **by_context)]


def test_questions_in_another_language_than_their_contexts_are_cells_of_their_own():
    rows = [*asked(1, en=0.9, de=0.2), *asked(2, en=0.5, de=0.4)]
    assert (selections_table(rows, ["en"], "f1") or "").splitlines()[2:] == [
        "source-dev        1               90.0   50               20.0   50",
        "target-dev        1               90.0   50               20.0   50",
        "last              2               50.0   50               40.0   50",
    ]
    found = ((0.9, "en", "en"), (0.2, "de", "en"), (0.4, "en", "de"), (0.6, "de", "de"))
    runs = [{**left_out("en", value, source), "context_language": context} for value, context, source in found]
    assert [line.split()[1:4] for line in left_out_table(runs, "f1").splitlines()[2:]] == [
        ["en", "40.0", "90.0"],
        ["en", "on", "de"],
        ["en", "on", "de"],
    ]

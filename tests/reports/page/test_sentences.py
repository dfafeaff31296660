"""Single predictions, as the page holds them."""

from __future__ import annotations

from typing import Any

from isogloss.reports.page.sentences import Told, sentences


def told(lines: dict[str, list[dict[str, Any]]], **changes: Any) -> Told:
    shared: dict[str, Any] = {"data": "d", "language": "en", "code": "en", "right": lambda golds, one: one in golds}
    return Told(**{**shared, "lines": lines, **changes})


def line(identity: str, gold: Any, predicted: Any, text: Any = "a text", probability: Any = 0.5) -> dict[str, Any]:
    return {"id": identity, "text": text, "gold": gold, "predicted": predicted, "probability": probability}


def test_labels_are_numbers_and_each_method_is_right_wrong_or_silent():
    cell = told({"a": [line("1", "x", "x"), line("2", "y", "x")], "b": [line("1", "x", "y", probability=0.12345)]})
    found = sentences([cell], ["a", "b"], 9)
    assert found["labels"] == ["x", "y"]
    assert found["rows"] == [
        [0, "1", "a text", 0, [0, 1], [0.5, 0.123], "10"],
        [0, "2", "a text", 1, [0, None], [0.5, None], "0-"],
    ]


def test_of_tags_the_wrong_ones_are_kept_and_the_least_probable():
    lines = [line("1", ["N", "V", "N"], ["N", "N", "V"], ["a", "b", "c"], [0.9, 0.4, 0.5])]
    (row,) = sentences([told({"a": lines})], ["a"], 9)["rows"]
    assert row == [0, "1", ["a", "b", "c"], [0, 1, 0], [[1, 0, 2, 1]], [0.4], "0"]


def test_answers_are_texts_and_right_as_the_task_has_it():
    lines = [line("1", ["Rom", "the Rom"], "rom"), line("2", None, "x")]
    found = sentences([told({"a": lines}, right=lambda golds, one: one.title() in golds)], ["a"], 9)
    assert [row[3:] for row in found["rows"]] == [[["Rom", "the Rom"], ["rom"], [0.5], "1"], [None, [0], [0.5], "-"]]


def test_too_many_are_evenly_spaced_and_counted():
    cells = [told({"a": [line(f"{place:03d}", "x", "x") for place in range(100)]}, language=code) for code in "pq"]
    found = sentences(cells, ["a"], 10)
    assert [cell["total"] for cell in found["cells"]] == [100, 100] and len(found["rows"]) == 20
    assert [row[1] for row in found["rows"][:2]] == ["000", "011"] and found["rows"][-1][1] == "099"
    fewer = sentences(cells, ["a"], 10, size=500)
    assert 4 <= len(fewer["rows"]) < 20 and {row[0] for row in fewer["rows"]} == {0, 1}


def test_ids_that_are_not_unique_stay_apart():
    lines = {"a": [line("1", "x", "x"), line("1", "y", "x")], "b": [line("1", "x", "y"), line("1", "y", "y")]}
    assert [row[-1] for row in sentences([told(lines)], ["a", "b"], 9)["rows"]] == ["10", "01"]


def test_the_direction_is_that_of_the_letters():
    texts = {"ar": "سلام ABC سلام سلام", "hi-Latn": "namaste", "xx": ["שלום", "עולם"], "und": None}
    cells = [told({"a": [line("1", "x", "x", text)]}, code=code) for code, text in texts.items()]
    assert [cell["rtl"] for cell in sentences(cells, ["a"], 9)["cells"]] == [True, False, True, False]

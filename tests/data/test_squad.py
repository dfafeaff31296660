from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from isogloss.common.errors import IsoglossError
from isogloss.data import Problems, Squad
from tests.support.reading import read

CONTEXT = "Der Hund 😀 schläft, der Hund wacht."
ROW = json.dumps(
    {"id": "a", "context": CONTEXT, "question": "Wer?", "answers": {"text": ["Hund"], "answer_start": [4]}}
)


def squad(*questions: dict[str, Any], context: str = CONTEXT) -> str:
    paragraphs = [{"context": context, "qas": list(questions)}]
    return json.dumps({"version": "1.1", "data": [{"title": "", "paragraphs": paragraphs}]}, ensure_ascii=False)


def question(name: str, *answers: tuple[str, Any], **more: Any) -> dict[str, Any]:
    told = [{"text": text, "answer_start": start} for text, start in answers]
    return {"id": name, "question": f"Wer {name}?", "answers": told, **more}


def test_reading(tmp_path: Path):
    content = squad(question("a", ("Hund", 4), ("schläft", 11)), {"id": "b", "question": "Was?"})
    (first, second), problems = read(Squad("de"), tmp_path / "file", content)
    assert (first.id, first.language, first.question_language, first.question) == ("a", "en", "de", "Wer a?")
    # Places count code points: the emoji is one.
    assert (first.context, first.answers, first.line) == (CONTEXT, (("Hund", 4), ("schläft", 11)), 1)
    assert second.answers is None
    assert problems == ["file:1: warning: no gold label: 1 of 2 examples (first here), left out of training and scores"]


def test_lines_are_those_of_the_ids(tmp_path: Path):
    content = json.dumps(json.loads(squad(question("a", ("Hund", 4)), question("b\n", ("Hund", 4)))), indent=1)
    found, problems = read(Squad(), tmp_path / "file", content.replace("\n", "\r\n"))
    assert problems == []
    lines = content.split("\n")
    assert [lines[example.line - 1].strip() for example in found] == ['"id": "a",', '"id": "b\\n",']


def test_wrong_places_are_mended_and_counted(tmp_path: Path):
    content = squad(
        question("a", ("Hund", 5)),
        question("b", ("Hund", 23), ("Katze", 3)),
        question("c", ("Hund", -5)),
        question("d", ("Katze", 999), (" ", 3)),
    )
    found, problems = read(Squad(), tmp_path / "file", content)
    assert [example.answers for example in found] == [
        (("Hund", 4),),
        (("Hund", 24), ("Katze", None)),
        (("Hund", 4),),
        (("Katze", None),),
    ]
    assert problems == [
        "file:1: warning: answer not at its answer_start, moved to the nearest place where the text is "
        "(3 times, first here)",
        "file:1: warning: answer that its context does not hold: counts in scores, cannot be learned from "
        "(2 times, first here)",
        "file:1: warning: empty answer left out",
    ]


def test_ids_may_be_missing_numbers_or_repeated(tmp_path: Path):
    nameless = {"question": "Was?", "answers": []}
    found, problems = read(Squad(), tmp_path / "file", squad(nameless, {**nameless, "id": 7}, {**nameless, "id": 7}))
    assert [example.id for example in found] == ["1", "7", "7#2"]
    assert problems == ["file:1: warning: duplicate id, made unique by a number at its end"]


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        ("[1", "file:1: error: not JSON: Expecting ',' delimiter at column 3"),
        ("[" * 100_000, "file: error: not JSON: maximum recursion depth exceeded"),
        ("[]", "file: error: not SQuAD's JSON: expected an object with 'data', found list"),
        (f"[{ROW}]", "file:1: error: a question a row, as `datasets` writes them, and not SQuAD's JSON"),
        (f"{ROW}\n{ROW}\n", "file:1: error: a question a row, as `datasets` writes them, and not SQuAD's JSON"),
        ("{}", "file: error: not SQuAD's JSON: no 'data' (the object is empty)"),
        ('{"data": {}}', "file: error: not SQuAD's JSON: 'data' must be a list, found dict"),
        ('{"data": [{"paragraph": []}]}', "file: error: article 1: no 'paragraphs'; did you mean 'paragraph'"),
        ('{"data": [{"paragraphs": [{"context": " "}]}]}', "file: error: article 1, paragraph 1: 'context' is empty"),
        (squad(), "file: error: no example in this file"),
        (
            squad({"id": "x", "question": 3}),
            "file:1: error: article 1, paragraph 1, question 'x': 'question' must be a",
        ),
        (squad({"id": "x", "question": "\ud83d"}).encode("utf-8", "surrogatepass"), "file:1: error: not UTF-8"),
        (
            '{"data": [{"paragraphs": [{"context": "a", "qas": [{"id": "x", "question": "\\ud83d"}]}]}]}',
            "file:1: error: article 1, paragraph 1, question 'x': 'question' holds a lone surrogate",
        ),
        (squad(question("x", ("Hund", "4"))), "file:1: error: article 1, paragraph 1, question 'x': answer_start of"),
        (squad(question("x", ("Hund", True))), "file:1: error: article 1, paragraph 1, question 'x': answer_start of"),
        (
            squad(question("x", is_impossible=True)),
            "file:1: error: article 1, paragraph 1, question 'x': is_impossible",
        ),
    ],
)
def test_what_is_no_squad_is_said(tmp_path: Path, bad: str | bytes, message: str):
    found, problems = read(Squad(), tmp_path / "file", bad)
    assert found == []
    assert problems[0].startswith(message)


def test_a_bad_question_does_not_hide_the_others(tmp_path: Path):
    found, problems = read(Squad(), tmp_path / "file", squad({"id": "x"}, question("b", ("Hund", 4))))
    assert [example.id for example in found] == ["b"]
    assert len(problems) == 1


def test_predictions_are_written_by_id(tmp_path: Path):
    (tmp_path / "file").write_text(squad(question("a"), question("ü")), encoding="utf-8")
    Squad().write(tmp_path / "file", ["der Hund", ""], tmp_path / "copy")
    assert (tmp_path / "copy").read_text(encoding="utf-8") == '{"a": "der Hund", "ü": ""}\n'
    with pytest.raises(IsoglossError, match="1 predictions for 2 examples"):
        Squad().write(tmp_path / "file", ["a"], tmp_path / "other")
    with pytest.raises(IsoglossError, match="question 'a' has one answer"):
        Squad().write(tmp_path / "file", [("a",), "b"], tmp_path / "other")
    assert not (tmp_path / "other").exists()


@pytest.mark.parametrize("path", ["xquad/xquad.zh.json", "tydiqa/ko/dev.json"])
def test_gold_answers_of_real_files_are_where_they_are_said_to_be(shared_data: Path, path: str):
    examples = Squad().read(shared_data / "qa" / path, "und", Problems())
    for example in examples:
        assert example.answers
        for text, start in example.answers:
            assert start is not None
            assert example.context[start : start + len(text)] == text

from __future__ import annotations

from pathlib import Path

import pytest

from isogloss.common.errors import IsoglossError
from isogloss.data import JsonLines
from tests.support.reading import read

GOOD = (
    '{"premise": "é", "sentence2": "b", "label": 0, "idx": 7, "more": [1.50, null]}\n\n'
    '{"premise":"c","sentence2":"d","label":1,"idx":8}\n'
)


def test_numbers_become_strings(tmp_path: Path):
    (first, second), problems = read(JsonLines(), tmp_path / "file", GOOD)
    assert (first.id, first.text, first.pair, first.label, first.line) == ("7", "é", "b", "0", 1)
    assert (second.id, second.label, second.line) == ("8", "1", 3)
    assert problems == ["file:2: warning: blank line skipped"]


@pytest.mark.parametrize(
    "content",
    [
        '{"text": "é", "label": 0}\n{"text": "\\"b", "label": 1}\n',
        '{"text":"\\u00e9","label":"x"}\r\n{"label":"y","text":"b"}',
    ],
)
def test_writing_what_was_read_gives_the_same_file(tmp_path: Path, content: str):
    examples, _ = read(JsonLines(), tmp_path / "file", content)
    JsonLines().write(tmp_path / "file", [example.label for example in examples], tmp_path / "copy")
    assert (tmp_path / "copy").read_bytes() == content.encode()


def test_predictions_are_read_back(tmp_path: Path):
    columns = JsonLines({"text": "sentence2", "label": "label"})
    read(columns, tmp_path / "file", GOOD)
    columns.write(tmp_path / "file", ["1", "neutral"], tmp_path / "copy")
    again, _ = read(columns, tmp_path / "again", (tmp_path / "copy").read_bytes())
    assert [example.label for example in again] == ["1", "neutral"]
    assert '"label":"neutral","idx":8}' in (tmp_path / "copy").read_text()


def test_a_label_is_added_where_there_is_none(tmp_path: Path):
    read(JsonLines(), tmp_path / "file", '{"text": "a"}\n')
    JsonLines().write(tmp_path / "file", ["1"], tmp_path / "copy")
    assert (tmp_path / "copy").read_text() == '{"text": "a", "label": "1"}\n'


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        ('{"text": "a"', "file:2: error: not JSON: Expecting ',' delimiter at column 13"),
        ("[1]", "file:2: error: expected a JSON object, found list"),
        ('{"text": "", "label": 1}', "file:2: error: the text is empty"),
        (r'{"text": "\ud83d", "label": 1}', "file:2: error: the text holds a lone surrogate, which is not a character"),
        ('{"text": 5, "label": 1}', "file:2: error: 'text' (the text) is of type int, not a string"),
        ('{"text": "a", "label": [1]}', "file:2: error: 'label' (the label) is of type list, not a string"),
        (
            '{"text": "a", "lable": 1}',
            "file:2: error: no key 'label' (the label); did you mean 'lable'? (valid: lable, text)",
        ),
        ("[" * 100_000, "file:2: error: not JSON: maximum recursion depth exceeded"),
    ],
)
def test_a_bad_line_is_an_error_and_the_others_are_read(tmp_path: Path, bad: str, message: str):
    content = f'{{"text": "good", "label": 1}}\n{bad}\n{{"text": "fine", "label": 2}}\n'
    examples, problems = read(JsonLines(), tmp_path / "file", content)
    assert [(example.id, example.text) for example in examples] == [("1", "good"), ("3", "fine")]
    assert len(problems) == 1
    assert problems[0].startswith(message)


def test_without_the_text_nothing_is_read(tmp_path: Path):
    examples, problems = read(JsonLines({"text": "txt"}), tmp_path / "file", '{"text": "a"}\n{"text": "b"}\n')
    assert examples == []
    assert problems == ["file:1: error: columns: no column 'txt' (the text); did you mean text: text? (valid: text)"]


def test_unknown_columns_are_refused():
    with pytest.raises(IsoglossError, match="unknown column 'premise'"):
        JsonLines({"premise": "a", "text": "b"})


def test_predictions_beside_numbers_are_numbers(tmp_path: Path):
    read(JsonLines(), tmp_path / "file", '{"text": "a", "label": null}\n{"text": "b", "label": 1}\n')
    JsonLines().write(tmp_path / "file", ["0", "1"], tmp_path / "copy")
    assert (tmp_path / "copy").read_text() == '{"text": "a", "label": 0}\n{"text": "b", "label": 1}\n'

"""Keys that stand twice in an object, in every format of JSON."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from isogloss.data import ChoiceLines, JsonLines, Squad
from isogloss.data.json_text import NotJson, parse
from tests.support.reading import read

SQUAD = """{"data": [{"paragraphs": [
 {"context": "Ein Hund",
  "qas": [{"id": "a", "question": "Wer?", "answers": [{"text": "Hund", "answer_start": 4}],
   "question": "Was?"}]}]}]}
"""


def test_a_key_that_stands_twice_is_an_error(tmp_path: Path):
    examples, problems = read(
        JsonLines(), tmp_path / "x", '{"text": "a", "label": 1}\n{"text": "b", "label": 1, "label": 2}\n'
    )
    assert [example.line for example in examples] == [1]
    assert problems == ["file:2: error: key 'label' stands twice in one object, at columns 15 and 27"]
    record = '{"premise": "a", "choice1": "b", "choice2": "c", "question": "", "label": 0, "premise": "d"}\n'
    assert read(ChoiceLines(), tmp_path / "x", record)[1] == [
        "file:1: error: key 'premise' stands twice in one object, at columns 2 and 78"
    ]
    assert read(Squad(), tmp_path / "x", SQUAD) == (
        [],
        ["file:4: error: key 'question' stands twice in one object, first in line 3"],
    )


@pytest.mark.parametrize(
    ("text", "key"),
    [
        (r'{"a": 1, "\u0061": 2}', "a"),
        (r'{"a\"": {"a": ["}", "a:", {}]}, "b": 1, "b": 2}', "b"),
        ('{"x": [{"a": 1}, {"a": 1, "a": "a"}]}', "a"),
        ('{"": 1, "": 2}', ""),
        ('{"a": 1, "a": }', None),
    ],
)
def test_the_second_place_is_found(text: str, key: str | None):
    message = "not JSON" if key is None else f"key {key!r} stands twice"
    with pytest.raises(NotJson) as caught:
        parse(text)
    assert str(caught.value).startswith(message)
    assert caught.value.line == 1


VALUES = some.recursive(
    some.none() | some.booleans() | some.integers() | some.floats(allow_nan=False) | some.text(),
    lambda inner: some.lists(inner, max_size=3) | some.dictionaries(some.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)


@given(VALUES, some.booleans(), some.sampled_from([None, 1]))
def test_good_json_is_read_as_ever(value: Any, escaped: bool, indent: int | None):
    assert parse(json.dumps(value, ensure_ascii=escaped, indent=indent)) == value


@given(some.dictionaries(some.text(), VALUES, min_size=1, max_size=4), some.data(), some.sampled_from([None, 1]))
def test_a_second_key_is_found_wherever_it_stands(record: dict[str, Any], data: Any, indent: int | None):
    key = data.draw(some.sampled_from(sorted(record)))
    text = json.dumps({"outer": [{}, record]}, indent=indent)
    end = text.rindex("}", 0, text.rindex("]"))
    before = f"{text[:end]},\n"
    with pytest.raises(NotJson, match="stands twice in one object") as caught:
        parse(f"{before}{json.dumps(key)}: 1{text[end:]}")
    assert repr(key) in str(caught.value)
    assert caught.value.line == before.count("\n") + 1

"""Tagged sentences as JSON lines: what is read, what is written back, and what is wrong."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from isogloss.common.errors import IsoglossError
from isogloss.data import JsonLines
from isogloss.recipe.build.data import build_collection
from isogloss.recipe.names import TASKS
from isogloss.recipe.spec.data import DataEntry
from tests.support.reading import read

NAMES = ("O", "B-PER", "I-PER", "B-LOC")
SURROGATE = r'{"tokens": ["\ud83d"], "tags": [0]}'
BY_NAME = '{"id": "a", "tokens": ["Eva", "reads"], "ner_tags": ["B-PER", "O"]}\n{"id": "b", "tokens": ["No"]}\n'
BY_NUMBER = '{"tokens":["Eva","Ray","é"],"tags":[1,2,0]}\n{"tokens":["Rome"],"tags":[3]}\n'


def test_names_and_a_sentence_without_tags(tmp_path: Path):
    (first, second), problems = read(JsonLines(), tmp_path / "file", BY_NAME)
    assert (first.id, first.tokens, first.tags, first.line) == ("a", ("Eva", "reads"), ("B-PER", "O"), 1)
    assert (second.id, second.tags) == ("b", None)
    assert problems == ["file:2: warning: no gold label: 1 of 2 examples (first here), left out of training and scores"]


def test_numbers_with_a_list_of_labels_and_back(tmp_path: Path):
    form = JsonLines(names=NAMES)
    examples, problems = read(form, tmp_path / "file", BY_NUMBER)
    assert [example.tags for example in examples] == [("B-PER", "I-PER", "O"), ("B-LOC",)]
    assert problems == []
    form.write(tmp_path / "file", [example.tags for example in examples], tmp_path / "copy")
    assert (tmp_path / "copy").read_text(encoding="utf-8") == BY_NUMBER
    # A tag that the list does not name goes in by its name.
    form.write(tmp_path / "file", [("O", "O", "O"), ("B-ORG",)], tmp_path / "copy")
    assert (tmp_path / "copy").read_text(encoding="utf-8").splitlines()[1] == '{"tokens":["Rome"],"tags":["B-ORG"]}'


def test_predictions_are_added_where_there_are_no_tags(tmp_path: Path):
    read(JsonLines(), tmp_path / "file", '{"tokens": ["Eva"]}\n')
    JsonLines().write(tmp_path / "file", [("B-PER",)], tmp_path / "copy")
    assert (tmp_path / "copy").read_text() == '{"tokens": ["Eva"], "tags": ["B-PER"]}\n'


def test_dumped_sentences_are_read_back(tmp_path: Path):
    examples, _ = read(JsonLines(), tmp_path / "file", BY_NAME)
    again, _ = read(JsonLines(), tmp_path / "again", JsonLines().dump(examples))
    assert [(one.id, one.tokens, one.tags) for one in again] == [(one.id, one.tokens, one.tags) for one in examples]


def test_own_keys_beside_a_text(tmp_path: Path):
    record = {"text": "Eva reads", "forms": ["Eva", "reads"], "fine": ["B-PER", "O"], "words": 2}
    form = JsonLines({"tokens": "forms", "tags": "fine"})
    (example,), problems = read(form, tmp_path / "file", json.dumps(record))
    assert (example.tokens, example.tags, problems) == (("Eva", "reads"), ("B-PER", "O"), [])
    # A number of words is no list of them: without the columns it is a text.
    assert read(JsonLines(), tmp_path / "file", json.dumps(record))[0][0].text == "Eva reads"


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        ('{"tokens": ["a"], "tags": ["O", "O"]}', "file:2: error: 1 tokens, but 2 tags"),
        ('{"tokens": ["a"], "tags": [9]}', "file:2: error: 'tags' holds 9, but there are 2 labels: O, B-PER"),
        ('{"tokens": [""], "tags": [0]}', "file:2: error: token 1 is empty or no string: ''"),
        ('{"tokens": "a b", "tags": [0]}', "file:2: error: 'tokens' holds a str, not a list"),
        (SURROGATE, "file:2: error: token 1 holds a lone surrogate, which is not a character"),
        ('{"text": "a"}', "file:2: error: 'tokens' holds a NoneType, not a list"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_line(tmp_path: Path, bad: str, message: str):
    examples, problems = read(JsonLines(names=NAMES[:2]), tmp_path / "file", '{"tokens": ["a"], "tags": [0]}\n' + bad)
    assert (len(examples), problems) == (1, [message])


def test_tags_that_only_later_sentences_have(tmp_path: Path):
    (first, second), _ = read(JsonLines(), tmp_path / "file", '{"tokens": ["a"]}\n{"tokens": ["b"], "tags": ["O"]}\n')
    assert (first.tags, second.tags) == (None, ("O",))


def test_several_columns_of_tags_are_no_guess(tmp_path: Path):
    record = {"tokens": ["a"], "ner_tags": ["O"], "pos_tags": ["X"]}
    examples, problems = read(JsonLines(), tmp_path / "file", json.dumps(record))
    assert examples == []
    assert problems[0].startswith("file:1: error: several columns of tags (ner_tags, pos_tags)")


def test_numbers_without_names_are_no_entities(tmp_path: Path):
    (first, _), _ = read(JsonLines(), tmp_path / "file", BY_NUMBER)
    assert "labels: [O, B-PER, ...] names tags that are numbers" in str(TASKS["ner"].complaint(first))


def test_the_recipe_names_labels(tmp_path: Path):
    entry = {"task": "topic", "format": "jsonl", "path": "{language}/{split}.jsonl", "labels": ["sport", "art"]}
    form = build_collection(DataEntry.model_validate(entry), "data.0").format
    (example,), _ = read(form, tmp_path / "file", '{"text": "a", "label": 1}')
    assert example.label == "art"
    with pytest.raises(IsoglossError, match=r"data\.0\.labels: only formats jsonl and parquet .*, found 'tsv'"):
        build_collection(DataEntry.model_validate({**entry, "format": "tsv"}), "data.0")
    with pytest.raises(ValueError, match="every label has a name of its own"):
        DataEntry.model_validate({**entry, "labels": ["a", "a"]})

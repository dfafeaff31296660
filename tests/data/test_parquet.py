from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from isogloss.common.arrow import label_names, read_parquet, to_parquet
from isogloss.common.errors import IsoglossError
from isogloss.data.parquet import Parquet
from isogloss.examples import LabelledText, TaggedSentence
from tests.support.hub import parquet
from tests.support.reading import read

TEXTS = parquet(
    {"premise": ["é", "b"], "hypothesis": ["c", "d"], "label": [1, -1], "idx": [7, 8], "more": [1.5, None]},
    {"label": ["no", "yes"]},
)
TAGS = ["O", "B-PER", "I-PER"]
SENTENCES = parquet({"tokens": [["a", "b c"], ["d"]], "ner_tags": [[2, 2], [0]]}, {"ner_tags": TAGS})


def test_class_labels_are_read_by_their_names(tmp_path: Path):
    (first, second), problems = read(Parquet(), tmp_path / "file", TEXTS)
    assert first == LabelledText("7", "en", "é", "c", "yes", str(tmp_path / "file"), 1)
    assert (second.id, second.label, second.line) == ("8", None, 2)
    assert problems == ["file:2: warning: no gold label: 1 of 2 examples (first here), left out of training and scores"]


def test_tokens_and_tags_are_lists(tmp_path: Path):
    (first, second), problems = read(Parquet(), tmp_path / "file", SENTENCES)
    own = ("1", "en", ("a", "b c"), ("B-PER", "I-PER"), str(tmp_path / "file"), 1)
    assert first == TaggedSentence(*own, numbered=True)
    assert (second.tokens, second.tags, second.line) == (("d",), ("O",), 2)
    assert problems == ["file: warning: tags are in IOB1, converted to IOB2"]


@pytest.mark.parametrize(
    ("columns", "content", "label"),
    [
        ({"text": "x", "label": "y"}, {"x": ["a"], "y": ["A"], "text": ["b"]}, "A"),
        ({"text": "x", "label": "y"}, {"x": ["a"], "y": [3]}, "3"),
        ({"tokens": "x", "tags": "y"}, {"x": [["a"]], "y": [["A"]], "text": ["b"]}, ("A",)),
        (None, {"words": [["a"]], "upos": [["A"]]}, ("A",)),
        (None, {"tokens": [["a"]]}, None),
        (None, {"sentence": ["a"], "category": ["A"]}, "A"),
    ],
)
def test_columns_are_those_named_or_usual(
    tmp_path: Path, columns: dict[str, str] | None, content: dict[str, Any], label: Any
):
    (example,), problems = read(Parquet(columns), tmp_path / "file", parquet(content))
    assert problems == []
    assert (example.tags if isinstance(example, TaggedSentence) else example.label) == label


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"PAR1 and no more", "file: error: not a whole Parquet file: "),
        (SENTENCES[:-20], "file: error: not a whole Parquet file: "),
        (b"", "file: error: not a whole Parquet file: "),
        (parquet({"txt": ["a"]}), "file:1: error: no column for the text (looked for text, sentence, "),
        (
            parquet({"text": ["a", "b"], "label": [0, 5]}, {"label": ["A", "B"]}),
            "file:2: error: 'label' holds 5, but there are 2 labels: A, B",
        ),
        (parquet({"text": ["a", " "], "label": ["A", "B"]}), "file:2: error: the text is empty"),
        (parquet({"text": ["a", None], "label": ["A", "B"]}), "file:2: error: 'text' (the text) is of type NoneType"),
        (parquet({"text": ["a"], "label": [b"x"]}), "file:1: error: 'label' holds b'x', which is neither a string nor"),
        (parquet({"tokens": [["a"], []], "tags": [["A"], []]}), "file:2: error: sentence without tokens"),
        (parquet({"tokens": [["a"], ["b", ""]], "tags": [["A"], ["A", "A"]]}), "file:2: error: token 2 is empty or no"),
        (parquet({"tokens": [["a"], ["b"]], "tags": [["A"], ["A", "A"]]}), "file:2: error: 1 tokens, but 2 tags"),
        (
            parquet({"tokens": [["a"], ["b", "c"]], "tags": [["A"], ["A", None]]}),
            "file:2: error: token 2 has no tag, where others of the sentence have one",
        ),
        (parquet({"tokens": ["a b"], "tags": ["A A"]}), "file:1: error: 'tokens' holds a str, not a list"),
        (
            parquet({"tokens": [["a", "b"], ["c"]], "tags": [["B-X", "I-X"], ["whole"]]}),
            "file:2: error: tag 'whole' is neither 'O' nor of the form 'B-PER'",
        ),
        (to_parquet(pa.table({"text": pa.array([], pa.string())})), "file: error: no example in this file"),
    ],
)
def test_a_bad_file_or_row_is_one_error(tmp_path: Path, content: bytes, message: str):
    _, problems = read(Parquet(), tmp_path / "file", content)
    assert len(problems) == 1, problems
    assert problems[0].startswith(message)


@pytest.mark.parametrize("seed", range(4))
def test_damaged_copies_are_errors_and_never_exceptions(tmp_path: Path, seed: int):
    chance = random.Random(seed)
    for _ in range(100):
        content = bytearray(chance.choice([TEXTS, SENTENCES]))
        for _ in range(chance.choice([1, 5, 20])):
            place = chance.randrange(len(content))
            content[place : place + chance.randrange(8)] = chance.randbytes(chance.randrange(8))
        read(Parquet(), tmp_path / "file", bytes(content))


def test_a_file_that_is_not_there_is_an_error(tmp_path: Path):
    (tmp_path / "folder").mkdir()
    for name, message in (("none", "no such file"), ("folder", "is a directory, not a file")):
        with pytest.raises(IsoglossError, match=message):
            read_parquet(tmp_path / name)


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"tokens": "a", "label": "b"}, "unknown column 'label' beside 'tokens'"),
        ({"label": "b"}, "'text' is missing"),
    ],
)
def test_columns_are_checked(columns: dict[str, str], message: str):
    with pytest.raises(IsoglossError, match=message):
        Parquet(columns)


def test_predictions_keep_the_numbers_of_class_labels(tmp_path: Path):
    for content, predictions in ((TEXTS, ["no", "yes"]), (SENTENCES, [("O", "B-PER"), ("I-PER",)])):
        read(Parquet(), tmp_path / "file", content)
        Parquet().write(tmp_path / "file", predictions, tmp_path / "copy")
        before, after = read_parquet(tmp_path / "file"), read_parquet(tmp_path / "copy")
        assert after.schema.equals(before.schema, check_metadata=True)
    assert after.column("ner_tags").to_pylist() == [[0, 1], [2]]


def test_other_predictions_become_strings(tmp_path: Path):
    read(Parquet(), tmp_path / "file", TEXTS)
    Parquet().write(tmp_path / "file", ["maybe", "yes"], tmp_path / "copy")
    assert read_parquet(tmp_path / "copy").column("label").to_pylist() == ["maybe", "yes"]
    assert label_names(read_parquet(tmp_path / "copy").schema, "label") is None


def test_a_column_is_added_where_there_is_none(tmp_path: Path):
    read(Parquet(), tmp_path / "file", parquet({"tokens": [["a"], [], ["b", "c"]]}))
    Parquet().write(tmp_path / "file", [("A",), ("B", "C")], tmp_path / "copy")
    table = read_parquet(tmp_path / "copy")
    assert table.column_names == ["tokens", "tags"]
    assert table.column("tags").to_pylist() == [["A"], None, ["B", "C"]]
    with pytest.raises(IsoglossError, match="1 predictions for 2 examples"):
        Parquet().write(tmp_path / "file", [("A",)], tmp_path / "copy")


def test_two_columns_of_tags_must_be_told_apart(tmp_path: Path):
    content = parquet({"tokens": [["a"]], "pos_tags": [["NOUN"]], "ner_tags": [["O"]]}, {})
    found, problems = read(Parquet(), tmp_path / "file", content)
    assert found == []
    assert "several columns of tags (pos_tags, ner_tags)" in problems[0]
    (sentence,), problems = read(Parquet({"tokens": "tokens", "tags": "pos_tags"}), tmp_path / "file", content)
    assert isinstance(sentence, TaggedSentence)
    assert (sentence.tags, problems) == (("NOUN",), [])


def test_a_sentence_without_tags_stays_without(tmp_path: Path):
    content = parquet({"tokens": [["a", "b"], ["c"]], "ner_tags": [["I-PER", "O"], None]}, {})
    (first, second), problems = read(Parquet(), tmp_path / "file", content)
    assert isinstance(first, TaggedSentence)
    assert isinstance(second, TaggedSentence)
    assert (first.tags, second.tags) == (("B-PER", "O"), None)
    assert any("no gold label: 1 of 2 examples (first here)" in problem for problem in problems)


def test_tokens_may_be_white_space_but_not_taken_out(tmp_path: Path):
    (first, _), problems = read(
        Parquet(), tmp_path / "file", parquet({"tokens": [["\u3000", "\u00a0"], ["a", "_"]]}, {})
    )
    assert (first.tokens, problems) == (("\u3000", "\u00a0"), [])
    _, problems = read(Parquet(), tmp_path / "file", parquet({"tokens": [["_", "_"], ["_", "_", "_"]]}, {}))
    assert "file:1: error: 2 of 2 sentences have '_' for every word" in problems[0]


def test_running_numbers_are_no_tokens(tmp_path: Path):
    content = parquet(
        {"tokens": [["1", "2"], ["1"]], "form": [["Paris", "is"], ["x"]], "tags": [["B-LOC", "O"], ["O"]]}, {}
    )
    found, problems = read(Parquet(), tmp_path / "file", content)
    assert (found, len(problems)) == ([], 1)
    assert problems[0].startswith("file:1: error: the tokens (column 'tokens') are running numbers; columns: ")
    (first, _), problems = read(Parquet({"tokens": "form", "tags": "tags"}), tmp_path / "file", content)
    assert (first.tokens, problems) == (("Paris", "is"), [])


def test_the_prefix_of_wikiann_is_taken_off_and_written_back(tmp_path: Path):
    path = tmp_path / "file"
    content = parquet({"tokens": [["fr:Paris", "fr::"], ["fr:x"]], "ner_tags": [["B-LOC", "O"], ["O"]]}, {})
    sentences, problems = read(Parquet(), path, content)
    assert [sentence.tokens for sentence in sentences] == [("Paris", ":"), ("x",)]
    assert problems == ["file: warning: every token begins with 'fr:', as in WikiANN's own files: read without it"]
    Parquet().write(path, [("O", "O"), ("O",)], tmp_path / "new")
    assert pq.read_table(tmp_path / "new").column("tokens").to_pylist() == [["fr:Paris", "fr::"], ["fr:x"]]
    _, problems = read(Parquet(), path, parquet({"tokens": [["fr:a"], ["fr:b", "fr:"]]}, {}))
    assert problems[0] == "file:2: error: empty token after 'fr:'"


def test_a_sentence_of_nothing_but_underscores_has_no_tags(tmp_path: Path):
    content = parquet({"tokens": [["a", "b"], ["c", "d"]], "tags": [["_", "_"], ["NOUN", "VERB"]]}, {})
    (first, second), _ = read(Parquet(), tmp_path / "file", content)
    assert (first.tags, second.tags) == (None, ("NOUN", "VERB"))
    _, problems = read(Parquet(), tmp_path / "file", parquet({"tokens": [["a", "b"]], "tags": [["NOUN", "_"]]}, {}))
    assert problems == ["file:1: error: token 2 has the tag '_', where others of the sentence have a tag"]

"""Chunk tags of every scheme become IOB2; tags are renamed before they are refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from isogloss.data import Problems, TokenTag
from isogloss.data.chunks import to_iob2
from isogloss.data.parquet import Parquet
from isogloss.examples import TaggedSentence
from tests.support.hub import parquet
from tests.support.reading import read


def lines(*tags: str):
    return "".join(f"w\t{tag}\n" for tag in tags)


@pytest.mark.parametrize(
    ("tags", "iob2"),
    [
        ("I-PER I-PER B-PER I-LOC O", "B-PER I-PER B-PER B-LOC O"),  # IOB1
        ("B-PER I-PER E-PER S-LOC O", "B-PER I-PER I-PER B-LOC O"),  # BIOES
        ("B-PER L-PER U-PER U-PER O", "B-PER I-PER B-PER B-PER O"),  # BILOU
        ("B-PER M-PER E-PER S-LOC O", "B-PER I-PER I-PER B-LOC O"),  # BMES
        ("E-PER E-PER O I-LOC I-PER", "B-PER B-PER O B-LOC B-PER"),  # broken
    ],
)
def test_every_scheme_becomes_iob2(tags: str, iob2: str):
    converted, _ = to_iob2(tags.split())
    assert converted == tuple(iob2.split())
    assert to_iob2(converted) == (converted, [])


@pytest.mark.parametrize(
    ("content", "warnings"),
    [
        (lines("B-PER", "I-PER", "O", "B-LOC", "B-LOC"), []),
        (
            lines("I-PER", "I-PER", "O") + "\n" + lines("I-LOC", "B-LOC"),
            ["file: warning: tags are in IOB1, converted to IOB2"],
        ),
        (
            lines("B-PER", "O", "I-PER") + "\n" + lines("I-LOC"),
            ["file:3: warning: a chunk does not begin with 'B-', repaired (2 times, first here)"],
        ),
        (
            lines("S-PER", "O", "B-PER", "E-PER"),
            ["file: warning: tags use the letters BES (BIOES, BILOU or BMES), converted to IOB2"],
        ),
    ],
)
def test_what_was_changed_is_said(tmp_path: Path, content: str, warnings: list[str]):
    examples, problems = read(TokenTag(), tmp_path / "file", content)
    assert problems == warnings
    assert all(to_iob2(example.tags) == (example.tags, []) for example in examples)


def test_a_tag_of_no_scheme_among_chunk_tags_is_an_error(tmp_path: Path):
    examples, problems = read(TokenTag(), tmp_path / "file", lines("B-PER", "I-PER") + "\n" + lines("O", "PER"))
    assert len(examples) == 1
    assert problems == ["file:5: error: tag 'PER' is neither 'O' nor of the form 'B-PER'"]


def test_part_of_speech_tags_stay_as_they_are(tmp_path: Path):
    tags = ("NOUN", "-LRB-", "PRP$", "O", "I-X")
    (example,), problems = read(TokenTag(), tmp_path / "file", lines(*tags))
    assert (example.tags, problems) == (tags, [])


@pytest.mark.parametrize(
    ("label_map", "tags", "renamed"),
    [
        ({"PER": "B-PER"}, "B-LOC I-LOC PER", "B-LOC I-LOC B-PER"),  # else refused
        ({"none": "O", "LOC": "GPE"}, "B-LOC none I-LOC", "B-GPE O B-GPE"),
        ({"B_LOC": "B-LOC", "LOC": "GPE"}, "B_LOC I-PER B-LOC", "B-LOC B-PER B-GPE"),  # each is renamed once
        ({"PERSON": "PER"}, "I-PERSON I-PER I-PER", "B-PER B-PER I-PER"),  # two people stay two
        ({"DATE": "O"}, "B-DATE E-DATE S-PER", "O O B-PER"),
        ({"NN": "NOUN"}, "NN VB NN", "NOUN VB NOUN"),
    ],
)
def test_tags_are_renamed_before_they_are_refused(tmp_path: Path, label_map: dict[str, str], tags: str, renamed: str):
    columns = lines(*tags.split())
    rows = parquet({"tokens": [["w"] * len(tags.split())], "tags": [tags.split()]}, {})
    for reader, content in ((TokenTag(), columns.encode()), (Parquet(), rows)):
        (tmp_path / "file").write_bytes(content)
        problems = Problems()
        (example,) = reader.read(tmp_path / "file", "en", problems, label_map)
        assert isinstance(example, TaggedSentence)
        assert example.tags == tuple(renamed.split())
        assert problems.errors == []


def test_a_tag_that_a_label_map_does_not_mend_is_an_error(tmp_path: Path):
    (tmp_path / "file").write_text(lines("B-PER", "I-PER") + "\n" + lines("O", "PER", "B-LOC"))
    problems = Problems()
    TokenTag().read(tmp_path / "file", "en", problems, {"LOC": "GPE", "PER": "person"})
    assert [problem.message for problem in problems.errors] == ["tag 'person' is neither 'O' nor of the form 'B-PER'"]


def test_a_sentence_of_nothing_but_underscores_has_no_tags(tmp_path: Path):
    path = tmp_path / "file"
    (first, second), problems = read(TokenTag(), path, "a\t_\nb\t_\n\nc\tB-LOC\nd\tO\n")
    assert (first.tags, second.tags) == (None, ("B-LOC", "O"))
    assert problems == ["file:1: warning: no gold label: 1 of 2 examples (first here), left out of training and scores"]
    TokenTag().write(path, [("O", "O"), ("O", "O")], tmp_path / "new")
    assert (tmp_path / "new").read_text() == "a\tO\nb\tO\n\nc\tO\nd\tO\n"
    _, problems = read(TokenTag(), path, "a\tNOUN\nb\t_\n")
    assert problems == ["file:2: error: the tag is '_', where other tokens of the sentence have a tag"]
    (kept,) = TokenTag().read(path, "en", Problems(), {"_": "X"})
    assert kept.tags == ("NOUN", "X")

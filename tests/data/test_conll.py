from __future__ import annotations

from pathlib import Path

import pytest

from isogloss.data import Parquet, Problems, TokenTag
from isogloss.data.chunks import to_iob2
from isogloss.types import TaggedSentence
from tests.catalogue.hub import parquet
from tests.data.reading import read

GOOD = "Anna\tB-PER\n\u00a0 x\tI-PER\n,\tO\n\n\nRom\tB-LOC\n"
CONLL_2003 = "-DOCSTART- -X- O O\n\nEU NNP B-NP B-ORG\nrejects VBZ B-VP O\n\nPeter  NNP  B-NP  B-PER\n"


def lines(*tags: str):
    return "".join(f"w\t{tag}\n" for tag in tags)


def test_tokens_and_tags_are_read(tmp_path: Path):
    (first, second), problems = read(TokenTag(), tmp_path / "file", GOOD)
    assert (first.id, first.line, first.tokens) == ("1", 1, ("Anna", "\u00a0 x", ","))
    assert first.tags == ("B-PER", "I-PER", "O")
    assert (second.id, second.line, second.tags) == ("2", 6, ("B-LOC",))
    assert problems == []


def test_conll_2003_is_read_as_it_is(tmp_path: Path):
    (first, second), problems = read(TokenTag(), tmp_path / "file", CONLL_2003)
    assert (first.tokens, first.tags, first.line) == (("EU", "rejects"), ("B-ORG", "O"), 3)
    assert second.tags == ("B-PER",)
    assert problems == []


def test_one_column_has_no_tags_and_gets_them_when_written(tmp_path: Path):
    (first, second), problems = read(TokenTag(), tmp_path / "file", "a\nb\n\nc\n")
    assert (first.tags, second.tags, problems) == (None, None, [])
    TokenTag().write(tmp_path / "file", [("X", "Y"), ("Z",)], tmp_path / "copy")
    assert (tmp_path / "copy").read_text() == "a\tX\nb\tY\n\nc\tZ\n"


@pytest.mark.parametrize("content", [GOOD, CONLL_2003, GOOD.replace("\n", "\r\n"), "\ufeff" + GOOD, GOOD.rstrip()])
def test_writing_what_was_read_gives_the_same_file(tmp_path: Path, content: str):
    examples, _ = read(TokenTag(), tmp_path / "file", content)
    TokenTag().write(tmp_path / "file", [example.tags for example in examples], tmp_path / "copy")
    assert (tmp_path / "copy").read_bytes() == content.encode()


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        ("b\n", "file:3: error: expected 2 columns, as in the first sentence, found 1"),
        ("b\tc\td\n", "file:3: error: expected 2 columns, as in the first sentence, found 3"),
        ("\tO\n", "file:3: error: empty token"),
        ("b\t\n", "file:3: error: empty tag"),
    ],
)
def test_a_bad_sentence_is_an_error_and_the_others_are_read(tmp_path: Path, bad: str, message: str):
    examples, problems = read(TokenTag(), tmp_path / "file", f"a\tO\n\n{bad}\nc\tO\n")
    assert [example.id for example in examples] == ["1", "3"]
    assert problems == [message]


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

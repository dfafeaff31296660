"""Which column holds the tokens and which the tags."""

from __future__ import annotations

from pathlib import Path

import pytest

from isogloss.common.errors import IsoglossError
from isogloss.data import TokenTag
from tests.support.reading import read

UNER = "# sent_id = 1\n# text = Anna in Rom\n1\tAnna\tB-PER\t-\n2\tin\tO\t-\n\n# sent_id = 2\n1\tRom\tB-LOC\tx\n"


NAMED = "id word  pos ner\n1 Anna PROPN B-PER\n2 in ADP O\n\n1 Rom PROPN B-LOC\n"


FIRST_AND_THIRD = {"tokens": 1, "tags": 2}


@pytest.mark.parametrize(("columns", "content"), [(FIRST_AND_THIRD, UNER), ({"tokens": "word", "tags": "ner"}, NAMED)])
def test_columns_say_what_is_the_token_and_what_the_tag(tmp_path: Path, columns: dict[str, str | int], content: str):
    file_format = TokenTag(columns)
    (first, second), problems = read(file_format, tmp_path / "file", content)
    assert (first.tokens, first.tags, second.tokens) == (("Anna", "in"), ("B-PER", "O"), ("Rom",))
    assert (first.id, second.id, problems) == ("1", "2", [])
    assert content.split("\n")[second.line - 1].split()[1] == "Rom"
    file_format.write(tmp_path / "file", [first.tags, second.tags], tmp_path / "copy")
    assert (tmp_path / "copy").read_text() == content
    file_format.write(tmp_path / "file", [("X", "Y"), ("Z",)], tmp_path / "copy")
    changed = content
    for gold, predicted in [("B-PER", "X"), ("in\tO", "in\tY"), ("ADP O", "ADP Y"), ("B-LOC", "Z")]:
        changed = changed.replace(gold, predicted)
    assert (tmp_path / "copy").read_text() == changed


@pytest.mark.parametrize(
    ("columns", "content", "written"),
    [
        ({"tokens": 1}, "1\ta\n2\tb\n\n1\tc\n", "1\ta\tX\n2\tb\tY\n\n1\tc\tZ\n"),
        ({"tokens": 1}, "1 a\n2 b\n\n1 c\n", "1 a X\n2 b Y\n\n1 c Z\n"),
        ({"tokens": "w"}, "i\tw\n\n1\ta\n2\tb\n\n1\tc\n", "i\tw\ttags\n\n1\ta\tX\n2\tb\tY\n\n1\tc\tZ\n"),
    ],
)
def test_without_a_column_of_tags_one_is_added(
    tmp_path: Path, columns: dict[str, str | int], content: str, written: str
):
    examples, problems = read(TokenTag(columns), tmp_path / "file", content)
    assert ([example.tags for example in examples], problems) == ([None, None], [])
    TokenTag(columns).write(tmp_path / "file", [("X", "Y"), ("Z",)], tmp_path / "copy")
    assert (tmp_path / "copy").read_text() == written
    tags = "tags" if "w" in columns.values() else len(written.split("\n")[0].split()) - 1
    again, problems = read(TokenTag({**columns, "tags": tags}), tmp_path / "copy", written)
    assert ([example.tags for example in again], problems) == ([("X", "Y"), ("Z",)], [])


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"tokens": 0, "tag": 1}, "unknown column 'tag' of a file of tokens; did you mean 'tags'"),
        ({"text": 0}, "unknown column 'text'"),
        ({"tags": 1}, "'tokens' is missing"),
        ({"tokens": 0, "tags": "ner"}, "all names, or all positions from 0"),
        ({"tokens": -1}, "all names, or all positions from 0"),
        ({"tokens": 1, "tags": 1}, "tokens and tags are the same column"),
    ],
)
def test_columns_that_cannot_be_are_refused(columns: dict[str, str | int], message: str):
    with pytest.raises(IsoglossError, match=message):
        TokenTag(columns)


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        (
            {"tokens": 1, "tags": 4},
            "file:3: error: columns: no column 4 (the tags) in a line of 4; positions count from 0",
        ),
        (
            {"tokens": "wort"},
            "file:3: error: columns: no column 'wort' (the tokens) in the first line (valid: -, 1, Anna, B-PER)",
        ),
    ],
)
def test_columns_that_are_not_there_are_an_error(tmp_path: Path, columns: dict[str, str | int], message: str):
    assert read(TokenTag(columns), tmp_path / "file", UNER) == ([], [message])


@pytest.mark.parametrize(
    ("content", "columns"),
    [(UNER, None), (UNER, {"tokens": 0, "tags": 2}), ("0 a X\n1 b X\n", None), ("1 a X\n2 b X\n\n3 c X\n", None)],
)
def test_running_numbers_are_no_tokens(tmp_path: Path, content: str, columns: dict[str, int] | None):
    examples, (problem,) = read(TokenTag(columns), tmp_path / "file", content)
    assert examples == []
    assert "error: the tokens are running numbers; columns: {tokens: ..., tags: ...} says which" in problem
    assert "1: 'Anna', 2: 'B-PER'" in problem or "1: 'a', 2: 'X'" in problem


def test_conllu_is_no_column_file(tmp_path: Path):
    row = "{}\t{}\t_\tNOUN\t_\t_\t_\t_\t_\t_\n".format
    content = row("1-2", "im") + row("1", "in") + row("2", "dem")
    examples, (problem,) = read(TokenTag(), tmp_path / "file", content)
    assert examples == []
    assert problem.endswith("CoNLL-U is format: conllu")
    examples, (problem,) = read(TokenTag({"tokens": 1, "tags": 3}), tmp_path / "file", content)
    assert examples == []
    assert problem.startswith("file:1: error: '1-2' is a multiword token or an empty node, which format: conllu")


@pytest.mark.parametrize("numbers", ["1\tNUM\n\n1\tNUM\n", "1\tNUM\n2\tNUM\n\n7\tNUM\n"])
def test_numbers_that_do_not_run_are_tokens(tmp_path: Path, numbers: str):
    examples, problems = read(TokenTag(), tmp_path / "file", numbers)
    assert (len(examples), problems) == (2, [])


def test_a_header_has_the_columns_of_the_lines(tmp_path: Path):
    found = read(TokenTag({"tokens": "word"}), tmp_path / "file", "#n\tid\tword\n1\ta\n")
    assert found == ([], ["file:1: error: the header has 3 columns, most lines 2"])

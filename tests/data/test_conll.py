"""A token and a tag per line: what is read, and written back as it was."""

from __future__ import annotations

from pathlib import Path

import pytest

from isogloss.data import Problems, TokenTag
from tests.support.reading import read

GOOD = "Anna\tB-PER\n\u00a0 x\tI-PER\n,\tO\n\n\nRom\tB-LOC\n"


CONLL_2003 = "-DOCSTART- -X- O O\n\nEU NNP B-NP B-ORG\nrejects VBZ B-VP O\n\nPeter  NNP  B-NP  B-PER\n"


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
        ("b\n", "file:3: error: expected 2 columns, as most lines have, found 1"),
        ("b\tc\td\n", "file:3: error: expected 2 columns, as most lines have, found 3"),
        ("\tO\n", "file:3: error: empty token"),
        ("b\t\n", "file:3: error: empty tag"),
    ],
)
def test_a_bad_sentence_is_an_error_and_the_others_are_read(tmp_path: Path, bad: str, message: str):
    examples, problems = read(TokenTag(), tmp_path / "file", f"a\tO\n\n{bad}\nc\tO\n")
    assert [example.id for example in examples] == ["1", "3"]
    assert problems == [message]


@pytest.mark.parametrize(
    ("content", "tokens", "warning"),
    [
        ("# sent_id = 1\na\tO\n", ("a",), None),
        ("# text = a\tb\na\tO\n", ("a",), None),
        ("# sent_id = 1\na DT B-NP O\n", ("a",), None),
        ("# newdoc\n# sent_id = 1\na\tO\n", ("a",), "file:1: warning: passed over as a comment"),
        ("#ID=3 4\na\tO\n", ("a",), "file:1: warning: passed over as a comment"),
        ("#\tO\na\tO\n", ("#", "a"), None),
        ("# O\na O\n", ("#", "a"), None),
        ("a O\n# O\n", ("a", "#"), None),
        ("#a=b\tO\na\tO\n", ("#a=b", "a"), None),
        ("#\n#a\nb\n", ("#", "#a", "b"), None),
        ("# SYM\n5 NUM\n", ("#", "5"), "file:1: warning: begins with '#' and has 2 columns: read as a token"),
    ],
)
def test_comments_before_a_sentence_are_passed_over(
    tmp_path: Path, content: str, tokens: tuple[str, ...], warning: str | None
):
    (example,), problems = read(TokenTag(), tmp_path / "file", content)
    assert example.tokens == tokens
    assert content.split("\n")[example.line - 1].startswith(tokens[0])
    assert len(problems) == (warning is not None)
    assert all(problem.startswith(str(warning)) for problem in problems)
    TokenTag().write(tmp_path / "file", [example.tags or ("X",) * len(tokens)], tmp_path / "copy")
    kept = content if example.tags else content.replace("\n", "\tX\n")
    assert (tmp_path / "copy").read_text() == kept


@pytest.mark.parametrize("line", ["#MeToo", "a\tO\n# text = b", "a\tO\n#b"])
def test_a_line_that_lacks_its_tag_is_no_comment(tmp_path: Path, line: str):
    _, (problem,) = read(TokenTag(), tmp_path / "file", f"b\tO\n\n{line}\nc\tO\n")
    assert "expected 2 columns, as most lines have, found 1" in problem


def test_a_comment_alone_is_no_sentence(tmp_path: Path):
    (example,), problems = read(TokenTag(), tmp_path / "file", "# newdoc id = a\n\na\tO\n")
    assert (example.id, example.line, problems) == ("1", 3, [])


@pytest.mark.parametrize(
    "content",
    ["\u3000\tO\na\tO\n\u00a0\tO\n", "\u3000 O\na O\n\u00a0 O\n", "\u3000\na\n\u00a0\n", "\u3000\r\na\r\n\u00a0\r\n"],
)
def test_a_token_may_be_white_space_of_unicode(tmp_path: Path, content: str):
    (example,), problems = read(TokenTag(), tmp_path / "file", content)
    assert (example.tokens, problems) == (("\u3000", "a", "\u00a0"), [])


def test_the_prefix_of_wikiann_is_taken_off_and_written_back(tmp_path: Path):
    content = "fr:Paris\tB-LOC\nfr:::\tO\n\nfr:a\tO\n"
    (first, second), problems = read(TokenTag(), tmp_path / "file", content)
    assert (first.tokens, second.tokens) == (("Paris", "::"), ("a",))
    assert problems == ["file: warning: every token begins with 'fr:', as in WikiANN's own files: read without it"]
    TokenTag().write(tmp_path / "file", [("O", "O"), ("B-LOC",)], tmp_path / "copy")
    assert (tmp_path / "copy").read_text() == "fr:Paris\tO\nfr:::\tO\n\nfr:a\tB-LOC\n"


def test_a_prefix_that_one_token_lacks_is_part_of_the_tokens(tmp_path: Path):
    (first, _), problems = read(TokenTag(), tmp_path / "file", "fr:Paris\tO\n\nde:a\tO\n")
    assert (first.tokens, problems) == (("fr:Paris",), [])


def test_a_token_that_is_all_prefix_is_an_error(tmp_path: Path):
    (one,), problems = read(TokenTag(), tmp_path / "file", "fr:a\tO\n\nfr:b\tO\nfr:\tO\n")
    assert one.tokens == ("a",)
    assert problems[0] == "file:4: error: empty token after 'fr:'"


def test_words_that_were_taken_out_are_an_error(tmp_path: Path):
    _, problems = read(TokenTag(), tmp_path / "file", "_\tNOUN\n_\tADJ\n")
    assert "file:1: error: 1 of 1 sentences have '_' for every word" in problems[0]


def test_a_tab_beside_a_hash_separates(tmp_path: Path):
    examples, problems = read(TokenTag(), tmp_path / "file", "#\t\na\nb\n")
    assert (examples, problems) == ([], ["file:1: error: expected 1 columns, as most lines have, found 2"])


def test_a_prefix_that_is_no_language_stays(tmp_path: Path):
    path = tmp_path / "en.tsv"
    path.write_text("http://a\tO\nhttp://b\tO\n\n", encoding="utf-8")
    problems = Problems()
    (sentence,) = TokenTag().read(path, "en", problems)
    assert sentence.tokens == ("http://a", "http://b")
    assert not problems.warnings

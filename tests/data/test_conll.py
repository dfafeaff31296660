from __future__ import annotations

from pathlib import Path

import pytest

from isogloss.common.errors import IsoglossError
from isogloss.data import Problems, TokenTag
from isogloss.data.chunks import to_iob2
from isogloss.data.parquet import Parquet
from isogloss.examples import TaggedSentence
from tests.support.hub import parquet
from tests.support.reading import read

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
        ({"tokens": 1, "tags": 4}, "file:3: error: no column 4 (the tags) in a line of 4; positions count from 0"),
        (
            {"tokens": "wort"},
            "file:3: error: no column 'wort' (the tokens) in the first line (valid: -, 1, Anna, B-PER)",
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


def test_a_header_has_the_columns_of_the_lines(tmp_path: Path):
    found = read(TokenTag({"tokens": "word"}), tmp_path / "file", "#n\tid\tword\n1\ta\n")
    assert found == ([], ["file:1: error: the header has 3 columns, most lines 2"])


def test_a_tab_beside_a_hash_separates(tmp_path: Path):
    examples, problems = read(TokenTag(), tmp_path / "file", "#\t\na\nb\n")
    assert (examples, problems) == ([], ["file:1: error: expected 1 columns, as most lines have, found 2"])


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


def test_a_prefix_that_is_no_language_stays(tmp_path: Path):
    path = tmp_path / "en.tsv"
    path.write_text("http://a\tO\nhttp://b\tO\n\n", encoding="utf-8")
    problems = Problems()
    (sentence,) = TokenTag().read(path, "en", problems)
    assert sentence.tokens == ("http://a", "http://b")
    assert not problems.warnings

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as some

from isogloss.common.errors import IsoglossError
from isogloss.data import COMMA, Quoted, Table, Unquoted
from isogloss.examples import Example
from tests.support.reading import read

TSV = 'id\tpremise\thypothesis\tlabel\na\tHe said "no.\tNo\tneutral\nb\tYes\tNo\tcontradiction\n'
CSV = 'category,text\nsports,"one, ""two""\r\nthree"\r\n"a,b",plain\n\npolitics,"x"\n'


def labels(examples: list[Example]):
    return [example.label for example in examples]


def test_a_table_is_read_by_the_usual_names(tmp_path: Path):
    (first, second), problems = read(Table(), tmp_path / "file", TSV)
    assert (first.id, first.text, first.pair, first.label) == ("a", 'He said "no.', "No", "neutral")
    assert (first.line, second.line) == (2, 3)
    assert problems == []


def test_quoted_fields_may_hold_separators_and_line_breaks(tmp_path: Path):
    examples, problems = read(Table(COMMA), tmp_path / "file", CSV)
    assert [(e.line, e.label, e.text) for e in examples] == [
        (2, "sports", 'one, "two"\nthree'),
        (4, "a,b", "plain"),
        (6, "politics", "x"),
    ]
    assert problems == ["file:5: warning: blank line skipped"]


def test_columns_may_be_positions_where_there_is_no_header(tmp_path: Path):
    table = Table(columns={"label": 0, "text": 2})
    (first, second), problems = read(table, tmp_path / "file", "x\t1\tone\ny\t2\ttwo\n")
    assert [(e.id, e.line, e.text, e.label) for e in (first, second)] == [("1", 1, "one", "x"), ("2", 2, "two", "y")]
    assert problems == []
    table.write(tmp_path / "file", ["p", "q"], tmp_path / "copy")
    assert (tmp_path / "copy").read_text() == "p\t1\tone\nq\t2\ttwo\n"


@pytest.mark.parametrize(("table", "content"), [(Table(), TSV), (Table(COMMA), CSV), (Table(), "\ufeff" + TSV)])
def test_writing_what_was_read_gives_the_same_file(tmp_path: Path, table: Table, content: str):
    examples, _ = read(table, tmp_path / "file", content)
    table.write(tmp_path / "file", labels(examples), tmp_path / "copy")
    assert (tmp_path / "copy").read_bytes() == content.encode()


@pytest.mark.parametrize(("table", "content"), [(Table(), "text\nx\ny\n"), (Table(COMMA), 'text\n"x,\nz"\ny\n')])
def test_predictions_are_read_back_from_a_new_column(tmp_path: Path, table: Table, content: str):
    examples, _ = read(table, tmp_path / "file", content)
    assert labels(examples) == [None, None]
    table.write(tmp_path / "file", ["p", "q"], tmp_path / "copy")
    again, problems = read(table, tmp_path / "again", (tmp_path / "copy").read_bytes())
    assert (labels(again), problems) == (["p", "q"], [])
    assert [example.text for example in again] == [example.text for example in examples]


cell = some.text(some.sampled_from('ab,;" \u2028\n'), max_size=6)


@given(some.lists(some.tuples(cell, cell, cell), min_size=1, max_size=4), some.sampled_from([0, 1]))
def test_a_replaced_field_is_all_that_changes(rows: list[tuple[str, str, str]], quoting: Literal[0, 1]):
    for row in rows:
        stream = io.StringIO()
        csv.writer(stream, quoting=quoting, lineterminator="\n").writerow(row)
        for position in range(3):
            changed = Quoted(",").replace(stream.getvalue().removesuffix("\n"), position, 'n"e,w')
            (parsed,) = csv.reader(io.StringIO(changed, newline=""), strict=True)
            assert parsed == [*row[:position], 'n"e,w', *row[position + 1 :]]


@pytest.mark.parametrize(
    ("table", "content", "message"),
    [
        (Table(), "text\tlabel\na\n", "file:2: error: expected 2 columns, as in the header, found 1"),
        (Table(), "text\tlabel\n \tx\n", "file:2: error: the text is empty"),
        (Table(), "premise\thypothesis\na\t\n", "file:2: error: the pair is empty"),
        (Table(), "text\tlabel\n\t\n", "file:2: error: the text is empty"),
        (
            Table(),
            "txt\tlabel\na\tb\n",
            "file:1: error: no column for the text (looked for text, sentence, premise, sentence1); "
            "did you mean 'txt'? (valid: label, txt); columns: {text: NAME} says which it is, and "
            "pair and label beside it which they are",
        ),
        (
            Table(columns={"text": "sentense", "label": "label"}),
            "sentence\tlabel\na\tb\n",
            "file:1: error: columns: no column 'sentense' (the text); did you mean text: sentence? "
            "(valid: label, sentence)",
        ),
        (Table(), "text\ttext\na\tb\n", "file:1: error: column 'text' (the text) occurs 2 times"),
        (
            Table(columns={"text": 2}),
            "a\tb\n",
            "file:1: error: columns: no column 2 (the text) in a row of 2; positions count from 0",
        ),
        (Table(columns={"text": 0}), "a\tb\nc\n", "file:2: error: expected 2 columns, as most rows have, found 1"),
        (
            Table(COMMA),
            'text,label\na,"b\nc,d\n',
            "file:2: error: malformed row: unexpected end of data; is a quotation mark never closed?",
        ),
        (Table(COMMA), 'text\n"a"b\nc\n', "file:2: error: malformed row: ',' expected after '\"'"),
        (Table(COMMA), 'text,label\na,"b\nc"\n', "file:2: error: the label holds a line break: 'b\\nc'"),
    ],
)
def test_what_is_wrong_is_said_with_its_line(tmp_path: Path, table: Table, content: str, message: str):
    _, problems = read(table, tmp_path / "file", content)
    assert problems[0] == message
    assert sum(": error: " in problem for problem in problems) == 1


SEMICOLONS = 'text;label\nyes, no;a\n"x;y";b\n'


@pytest.mark.parametrize(
    ("table", "content", "message"),
    [
        (Table(COMMA), SEMICOLONS, "';' as separator gives 2 (text, label): format: csv with separator: \";\""),
        (Table(), SEMICOLONS, "';' as separator gives 2 (text, label): format: csv with separator: \";\""),
        (Table(), "text,label\nx,a\n", "',' as separator gives 2 (text, label): format: csv"),
        (Table(COMMA), "text\tlabel\nx, y\ta\n", "'\\t' as separator gives 2 (text, label): format: tsv"),
        (Table(COMMA, {"text": 0, "label": 1}), "x|a\ny|b\n", "'|' as separator gives 2 (x, a): format: csv with"),
        (Table(COMMA, {"text": "t"}), "t;u\nx;a\n", "';' as separator gives 2 (t, u): format: csv with"),
    ],
)
def test_another_separator_is_named(tmp_path: Path, table: Table, content: str, message: str):
    examples, problems = read(table, tmp_path / "file", content)
    assert (examples, len(problems)) == ([], 1)
    assert problems[0].startswith(f"file:1: error: one column only, but {message}")


@pytest.mark.parametrize(
    ("table", "content"),
    [
        (Table(COMMA), "text\na;b\nc;d\n"),
        (Table(COMMA, {"text": 0}), "a;b\nc;d\n"),
        (Table(COMMA, {"text": "a;b"}), "a;b\nc;d\ne;f\n"),
    ],
)
def test_one_column_may_hold_what_elsewhere_separates(tmp_path: Path, table: Table, content: str):
    (first, _), problems = read(table, tmp_path / "file", content)
    assert (";" in first.text, problems) == (True, [])


def test_a_table_may_have_another_separator(tmp_path: Path):
    table = Table(Quoted(";"))
    examples, problems = read(table, tmp_path / "file", SEMICOLONS)
    assert ([(e.text, e.label) for e in examples], problems) == ([("yes, no", "a"), ("x;y", "b")], [])
    table.write(tmp_path / "file", ["c;", "d"], tmp_path / "copy")
    assert (tmp_path / "copy").read_text() == 'text;label\nyes, no;"c;"\n"x;y";d\n'


def test_a_field_may_be_as_long_as_a_document(tmp_path: Path):
    text = "x" * 200_000
    (example,), problems = read(Table(COMMA), tmp_path / "file", f'text,label\n"{text}",a\n')
    assert (example.text, problems) == (text, [])


def test_repeated_ids_and_open_labels_are_warnings(tmp_path: Path):
    examples, problems = read(Table(), tmp_path / "file", "id\ttext\tlabel\n1\ta\tx\n1\tb\t\n\tc\tx\n")
    assert [(example.id, example.label) for example in examples] == [("1", "x"), ("1#2", None), ("3", "x")]
    assert problems == [
        "file:3: warning: no gold label: 1 of 3 examples (first here), left out of training and scores",
        "file:3: warning: duplicate id, made unique by a number at its end",
    ]


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"txt": "a"}, "unknown column 'txt'; did you mean 'text'"),
        ({"label": "a"}, "'text' is missing"),
        ({"text": "a", "label": 1}, "all names, or all positions from 0"),
        ({"text": -1}, "all names, or all positions from 0"),
    ],
)
def test_columns_that_make_no_sense_are_refused(columns: dict[str, Any], message: str):
    with pytest.raises(IsoglossError, match=message):
        Table(columns=columns)


def test_a_label_that_the_format_cannot_express_is_refused():
    with pytest.raises(IsoglossError, match="holds the separator"):
        Unquoted("\t").replace("a\tb", 1, "c\td")


def test_paraphrases_in_both_layouts(tmp_path: Path):
    (one,), problems = read(Table(), tmp_path / "x.tsv", "id\tsentence1\tsentence2\tlabel\n7\tA b\tB a\t1\n")
    assert ((one.id, one.text, one.pair, one.label), problems) == (("7", "A b", "B a", "1"), [])
    (one,), problems = read(Table(columns={"text": 0, "pair": 1, "label": 2}), tmp_path / "y.tsv", "A b\tB a\t0\n")
    assert ((one.id, one.text, one.pair, one.label), problems) == (("1", "A b", "B a", "0"), [])


def test_rows_without_a_text_are_counted_where_that_is_asked_for(tmp_path: Path):
    content = "id\tsentence1\tsentence2\tlabel\n1\tNS\tB\t0\n2\tA\t\t1\n3\tA\tB\t1\n"
    table = Table(skip_empty=True)
    examples, problems = read(table, tmp_path / "x.tsv", content)
    assert [example.id for example in examples] == ["3"]
    assert problems == ["file:2: warning: row without a text (empty or NS) skipped (2 times, first here)"]
    table.write(tmp_path / "x.tsv", ["0"], tmp_path / "y.tsv")
    assert (tmp_path / "y.tsv").read_text() == content.replace("3\tA\tB\t1", "3\tA\tB\t0")
    examples, problems = read(Table(), tmp_path / "x.tsv", content)
    assert ([example.id for example in examples], problems) == (["1", "3"], ["file:3: error: the pair is empty"])


XNLI = """language\tgold_label\tsentence1_binary_parse\tsentence1\tsentence2\tpairID
ar\tneutral\t\tx1\ty1\t1
en\tentailment\t\tx2\ty2\t1
en\tneutral\t\tx3\ty3\t2
"""


def test_a_file_of_all_languages_gives_the_rows_of_one(tmp_path: Path):
    examples, problems = read(Table(), tmp_path / "x.tsv", XNLI)
    assert [(e.id, e.text, e.pair, e.label, e.line) for e in examples] == [
        ("1", "x2", "y2", "entailment", 3),
        ("2", "x3", "y3", "neutral", 4),
    ]
    assert problems == []
    columns = {"text": 3, "pair": 4, "label": 1, "language": 0}
    examples, _ = read(Table(columns=columns), tmp_path / "x.tsv", XNLI)
    assert [example.text for example in examples] == ["x2", "x3"]
    examples, _ = read(Table(columns={"text": "sentence1"}), tmp_path / "x.tsv", XNLI)
    assert [example.text for example in examples] == ["x1", "x2", "x3"]


def test_a_language_that_no_row_has(tmp_path: Path):
    _, (problem,) = read(Table(), tmp_path / "x.tsv", XNLI.replace("en\t", "eng\t"))
    assert problem.startswith("file: error: no row of language 'en'; did you mean 'eng'?")

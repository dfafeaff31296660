"""One fault in a file is one error that names its line, or one counted warning, from the reader and `data validate`."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import isogloss
from isogloss.data import Problems
from isogloss.recipe.build.data import with_separator
from isogloss.recipe.names import FORMATS
from tests.support.small_files import choices, matched, objects, questions, rows, words


def parquet(columns: dict[str, Any]) -> bytes:
    content = io.BytesIO()
    pq.write_table(pa.table(columns), content)
    return content.getvalue()


OPEN = ": warning: no gold label: 1 of 3 examples (first here), left out of training and scores"


TRUTH = "two spellings of one truth value"


NUMBERS = "the tokens are running numbers"


WITHOUT_TEXT = "sentences have '_' for every word"


CASES: dict[str, tuple[str, str, dict[str, Any], str | bytes, list[str]]] = {
    # Item 2: no gold label.
    "- in tsv": ("topic", "tsv", {}, rows("a", "-", "b"), [f"3{OPEN}"]),
    "-1 in csv": ("topic", "csv", {}, rows("1", "0", "-1", separator=","), [f"4{OPEN}"]),
    "-1 in jsonl": ("topic", "jsonl", {}, objects("1", "-1", "0"), [f"2{OPEN}"]),
    "null in jsonl": ("topic", "jsonl", {}, objects("1", "null", "0"), [f"2{OPEN}"]),
    "-1 in parquet": ("topic", "parquet", {}, parquet({"text": ["a", "b", "c"], "label": [1, -1, 0]}), [f"2{OPEN}"]),
    "-1 in choices": ("choice", "choice_jsonl", {}, choices("1", "-1", "0"), [f"2{OPEN}"]),
    "-1 in tags": (
        *("pos", "parquet", {}),
        *(parquet({"tokens": [["a"], ["b"], ["c"]], "tags": [[1], [-1], [0]]}), [f"2{OPEN}"]),
    ),
    "_ in conllu": ("pos", "conllu", {}, words("a") + words("b", tag="_") + words("c"), [f"3{OPEN}"]),
    "_ in conll": ("pos", "conll", {}, "a\tX\n\nb\t_\n\nc\tX\n", [f"3{OPEN}"]),
    "_ in parquet": (
        *("pos", "parquet", {}),
        *(parquet({"tokens": [["a"], ["b"], ["c"]], "tags": [["X"], ["_"], ["X"]]}), [f"2{OPEN}"]),
    ),
    "[] in squad": (
        *("qa", "squad", {}),
        *(questions("1", "2", "3", answers='[{"text": "a", "answer_start": 0}]', last="[]"), [f"1{OPEN}"]),
    ),
    "a rare class": (
        *("topic", "tsv", {}, rows(*["a", "b"] * 60, "c")),
        ["122: warning: rare class 'c': 1 of 121 training examples"],
    ),
    # Item 8: columns.
    "running numbers": ("pos", "conll", {}, "1\ta\tX\n2\tb\tX\n", [f"1: error: {NUMBERS}"]),
    "running numbers by columns": (
        *("pos", "conll", {"columns": {"tokens": 0, "tags": 2}}),
        *("1\ta\tX\n2\tb\tX\n", [f"1: error: {NUMBERS}"]),
    ),
    "running numbers, the words named": (
        "pos",
        "conll",
        {"columns": {"tokens": 1, "tags": 2}},
        "1\ta\tX\n2\tb\tX\n",
        [],
    ),
    "chunks as parts of speech": ("pos", "conll", {}, "a\tO\nb\tB-PER\n", ["1: error: tag 'B-PER' is of a chunk"]),
    "parts of speech as chunks": ("ner", "conll", {}, "a\tX\nb\tNOUN\n", ["1: error: tag 'X' is neither O nor"]),
    "a comment": ("ner", "conll", {}, "# id 7 by hand\na\tO\n", ["1: warning: passed over as a comment"]),
    "a comment of CoNLL-U": ("ner", "conll", {}, "# sent_id = 7\na\tO\n", []),
    "WikiANN's prefix": ("ner", "conll", {}, "fr:a\tO\nfr:b\tB-LOC\n", [": warning: every token begins with 'fr:'"]),
    "no such column": (
        *("pos", "conll", {"columns": {"tokens": 0, "tags": 3}}),
        *("a\tX\n", ["1: error: columns: no column 3 (the tags) in a line of 2; positions count from 0"]),
    ),
    # Item 9: treebanks without their text.
    "no forms": ("pos", "conllu", {}, words("_", "_"), [f"1: error: 1 of 1 {WITHOUT_TEXT}"]),
    "no forms in conll": ("pos", "conll", {}, "_\tX\n_\tY\n", [f"1: error: 1 of 1 {WITHOUT_TEXT}"]),
    "no forms in parquet": (
        *("pos", "parquet", {}),
        *(parquet({"tokens": [["_", "_"]], "tags": [["X", "Y"]]}), [f"1: error: 1 of 1 {WITHOUT_TEXT}"]),
    ),
    "some without forms": (
        *("pos", "conllu", {}),
        *(words("a") + words("b") + words("_", "_"), ["5: warning: every word of the sentence is '_'"]),
    ),
    # Item 10: keys, numbers and truth values.
    "a key twice": (
        *("topic", "jsonl", {}),
        *('{"text": "a", "label": 1, "label": 2}\n', ["1: error: key 'label' stands twice in one object"]),
    ),
    "a key twice in choices": (
        *("choice", "choice_jsonl", {}),
        *(choices("0", '1, "label": 1'), ["2: error: key 'label' stands twice in one object"]),
    ),
    "a key twice in squad": (
        *("qa", "squad", {}),
        *(questions("1").replace('"id"', '"id": "0", "id"'), ["1: error: key 'id' stands twice in one object"]),
    ),
    "NaN in jsonl": ("topic", "jsonl", {}, objects("1", "NaN"), ["2: error: the label is NaN, which is no number"]),
    "NaN in tsv": ("topic", "tsv", {}, rows("a", "NaN"), ["3: error: the label is NaN, which is no number"]),
    "nan in csv": ("topic", "csv", {}, rows("a", "nan", separator=","), ["3: error: the label is nan"]),
    "NaN in choices": ("choice", "choice_jsonl", {}, choices("0", "NaN"), ["2: error: the label is NaN"]),
    "NaN in parquet": (
        *("topic", "parquet", {}, parquet({"text": ["a", "b"], "label": [1.0, float("nan")]})),
        ["2: error: the label is NaN"],
    ),
    "1 and 1.0": ("topic", "jsonl", {}, objects("1", "1.0", '"1"', "0"), []),
    "1 and true": ("topic", "jsonl", {}, objects("1", "0", "true"), [f"3: error: label 'true', .*{TRUTH}"]),
    "1 and True in tsv": ("topic", "tsv", {}, rows("1", "0", "True"), [f"4: error: label 'True', .*{TRUTH}"]),
    # Item 14: what is valid.
    "a field of 200,000 characters": (*("topic", "csv", {}, rows("a", separator=",") + f'"{"x, " * 70_000}",b\n', []),),
    "a no-break space as token": ("pos", "conll", {}, "a\tX\n\u00a0\tX\nb\tX\n", []),
    "an ideographic space as form": ("pos", "conllu", {}, words("a", "\u3000", "b"), []),
    "a blank token": ("pos", "conll", {}, "a\tX\n \tX\n", ["2: error: empty token"]),
    "a blank token in parquet": (
        *("pos", "parquet", {}, parquet({"tokens": [["a", " "]], "tags": [["X", "X"]]})),
        ["1: error: token 2 is empty or no string"],
    ),
    "a blank form": ("pos", "conllu", {}, words("a", " "), ["2: error: column FORM is empty"]),
    # Item 16: separators.
    "semicolons": (
        *("topic", "csv", {}, rows("a", "b", separator=";")),
        ["1: error: one column only, but ';' as separator gives 2"],
    ),
    "semicolons named": ("topic", "csv", {"separator": ";"}, rows("a", "b", separator=";"), []),
    # What else a line can lack.
    "a column too few at first": ("ner", "conll", {}, "a\nb\tO\n\nc\tO\n", ["1: error: expected 2 columns, as most"]),
    "a row too long at first": (
        *("topic", "tsv", {"columns": {"text": 0, "label": 1}}),
        *("a\tx\ty\nb\tx\nc\ty\n", ["1: error: expected 2 columns, as most rows have, found 3"]),
    ),
    "a header too short": (
        *("topic", "tsv", {}, rows("a\tx", "b\ty")),
        ["1: error: the header has 2 columns, most rows have 3"],
    ),
    "a quotation mark too few": (
        *("topic", "csv", {}, 'text,label\n"a,x\nb,y\n'),
        ["2: error: malformed row: .*is a quotation mark never closed"],
    ),
    "a label only later": (
        *("topic", "jsonl", {}, '{"text": "a"}\n' + objects("1", "2")),
        [r"2: warning: key 'label' \(the label\) is not in the first object: not read \(2 times, first here\)"],
    ),
    "a label missing": (
        *("topic", "jsonl", {}, objects("1") + '{"text": "b"}\n'),
        [r"2: error: no key 'label' \(the label\)"],
    ),
    "a label of the wrong type": (
        *("topic", "jsonl", {}, objects("1", '["a"]')),
        [r"2: error: 'label' \(the label\) is of type list, not a string"],
    ),
    "a choice of the wrong type": (
        *("choice", "choice_jsonl", {}, choices("0", "[1]")),
        [r"2: error: 'label' is \[1\], but must be one of 0, 1"],
    ),
    "a repeated id": (
        *("topic", "tsv", {}, "id\ttext\tlabel\n7\ta\tx\n7\tb\ty\n7\tc\ty\n"),
        [r"3: warning: duplicate id, made unique by a number at its end \(2 times, first here\)"],
    ),
    "a repeated id of a question": ("qa", "squad", {}, questions("1", "1"), ["1: warning: duplicate id"]),
    "a repeated sent_id": (
        *("pos", "conllu", {}, "# sent_id = x\n" + words("a") + "# sent_id = x\n" + words("b")),
        ["5: warning: duplicate id"],
    ),
    "an ID that does not follow": (
        *("pos", "conllu", {}, words("a", "b").replace("2\tb", "3\tb")),
        ["2: error: expected ID 2, found '3'"],
    ),
    "an answer that moved": (
        *("qa", "squad", {}, questions("1", answers='[{"text": "b", "answer_start": 0}]')),
        ["1: warning: answer not at its answer_start, moved"],
    ),
}


ENDINGS = {"conll": "tsv", "squad": "json", "choice_jsonl": "jsonl"}


@pytest.mark.parametrize("case", CASES)
def test_a_fault_is_said_once(case: str, tmp_path: Path):
    task, name, keys, content, expected = CASES[case]
    path = tmp_path / "en" / f"train.{ENDINGS.get(name, name)}"
    path.parent.mkdir()
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    template = f"{tmp_path}/{{language}}/{{split}}{path.suffix}"
    found = isogloss.validate(template, task=task, format=name, **keys).problems
    said = [str(problem) for problem in (*found.errors, *found.warnings)]
    # A file that has lost all its labels by its fault is no training file, which is said besides.
    matched([line for line in said if "examples has a gold label" not in line], expected, path)
    problems = Problems()
    reader = with_separator(FORMATS[name].build(keys.get("columns")), keys.get("separator"), "separator")
    reader.read(path, "en", problems)
    # What only the task or all training data together show is not the reader's to say.
    whole = any(text in case for text in ("as parts of speech", "as chunks", "rare class"))
    said = [str(problem) for problem in (*problems.errors, *problems.warnings)]
    matched(said, [] if whole else expected, path)

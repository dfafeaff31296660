"""One fault in a file is one error that names its line, or one counted warning, from the reader and `data validate`."""

from __future__ import annotations

import gzip
import io
import json
import re
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as some

import isogloss
from isogloss.common.errors import IsoglossError
from isogloss.data import ChoiceLines, ConllU, Problems, Quoted, Table
from isogloss.data.plain import RunningText
from isogloss.recipe.build.data import with_separator
from isogloss.recipe.names import FORMATS
from tests.support.methods import BASE
from tests.support.valid_files import KINDS, Valid

QUICK = settings(
    max_examples=20, deadline=None, database=None, derandomize=True, suppress_health_check=list(HealthCheck)
)


def parquet(columns: dict[str, Any]) -> bytes:
    content = io.BytesIO()
    pq.write_table(pa.table(columns), content)
    return content.getvalue()


def rows(*labels: str, separator: str = "\t", head: str = "text{}label") -> str:
    """A table of texts that are all different."""
    found = [head.format(separator), *(f"text {number}{separator}{label}" for number, label in enumerate(labels))]
    return "\n".join(found) + "\n"


def objects(*labels: str) -> str:
    """JSON lines, the labels as JSON."""
    return "".join(f'{{"text": "text {number}", "label": {label}}}\n' for number, label in enumerate(labels))


def choices(*labels: str) -> str:
    told = '{{"premise": "text {}", "question": "cause", "choice1": "a", "choice2": "b", "label": {}}}\n'
    return "".join(told.format(number, label) for number, label in enumerate(labels))


BLANK = "\t_"


def words(*forms: str, tag: str = "X") -> str:
    return "".join(f"{place}\t{form}\t_\t{tag}{BLANK * 6}\n" for place, form in enumerate(forms, start=1)) + "\n"


def questions(*names: str, answers: str = "[]", last: str = "") -> str:
    given = [answers] * (len(names) - bool(last)) + [last] * bool(last)
    pairs = enumerate(zip(names, given, strict=True))
    asked = ", ".join(f'{{"id": "{name}", "question": "q {at}", "answers": {found}}}' for at, (name, found) in pairs)
    return f'{{"data": [{{"paragraphs": [{{"context": "a b", "qas": [{asked}]}}]}}]}}\n'


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
        *("a\tX\n", ["1: error: no column 3 (the tags) in a line of 2; positions count from 0"]),
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


def matched(found: list[str], expected: list[str], path: Path) -> None:
    assert len(found) == len(expected), found
    for problem, pattern in zip(found, expected, strict=True):
        at = str(path) if pattern.startswith(":") else f"{path}:"
        assert problem.startswith(at), problem
        place, severity, message = re.split(r"(: (?:error|warning): )", pattern, maxsplit=1)
        message = message if "\\" in message or ".*" in message else re.escape(message)
        assert re.match(re.escape(place + severity) + message, problem.removeprefix(at)), problem


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


@pytest.mark.parametrize("kind", KINDS)
def test_a_file_cut_short_is_an_error(kind: str, tmp_path: Path):
    @QUICK
    @given(KINDS[kind](), some.floats(0, 1))
    def check(file: Valid, share: float) -> None:
        packed = file.name.endswith(".gz")
        path = tmp_path / (file.name if packed else f"{file.name}.gz")
        content = file.content if packed else gzip.compress(file.content)
        path.write_bytes(content[: int(share * (len(content) - 1))])
        problems = Problems()
        assert list(file.reader.read(path, "en", problems)) == []
        (problem,) = (*problems.errors, *problems.warnings)
        empty = "no example in this file" if kind != "squad" else "not JSON"
        reasons = ("not a whole gzip file, as its name says", *([] if path.stat().st_size else [empty, "not a whole"]))
        assert (problem.path, problem.line if problem.line != 1 else None) == (str(path), None)
        assert problem.message.startswith(reasons)

    check()


def with_field_less(line: str, separator: str) -> str:
    return line.rpartition(separator)[0]


def with_field_more(line: str, separator: str) -> str:
    return f"{line}{separator}x"


@pytest.mark.parametrize("change", [with_field_less, with_field_more])
@pytest.mark.parametrize("kind", ["conllu", "conll", "tsv"])
def test_a_line_with_other_columns_is_one_error(kind: str, change: Any, tmp_path: Path):
    @QUICK
    @given(KINDS[kind](), some.data())
    def check(file: Valid, data: some.DataObject) -> None:
        content = gzip.decompress(file.content) if file.name.endswith(".gz") else file.content
        lines = content.decode().split("\n")
        wanted = data.draw(some.sampled_from(file.examples))
        number = wanted[3] if kind != "tsv" else wanted[4]
        delimiter = getattr(file.reader, "delimiter", None)
        separator = delimiter.separator if delimiter else "\t" if "\t" in lines[number - 1] else " "
        # Of lines without a header that differ, the fewer are wrong; a file of one column has no other.
        # Lines that begin with # do not count, as they may be comments.
        own = lines[number - 1].count(separator)
        alike = [line for line in lines if line.count(separator) == own > 0 and not line.startswith("#")]
        assume(kind == "conllu" or len(alike) > 2)
        end = "\r" * lines[number - 1].endswith("\r")
        lines[number - 1] = change(lines[number - 1].removesuffix("\r"), separator) + end
        assume(bool(lines[number - 1].strip()))
        path = tmp_path / "file"
        path.write_bytes("\n".join(lines).encode())
        problems = Problems()
        examples = file.reader.read(path, "en", problems)
        (problem,) = problems.errors
        assert (problem.path, problem.line) == (str(path), number)
        assert re.match(r"expected \d+ columns", problem.message)
        assert len(examples) == len(file.examples) - 1

    check()


@pytest.mark.parametrize("kind", ["jsonl", "choice_jsonl"])
def test_a_broken_object_is_one_error(kind: str, tmp_path: Path):
    @QUICK
    @given(KINDS[kind](), some.data())
    def check(file: Valid, data: some.DataObject) -> None:
        content = gzip.decompress(file.content) if file.name.endswith(".gz") else file.content
        lines = content.decode().removeprefix("\ufeff").split("\n")
        number = data.draw(some.integers(1, len(file.examples)))
        line = lines[number - 1].rstrip("\r")
        record = json.loads(line)
        key = data.draw(some.sampled_from(sorted(record)))
        again = json.dumps({key: 1})[1:-1]
        broken = {
            f"{line[:-1]}, {again}}}": r"key .* stands twice in one object, at columns 2?",
            line[: data.draw(some.integers(1, len(line) - 1))]: "not JSON: ",
            f"[{line}]": "expected a JSON object, found list",
        }
        lines[number - 1], message = data.draw(some.sampled_from(sorted(broken.items())))
        path = tmp_path / "file"
        path.write_bytes("\n".join(lines).encode())
        problems = Problems()
        examples = file.reader.read(path, "en", problems)
        (problem,) = problems.errors
        assert (problem.path, problem.line) == (str(path), number)
        assert re.match(message, problem.message)
        assert len(examples) == len(file.examples) - 1

    check()


LONG = {
    "latin": "Ek dopahar boodha kaptaan bandargaah ki deevaar ke saath dheere dheere chal raha tha",
    "nagari": "एक दोपहर बूढ़ा कप्तान बंदरगाह की दीवार के साथ धीरे धीरे चल रहा था और दूर समुद्र में डूबती हुई नाव को देखकर",
    "cyrillic": "Однажды днём старый капитан медленно шёл вдоль стены гавани к морю и молча смотрел",
}


@pytest.mark.parametrize(
    ("code", "script", "expected"),
    [
        ("hi-Latn", "latin", []),
        ("hi", "nagari", []),
        ("hi", "latin", [": warning: 0% of the letters are DEVANAGARI, as expected of Hindi (hi), most others are"]),
        (
            "hi-Latn",
            "nagari",
            [": error: 0% of the letters are LATIN, as expected of Hindi (hi-Latn), most others are"],
        ),
        ("kk-Latn", "latin", []),
        ("zh-min-nan", "latin", []),
        ("hi", "cyrillic", [": error: 0% of the letters are DEVANAGARI"]),
    ],
)
def test_the_script_of_the_code_is_expected(code: str, script: str, expected: list[str], tmp_path: Path):
    path = tmp_path / code / "train.tsv"
    path.parent.mkdir()
    path.write_text(f"text\tlabel\n{LONG[script]}\tx\n", encoding="utf-8")
    found = isogloss.validate(f"{tmp_path}/{{language}}/train.tsv", task="topic", format="tsv").problems
    said = [str(problem) for problem in (*found.errors, *found.warnings)]
    # A file that has lost all its labels by its fault is no training file, which is said besides.
    matched([line for line in said if "examples has a gold label" not in line], expected, path)


@pytest.mark.parametrize(
    ("task", "name", "content", "label_map", "labels"),
    [
        ("topic", "tsv", rows("0", "1.0", "-"), {0: "no", 1: "yes", "-": "open"}, {"no", "yes", "open"}),
        ("topic", "jsonl", objects("0", "NaN", "true"), {"NaN": "lost", True: "1"}, {"0", "1", "lost"}),
        ("choice", "choice_jsonl", choices('"a"', '"b"'), {"a": 0, "b": 1}, {"0", "1"}),
        ("ner", "conll", "a\tO\nb\tB-DATE\nc\tnone\n", {"none": "O", "DATE": "DATE"}, {"O", "B-DATE"}),
        ("ner", "conll", "a\tO\nb\tB-DATE\n", {"DATE": "O"}, {"O"}),
        ("pos", "conllu", words("a", tag="N"), {"N": "NOUN"}, {"NOUN"}),
    ],
)
def test_a_label_map_mends_before_anything_is_refused(
    task: str, name: str, content: str, label_map: dict[Any, str], labels: set[str], tmp_path: Path
):
    (tmp_path / "train.x").write_text(content)
    place = {"path": f"{tmp_path}/{{split}}.x", "languages": ["en"], "splits": ["train"]}
    found = isogloss.validate({**BASE, "selection": "last", "steps": 1, "data": {
        "task": task, "format": name, "label_map": label_map, **place}})  # fmt: skip
    assert found.problems.errors == []
    assert set(found.files[0].labels) == labels


def test_formats_that_a_task_does_not_take_are_said_before_reading(tmp_path: Path):
    with pytest.raises(IsoglossError, match="task 'ner' takes conll or parquet, found 'tsv'; a token and its tag on a"):
        isogloss.validate(f"{tmp_path}/{{language}}/train.tsv", task="ner", format="tsv")


def test_several_matches_of_a_pattern_are_one_error(tmp_path: Path):
    for folder in ("UD_German-GSD", "UD_German-HDT"):
        path = tmp_path / folder / f"de_{folder[-3:].lower()}-ud-train.conllu"
        path.parent.mkdir()
        path.write_text(words("a"))
    (problem,) = isogloss.validate(
        f"{tmp_path}/*/{{language}}_*-ud-train.conllu", task="pos", format="conllu"
    ).problems.errors
    assert all(name in problem.message for name in ("de_gsd-ud-train.conllu", "de_hdt-ud-train.conllu"))
    path.unlink()
    assert isogloss.validate(f"{tmp_path}/*/{{language}}_*-ud-train.conllu", task="pos", format="conllu").files


def test_unknown_sub_words_are_a_warning(tmp_path: Path):
    for name, form in (("en.train", "harbour"), ("en.dev", "arbour"), ("ru.dev", "гавань")):
        (tmp_path / f"{name}.conllu").write_text(words(form, form), encoding="utf-8")
    data = {"task": "pos", "format": "conllu", "path": f"{tmp_path}/{{language}}.{{split}}.conllu"}
    found = isogloss.validate({**BASE, "selection": "last", "data": data}).problems
    assert found.errors == []
    matched(
        [str(problem) for problem in found.warnings],
        [r": warning: \d+\.\d% of the sub-words of ru are unknown to the tokenizer"],
        tmp_path / "ru.dev.conllu",
    )


@pytest.mark.parametrize(
    ("number", "message"),
    [
        ("²", "expected an ID such as 1, 1-2 or 1.1, found '²'"),
        ("1\tx", "expected 10 columns separated by tabs, found 11"),
    ],
)
def test_running_text_is_not_put_together_from_broken_lines(number: str, message: str, tmp_path: Path):
    path = tmp_path / "a.conllu"
    path.write_text(words("a", "b") + words("c").replace("1\t", f"{number}\t"), encoding="utf-8")
    problems = Problems()
    (example,) = RunningText().read(path, "en", problems)
    assert example.text == "a b"
    assert [str(problem) for problem in problems.errors] == [f"{path}:4: error: {message}"]


def test_the_layout_of_choices_is_that_of_the_labels(tmp_path: Path):
    told = {"context": "x", "question": "y", "answerA": "a", "answerB": "b", "answerC": "c"}
    path = tmp_path / "a.jsonl"
    path.write_text("".join(json.dumps(one) + "\n" for one in (told, {**told, "label": "2"}, {**told, "label": "3"})))
    problems = Problems()
    assert [example.label for example in ChoiceLines().read(path, "en", problems)] == [None, "1", "2"]
    assert problems.errors == []
    ChoiceLines().write(path, ["0", "1", "0"], tmp_path / "b.jsonl")
    assert [json.loads(line)["label"] for line in (tmp_path / "b.jsonl").read_text().splitlines()] == [1, 2, 1]


def test_fields_longer_than_the_csv_module_reads(tmp_path: Path):
    path = tmp_path / "a.csv"
    path.write_text(rows("a", separator=";") + f'"{"x" * 200_000}";b\n')
    problems = Problems()
    assert [example.label for example in Table(Quoted(";")).read(path, "en", problems)] == ["a", "b"]
    assert problems.errors == []


def test_a_file_of_conllu_with_unpacked_content_under_a_packed_name(tmp_path: Path):
    path = tmp_path / "a.conllu.gz"
    path.write_text(words("a"))
    problems = Problems()
    assert ConllU().read(path, "en", problems) == []
    assert [problem.message[:21] for problem in problems.errors] == ["not a whole gzip file"]

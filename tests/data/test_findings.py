"""What only several lines or files together show, and what is no fault though it looks like one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import isogloss
from isogloss.common.errors import IsoglossError
from isogloss.data import ChoiceLines, ConllU, Problems, Quoted, Table
from isogloss.data.plain import RunningText
from tests.support.methods import BASE
from tests.support.small_files import choices, matched, objects, rows, words

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
        ("ner", "conll", "a\tO\nb\tB-DATE\nc\tB-LOC\n", {"DATE": "O"}, {"O", "B-LOC"}),
        ("pos", "conllu", words("a", tag="N") + words("b", tag="V"), {"N": "NOUN"}, {"NOUN", "V"}),
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
    with pytest.raises(
        IsoglossError, match="task 'ner' takes conll or jsonl or parquet, found 'tsv'; a token and its tag on a"
    ):
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
        (tmp_path / f"{name}.conllu").write_text(words(form) + words(form, form, tag="Y"), encoding="utf-8")
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

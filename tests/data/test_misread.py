"""A file in another format than the recipe says: one error, which names the format to try."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from isogloss.data import Collection
from isogloss.data.misread import looks_like, read_file
from isogloss.data.problems import Problems
from isogloss.data.validate import validate_collections
from isogloss.recipe.names import FORMATS, TASKS

PARAGRAPH = {"context": "Eva reads.", "qas": [{"id": "1", "question": "Who?", "answers": []}]}
FILES = {
    "conllu": "1\tEva\t_\tPROPN\t_\t_\t_\t_\t_\t_\n2\treads\t_\tVERB\t_\t_\t_\t_\t_\t_\n\n" * 3,
    "conll": "Eva\tB-PER\nreads\tO\n\n" * 3,
    "tsv": "premise\thypothesis\tlabel\n" + "Eva reads.\tShe reads.\tyes\n" * 3,
    "csv": "sentence,label\n" + "Eva reads.,yes\n" * 3,
    "jsonl": json.dumps({"premise": "Eva reads.", "hypothesis": "She reads.", "label": "yes"}) + "\n" * 3,
    "choice_jsonl": json.dumps(
        {"premise": "Eva reads.", "choice1": "a", "choice2": "b", "question": "cause", "label": 0}
    )
    + "\n",
    "squad": json.dumps({"data": [{"title": "a", "paragraphs": [PARAGRAPH]}]}, indent=1),
}
"""A file of each format."""

READ_ALL_THE_SAME = {("tsv", "csv"), ("csv", "tsv"), ("choice_jsonl", "jsonl")}
"""Of which the reader says more itself, or which it can read."""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "en.txt"


@pytest.mark.parametrize("held", FILES)
def test_each_format_looks_like_itself(held: str, path: Path):
    path.write_text(FILES[held])
    looks = looks_like(path)
    assert looks is not None and looks.format == held
    problems = Problems()
    assert read_file(FORMATS[held].build(None), path, "en", problems)
    assert not problems.errors
    assert all(held in TASKS[task].formats for task in TASKS if f" {task}" in looks.tasks.replace(",", ""))


@pytest.mark.parametrize("read", [name for name in FORMATS if name != "parquet"])
@pytest.mark.parametrize("held", FILES)
def test_one_error_names_the_format_to_try(held: str, read: str, path: Path):
    path.write_text(FILES[held])
    problems = Problems()
    examples = read_file(FORMATS[read].build(None), path, "en", problems)
    if held == read or (held, read) in READ_ALL_THE_SAME or examples:
        return
    (error,) = problems.errors
    assert f"format: {held}" in error.message
    assert error.message.count("format: ") == 1


@pytest.mark.parametrize(
    "content",
    ["", "Eva reads.\nShe swims.\n", "Eva reads a book .\nShe swims .\n", "{not json\n", "[1, 2]\n", "a\tb\nc\td\n"],
)
def test_nothing_is_guessed_of_what_is_not_clear(content: str, path: Path):
    path.write_text(content)
    assert looks_like(path) is None


def test_lines_that_are_bad_in_a_file_of_the_format_stay_errors_of_their_own(path: Path):
    path.write_text(FILES["conllu"].replace("\tVERB", ""))
    problems = Problems()
    read_file(FORMATS["conllu"].build(None), path, "en", problems)
    assert [error.line for error in problems.errors] == [2, 5, 8]
    assert all("expected 10 columns" in error.message and "looks" not in error.message for error in problems.errors)


def test_a_file_of_texts_is_not_said_to_be_of_tags(path: Path):
    path.write_text(FILES["tsv"])
    collection = Collection("x", FORMATS["conll"].build(None), str(path), languages=("en",), splits={"train": "train"})
    problems, _ = validate_collections([collection], TASKS["ner"].complaint)
    assert str(problems.errors[0]) == (
        f"{path}:1: error: tag 'label' is neither O nor a tag of an entity such as B-PER; the file looks like a "
        "table of texts with tabs: try format: tsv (tasks nli, topic and paraphrase)"
    )
    (path.parent / "en.jsonl").write_text(FILES["jsonl"])
    collection = Collection(
        "x", FORMATS["jsonl"].build(None), str(path.parent / "en.jsonl"), languages=("en",), splits={"train": "train"}
    )
    problems, _ = validate_collections([collection], TASKS["ner"].complaint)
    assert str(problems.errors[0]).endswith("found two texts, which are for tasks nli and paraphrase")


@pytest.mark.parametrize(
    ("held", "times", "cut"),
    [("conll", 1, -2), ("csv", 1, -5), ("jsonl", 2, -30), ("conllu", 1, -20), ("squad", 1, -20), ("tsv", 1, -8)],
)
def test_a_file_that_ends_in_the_middle_of_a_line_is_said_to(held: str, times: int, cut: int, path: Path):
    path.write_text("\n".join([FILES[held].rstrip("\n")] * times)[:cut])
    problems = Problems()
    read_file(FORMATS[held].build(None), path, "en", problems)
    assert str(problems.errors[-1]).endswith("(the file ends here, in the middle of a line: is it whole?)")
    path.write_text(path.read_text() + "\n")
    whole = Problems()
    read_file(FORMATS[held].build(None), path, "en", whole)
    assert whole.errors and not any("whole" in error.message for error in whole.errors)

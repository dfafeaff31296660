"""Questions with alternatives: the published layouts, what is refused, and predictions put back."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from isogloss.common.errors import IsoglossError
from isogloss.data import ChoiceLines, Problems
from tests.support.reading import read

COPA = {
    "premise": "It fell.",
    "choice1": "It broke.",
    "choice2": "It flew.",
    "question": "effect",
    "label": 0,
    "idx": 7,
}
SIQA = {
    "context": "Kai ran.",
    "question": "Why?",
    "answerA": "late",
    "answerB": "hungry",
    "answerC": "bored",
    "correct": "C",
}
OURS = {"context": "x", "question": "", "alternatives": ["a", "b", "c", "d"], "label": 3}


def lines(*records: dict[str, Any]) -> str:
    return "".join(json.dumps(record, ensure_ascii=False) + "\n" for record in records)


def without(record: dict[str, Any], key: str) -> dict[str, Any]:
    return {name: value for name, value in record.items() if name != key}


@pytest.mark.parametrize(
    ("record", "alternatives", "label"),
    [
        (COPA, ("It broke.", "It flew."), "0"),
        (SIQA, ("late", "hungry", "bored"), "2"),
        ({**without(SIQA, "correct"), "label": "1"}, ("late", "hungry", "bored"), "0"),
        (OURS, ("a", "b", "c", "d"), "3"),
    ],
)
def test_layouts(tmp_path: Path, record: dict[str, Any], alternatives: tuple[str, ...], label: str):
    (example,), problems = read(ChoiceLines(), tmp_path / "x.jsonl", lines(record))
    assert (example.alternatives, example.label, problems) == (alternatives, label, [])


def test_words_become_questions(tmp_path: Path):
    (example,), _ = read(ChoiceLines(), tmp_path / "x.jsonl", lines(COPA))
    assert (example.id, example.context, example.question) == ("7", "It fell.", "What happened as a result?")
    (example,), _ = read(ChoiceLines({"effect": "Imataq?"}), tmp_path / "x.jsonl", lines(COPA))
    assert example.question == "Imataq?"
    (example,), _ = read(ChoiceLines({}), tmp_path / "x.jsonl", lines(COPA))
    assert example.question == "effect"


@pytest.mark.parametrize("label", [None, "", -1])
def test_no_label(tmp_path: Path, label: Any):
    examples, problems = read(ChoiceLines(), tmp_path / "x.jsonl", lines({**COPA, "label": label}))
    assert ([example.label for example in examples], problems) == ([None], [])
    assert read(ChoiceLines(), tmp_path / "x.jsonl", lines(without(COPA, "label")))[0][0].label is None


@pytest.mark.parametrize(
    ("record", "complaint"),
    [
        ({**COPA, "label": 2}, "'label' is 2, but must be one of 0, 1"),
        ({**COPA, "label": True}, "'label' is True, but must be one of 0, 1"),
        ({**COPA, "label": [0]}, "'label' is [0], but must be one of 0, 1"),
        ({**SIQA, "correct": "D"}, "'correct' is 'D', but must be one of A, B, C"),
        ({**COPA, "choice2": " "}, "'choice2' is empty"),
        ({**COPA, "premise": 3}, "'premise' is of type int, not a string"),
        ({**COPA, "choice2": None}, "'choice2' is of type NoneType, not a string"),
        ({**OURS, "alternatives": ["a"]}, "'alternatives' is ['a'], not a list of at least two texts"),
        ({**OURS, "alternatives": ["a", 2], "label": 0}, "'alternatives[1]' is of type int, not a string"),
        ({**COPA, "premise": "\ud800"}, "'premise' holds a lone surrogate, which is not a character"),
    ],
)
def test_what_is_refused(tmp_path: Path, record: dict[str, Any], complaint: str):
    good = OURS if "alternatives" in record else SIQA if "answerA" in record else COPA
    text = lines(good) + json.dumps(record) + "\n"
    examples, problems = read(ChoiceLines(), tmp_path / "x.jsonl", text)
    assert ([example.line for example in examples], problems) == ([1], [f"file:2: error: {complaint}"])


def test_missing_keys(tmp_path: Path):
    _, problems = read(ChoiceLines(), tmp_path / "x.jsonl", lines({**without(COPA, "premise"), "premises": "x"}))
    assert [problem.split("(")[0] for problem in problems] == [
        "file:1: error: no key 'premise'; did you mean 'premises'? "
    ]
    _, problems = read(ChoiceLines(), tmp_path / "x.jsonl", '{"text": "a"}\n')
    assert problems[0].startswith("file:1: error: no key of a first alternative (looked for choice1, answerA, alternat")
    _, problems = read(ChoiceLines(), tmp_path / "x.jsonl", "[1]\n")
    assert problems == ["file:1: error: expected a JSON object, found list"]


def test_equal_alternatives_are_said(tmp_path: Path):
    examples, problems = read(ChoiceLines(), tmp_path / "x.jsonl", lines({**COPA, "choice2": "It broke. "}))
    assert (len(examples), problems) == (1, ["file:1: warning: two alternatives are the same"])


@pytest.mark.parametrize(("record", "spelt"), [(COPA, 1), (SIQA, "B"), (OURS, 1), (without(COPA, "label"), 1)])
def test_predictions_put_back(tmp_path: Path, record: dict[str, Any], spelt: int | str):
    source = tmp_path / "x.jsonl"
    source.write_text(lines(record), encoding="utf-8")
    ChoiceLines().write(source, ["1"], tmp_path / "y.jsonl")
    key = "correct" if record is SIQA else "label"
    assert (tmp_path / "y.jsonl").read_text(encoding="utf-8") == lines({**record, key: spelt})
    assert ChoiceLines().read(tmp_path / "y.jsonl", "en", Problems())[0].label == "1"


def test_predictions_that_are_no_alternative(tmp_path: Path):
    source = tmp_path / "x.jsonl"
    source.write_text(lines(COPA), encoding="utf-8")
    with pytest.raises(IsoglossError, match=r"x.jsonl:1: there are alternatives 0 to 1, but the prediction is '2'"):
        ChoiceLines().write(source, ["2"], tmp_path / "y.jsonl")
    assert not (tmp_path / "y.jsonl").exists()


def test_the_shared_files(shared_data: Path):
    numbers = {}
    for path in sorted((shared_data / "copa").glob("**/*.jsonl")):
        problems = Problems()
        examples = ChoiceLines().read(path, "en", problems)
        assert not problems.errors
        assert all(example.label is not None for example in examples)
        numbers[str(path.relative_to(shared_data / "copa"))] = len(examples)
    assert numbers["siqa/en/dev.jsonl"] == 1954
    assert (numbers["en/train.jsonl"], numbers["qu/test.jsonl"]) == (400, 500)

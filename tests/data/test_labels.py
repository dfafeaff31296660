"""What a gold label is, the same in every format of texts."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from isogloss.data import COMMA, ChoiceLines, Collection, Format, JsonLines, Problems, Table
from isogloss.data.chunks import renaming
from isogloss.data.labels import as_text
from isogloss.data.parquet import Parquet
from tests.support.hub import parquet

FORMATS: dict[str, Format] = {"tsv": Table(), "csv": Table(COMMA), "jsonl": JsonLines(), "parquet": Parquet()}


def write(path: Path, labels: Sequence[Any]) -> Path:
    """A file of texts with these labels, in the format that its ending says."""
    texts = [f"text {number}" for number, _ in enumerate(labels)]
    rows = [("text", "label"), *zip(texts, map(as_text, labels), strict=True)]
    if path.suffix == ".parquet":
        path.write_bytes(parquet({"text": texts, "label": list(labels)}))
    elif path.suffix == ".jsonl":
        pairs = zip(texts, labels, strict=True)
        path.write_text("".join(json.dumps({"text": text, "label": label}) + "\n" for text, label in pairs))
    elif path.suffix == ".csv":
        stream = io.StringIO()
        csv.writer(stream, lineterminator="\n").writerows(rows)
        path.write_text(stream.getvalue())
    else:
        path.write_text("".join("\t".join(row) + "\n" for row in rows))
    return path


def read(name: str, folder: Path, labels: Sequence[Any], **label_map: str) -> tuple[list[str | None], list[str]]:
    """The labels that come out, and the problems without path and line."""
    path, problems = write(folder / f"x.{name}", labels), Problems()
    examples = Collection("x", FORMATS[name], str(path), ("en",), {"train": "train"}, label_map).read(
        "en", "train", problems
    )
    found = [example.label for example in examples if not isinstance(example, tuple)]  # type: ignore[union-attr]
    return found, [f"{problem.severity}: {problem.message}" for problem in (*problems.errors, *problems.warnings)]


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize(
    ("labels", "missing"),
    [
        (["a", "-", "b", "-"], 2),  # SNLI and MNLI
        (["a", "", "b"], 1),
        (["a", None, "b"], 1),
        ([0, -1, 1], 1),  # copies on hubs
        (["0", "-1", "1"], 1),
        ([0.0, -1.0, 1.0], 1),  # pandas, where a value was missing once
        ([0, None, 1], 1),
    ],
)
def test_no_gold_label_is_no_class(tmp_path: Path, name: str, labels: list[Any], missing: int):
    found, problems = read(name, tmp_path, labels)
    assert len(found) == len(labels)
    assert found.count(None) == missing
    assert {label for label in found if label is not None} == ({"a", "b"} if "a" in labels else {"0", "1"})
    total = f"{missing} of {len(labels)} examples (first here), left out of training and scores"
    assert problems == [f"warning: no gold label: {total}"]


@pytest.mark.parametrize("name", FORMATS)
def test_what_a_label_map_names_is_a_label(tmp_path: Path, name: str):
    assert read(name, tmp_path, ["+", "-"], **{"-": "minus"}) == (["+", "minus"], [])
    assert read(name, tmp_path, ["+", "-"], **{"-": "-"}) == (["+", "-"], [])
    assert read(name, tmp_path, [1, -1], **{"-1": "minus"}) == (["1", "minus"], [])
    assert read(name, tmp_path, [1.0, 0.0], **{"1": "yes", "0.0": "no"}) == (["yes", "no"], [])
    assert read(name, tmp_path, ["nan", "zho"], nan="nan") == (["nan", "zho"], [])


@pytest.mark.parametrize("name", FORMATS)
def test_equal_numbers_are_one_class(tmp_path: Path, name: str):
    assert read(name, tmp_path, [1, 2]) == (["1", "2"], [])
    assert read(name, tmp_path, [1.0, 2.0]) == (["1", "2"], [])
    assert read(name, tmp_path, ["1.0", "2", "2.0", "1.10"]) == (["1", "2", "2", "1.10"], [])
    assert read(name, tmp_path, [1.5, 2.0]) == (["1.5", "2"], [])
    assert read(name, tmp_path, [True, False]) == (["true", "false"], [])


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("value", [float("nan"), float("inf"), "nan", "NaN"])
def test_a_number_that_is_none_is_an_error(tmp_path: Path, name: str, value: Any):
    found, problems = read(name, tmp_path, [value, type(value)("1")])
    written = as_text(value)
    assert found == ["1"]
    assert problems == [
        f"error: the label is {written}, which is no number: leave it empty (in JSON: null) where there is no gold "
        f"label; label_map {{{written}: {written}}} keeps it as the name of a class"
    ]


@pytest.mark.parametrize("name", FORMATS)
def test_a_truth_value_has_one_spelling(tmp_path: Path, name: str):
    message = (
        "error: label {!r}, but {!r} in line {}: two spellings of one truth value; label_map renames one, such as "
    )
    line = 1 if name in ("jsonl", "parquet") else 2
    _, problems = read(name, tmp_path, ["1", "0", "true"])
    assert problems == [message.format("true", "1", line) + "{true: 1}"]
    _, problems = read(name, tmp_path, ["False", "true"])
    assert problems == [message.format("true", "False", line) + "{true: False}"]
    assert read(name, tmp_path, ["1", "0", "true"], true="1") == (["1", "0", "1"], [])
    assert read(name, tmp_path, ["true", "half true", "3"])[1] == []


def test_mixed_values_of_json(tmp_path: Path):
    (tmp_path / "x.jsonl").write_text(
        "".join(f'{{"text": "a", "label": {label}}}\n' for label in ("1", "1.0", "10e-1", '"1"', '" 1.0 "', "-1e0"))
    )
    problems = Problems()
    examples = JsonLines().read(tmp_path / "x.jsonl", "en", problems)
    assert [example.label for example in examples] == ["1"] * 5 + [None]
    assert not problems.errors


def test_class_labels_without_gold(tmp_path: Path):
    (tmp_path / "x.parquet").write_bytes(
        parquet({"text": ["a", "b", "c"], "label": [1, -1, 0]}, {"label": ["-", "yes"]})
    )
    examples = Parquet().read(tmp_path / "x.parquet", "en", Problems())
    assert [getattr(example, "label", "") for example in examples] == ["yes", None, None]


@pytest.mark.parametrize(
    ("label", "label_map", "position"),
    [
        ("-", {}, None),
        (-1.0, {}, None),
        ("1.0", {}, "1"),
        (0.0, {}, "0"),
        ("second", {"first": "0", "second": "1"}, "1"),
        (-1, {"-1": "0"}, "0"),
    ],
)
def test_alternatives_follow_the_same_rules(
    tmp_path: Path, label: Any, label_map: dict[str, str], position: str | None
):
    record = {
        "premise": "It fell.",
        "question": "effect",
        "choice1": "It broke.",
        "choice2": "It flew.",
        "label": label,
    }
    (tmp_path / "x.jsonl").write_text(json.dumps(record) + "\n")
    problems = Problems()
    (example,) = ChoiceLines().read(tmp_path / "x.jsonl", "en", problems, label_map)
    assert (example.label, problems.errors) == (position, [])


def test_tags_are_no_labels_of_texts(tmp_path: Path):
    content = parquet({"tokens": [["a", "b"], ["c", "d"], ["e"]], "tags": [["-", "1.0"], ["-", "X"], ["nan"]]}, {})
    (tmp_path / "x.parquet").write_bytes(content)
    problems = Problems()
    found = Parquet().read(tmp_path / "x.parquet", "en", problems)
    assert [getattr(sentence, "tags", None) for sentence in found] == [("-", "1.0"), ("-", "X"), ("nan",)]
    (tmp_path / "x.parquet").write_bytes(parquet({"tokens": [["a", "b"], ["c"]], "tags": [[3, 4], [-1]]}, {}))
    found = Parquet().read(tmp_path / "x.parquet", "en", problems)
    assert [getattr(sentence, "tags", "") for sentence in found] == [("3", "4"), None]
    assert not problems.errors


WORDS = some.sampled_from(
    ["a", "-", "", "-1", "0", "1.0", "1", "true", "True", "NaN", "inf", "10.00", "1.", "None", "é"]
)
COLUMNS = some.one_of(
    some.lists(some.one_of(WORDS, some.none()), min_size=1, max_size=6),
    some.lists(some.one_of(some.integers(-2, 3), some.none()), min_size=1, max_size=6),
    some.lists(some.one_of(some.floats(), some.none()), min_size=1, max_size=6),
    some.lists(some.one_of(some.booleans(), some.none()), min_size=1, max_size=6),
)


def test_every_format_reads_the_same_labels(tmp_path: Path):
    @settings(max_examples=150, deadline=None, database=None, derandomize=True, suppress_health_check=list(HealthCheck))
    @given(COLUMNS, some.dictionaries(WORDS.filter(bool), some.sampled_from(["a", "b", "1"]), max_size=2))
    def check(labels: list[Any], label_map: dict[str, str]) -> None:
        found = {name: read(name, tmp_path, labels, **label_map) for name in FORMATS}
        for name, (read_labels, problems) in found.items():
            # Lines differ, by the header.
            said = [problem.split(" in line ")[0] for problem in problems]
            assert (read_labels, said) == (found["jsonl"][0], [p.split(" in line ")[0] for p in found["jsonl"][1]]), (
                name
            )

    check()


@pytest.mark.parametrize(
    ("label", "trained", "said"),
    [
        ("Neutral", ["entailment", "neutral"], "label_map: {Neutral: neutral} renames it, {Neutral: Neutral} keeps it"),
        ("B-PERSON", ["B-PER", "O"], "label_map: {PERSON: PER} renames it, {PERSON: O} takes it out, {PERSON: PERSON}"),
        ("B-MISC", ["B-PER", "O"], "label_map: {MISC: O} takes it out, {MISC: MISC} keeps it"),
        # A number is not near another one.
        ("10", ["1"], "label_map renames it, or {10: 10} keeps it"),
    ],
)
def test_a_label_in_another_spelling_is_renamed(label: str, trained: list[str], said: str):
    assert renaming(label, trained).startswith(said)

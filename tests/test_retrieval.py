"""Retrieval as a user calls it: from files to rows, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import isogloss
from isogloss.errors import IsoglossError
from isogloss.evaluation import COLUMNS
from tests.world import tagged, write_encoder


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An encoder, and files whose translations are the sentences themselves (fr), or in reverse order (ru)."""
    folder = tmp_path_factory.mktemp("retrieval")
    write_encoder(folder)
    for language in ("fr", "ru"):
        texts = [f"{number} " + " ".join(word for word, _ in s) for number, s in enumerate(tagged(language, 10, 1))]
        others = texts if language == "fr" else texts[::-1]
        lines = [f"{text}\t{other}\n" for text, other in zip(texts, others, strict=True)]
        (folder / f"{language}-en.tsv").write_text("".join(lines), encoding="utf-8")
    return folder


def call(place: Path, **changes: Any) -> list[dict[str, Any]]:
    return isogloss.retrieve(place / "encoder", **{"data": f"{place}/{{language}}-en.tsv", **changes})


def test_rows(place: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path):
    rows = call(place, layers=[0, 1], output=tmp_path / "out" / "rows.jsonl")
    assert all(tuple(row) == COLUMNS for row in rows)
    assert [(row["language"], row["context_language"], row["metric"], row["value"], row["n"]) for row in rows] == [
        ("fr", "en", "accuracy_layer_0", 1.0, 10),
        ("fr", "en", "accuracy_layer_1", 1.0, 10),
        ("ru", "en", "accuracy_layer_0", 0.0, 10),
        ("ru", "en", "accuracy_layer_1", 0.0, 10),
    ]
    assert [json.loads(line) for line in (tmp_path / "out" / "rows.jsonl").read_text().splitlines()] == rows
    shown = capsys.readouterr().out
    assert [line.split() for line in shown.splitlines() if "→" in line or "mean" in line] == [
        ["fr", "→", "en", "10", "100.0", "100.0"],
        ["ru", "→", "en", "10", "0.0", "0.0"],
        ["mean", "50.0", "50.0"],
    ]


def test_the_middle_layer_and_the_other_switches(place: Path):
    (row,) = call(place, languages=["fr"])
    assert row["metric"] == "accuracy_layer_1"  # of one layer
    (row,) = call(place, languages=["fr"], centred=True, csls=3, direction="backward", translations="de")
    assert (row["language"], row["context_language"]) == ("de", "fr")
    assert (row["metric"], row["value"]) == ("accuracy_layer_1_centred_csls_3", 1.0)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "no example in this file"),
        ("a\tb\nc\n", r":2: error: expected 2 columns, as in the first row, found 1"),
        ("a\t\n", r":1: error: the pair is empty"),
        ("a\n", r"no column 1 \(the pair\) in a row of 1"),
    ],
)
def test_files_that_are_not_parallel(place: Path, tmp_path: Path, content: str, message: str):
    (tmp_path / "fr-en.tsv").write_text(content, encoding="utf-8")
    with pytest.raises(IsoglossError, match=message):
        call(place, data=f"{tmp_path}/{{language}}-en.tsv", output=tmp_path / "rows.jsonl")
    assert not (tmp_path / "rows.jsonl").exists()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"layers": [2]}, r"layers: the model has layers 0 \(the embeddings\) to 1, found 2"),
        ({"direction": "backwards"}, "direction: 'backwards' is unknown; did you mean 'backward'"),
        ({"csls": 0}, "csls: the number of neighbours must be at least 1, found 0"),
        ({"languages": ["sw"]}, "no such file"),
    ],
)
def test_arguments(place: Path, changes: dict[str, Any], message: str):
    with pytest.raises(IsoglossError, match=message):
        call(place, **changes)

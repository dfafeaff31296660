"""The public benchmarks, as they are."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from isogloss.data import ConllU, Format, Problems, Squad, Table, TokenTag, check_collection_language

pytestmark = pytest.mark.slow

FORMATS = {
    "ud": (ConllU(), 37),
    "pud": (ConllU(), 11),
    "ner": (TokenTag(), 34),
    "pos_masakha": (TokenTag(), 9),
    "sib200": (Table(), 39),
    "nli": (Table(), 34),
    "qa": (Squad(), 15),
}


@pytest.mark.parametrize("name", FORMATS)
def test_every_file_is_read_whole_and_in_its_language(shared_data: Path, name: str):
    file_format, number = FORMATS[name]
    with (shared_data / "manifest.tsv").open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file, delimiter="\t") if row["path"].startswith(f"{name}/")]
    rows = [row for row in rows if not row["path"].endswith(".csv")]
    assert len(rows) == number
    problems = Problems()
    for row in rows:
        path = shared_data / row["path"]
        examples = file_format.read(path, row["lang"], problems)
        check_collection_language(examples, row["lang"], path, problems)
        assert len(examples) == int(row["items"]), row["path"]
    assert problems.errors == []


@pytest.mark.parametrize(
    ("path", "file_format"),
    [
        ("ud/fr/dev.conllu", ConllU()),
        ("ner/wikiann/es/dev.tsv", TokenTag()),
        ("sib200/te/dev.tsv", Table()),
        ("nli/xnli/zh/dev.tsv", Table()),
    ],
)
def test_writing_the_gold_labels_gives_the_same_file(
    shared_data: Path, tmp_path: Path, path: Path, file_format: Format
):
    examples = file_format.read(shared_data / path, "en", Problems())
    gold = [getattr(example, "tags", None) or getattr(example, "label", None) for example in examples]
    file_format.write(shared_data / path, gold, tmp_path / "copy")
    assert (tmp_path / "copy").read_bytes() == (shared_data / path).read_bytes()

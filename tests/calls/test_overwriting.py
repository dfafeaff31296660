"""Predictions take the place of labels, and of nothing else that a file holds."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

import isogloss
from isogloss.calls.destination import check_replaced
from isogloss.common.errors import IsoglossError
from isogloss.data import Problems, Table
from isogloss.data.parquet import Parquet
from isogloss.examples import TaggedSentence
from tests.support.hub import parquet

RAW = "ta lo wi\nwi ker ta\n\nlo sh lo\n"


SEEMS = "seems to be raw text, one sentence a line .format lines., or to have another column"


@pytest.mark.parametrize("xtreme", [False, True])
@pytest.mark.parametrize(
    ("task", "name", "content", "message"),
    [
        ("ner", "raw.conll", RAW, rf"raw\.conll:1: the tag of 'ta' would be 'wi', .*{SEEMS}"),
        ("ner", "raw.conll", "ta O\nlo O\n\nlo sh\n", r"raw\.conll:4: the tag of 'lo' would be 'sh'"),
        ("ner", "raw.conll", "ta lo\nlo sh wi\n", "raw text, one sentence a line"),
        ("ner", "columns.conll", "ta O NNP\nlo O NN\n", r"the tag of 'ta' would be 'NNP'"),
        ("pos", "xpos.conllu", "1\tta\t_\tNN\t_\t_\t_\t_\t_\t_\n\n", r"xpos\.conllu:1: the tag of 'ta' would be 'NN'"),
        (
            "nli",
            "a.tsv",
            "premise\thypothesis\tlabel\na\tb\tneutral\nc\td\tmaybe so\n",
            r"a\.tsv:3: the label would be",
        ),
        ("topic", "a.jsonl", '{"text": "a", "category": "sea"}\n', r"a\.jsonl:1: the label would be 'sea'.*sport"),
    ],
)
def test_nothing_but_labels_is_overwritten(
    task: str,
    name: str,
    content: str,
    message: str,
    xtreme: bool,
    trained: Callable[[str], Path],
    tmp_path: Path,
    no_prediction: None,
):
    (tmp_path / name).write_text(content)
    with pytest.raises(IsoglossError, match=message):
        isogloss.predict(trained(task), tmp_path / name, language="en", xtreme=xtreme)
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_a_column_of_parquet_that_holds_no_tags_is_kept(
    trained: Callable[[str], Path], tmp_path: Path, no_prediction: None
):
    path = tmp_path / "lemmas.parquet"
    path.write_bytes(parquet({"tokens": [["a", "b"]], "tags": [["NOUN", "bee"]]}))
    with pytest.raises(IsoglossError, match=r"lemmas\.parquet:1: the tag of 'b' would be 'bee'"):
        isogloss.predict(trained("pos"), path, language="en", format="parquet")


def test_labels_that_the_recipe_renames_are_labels():
    sentence = TaggedSentence("1", "en", ("a", "b"), ("B-DATE", "B-PERSON"), "file", 1)
    names = {"DATE": "O", "PERSON": "PER"}
    check_replaced([sentence], ("O", "B-PER"), [{}, names])
    with pytest.raises(IsoglossError, match="file:1: the tag of 'a' would be 'B-DATE', which is no label of the model"):
        check_replaced([sentence], ("O", "B-PER"), [{}])


@pytest.mark.parametrize(
    ("task", "name", "content", "label_map"),
    [
        ("ner", "a.conll", "ta O\nlo B-PERSON\nwi none\n", {"PERSON": "PER", "none": "O"}),
        ("ner", "a.conll", "ta B-PER\nlo I-PER\nwi none\n\nta O\n", {"none": "O"}),
        ("pos", "a.conllu", "1\tta\t_\tN\t_\t_\t_\t_\t_\t_\n\n", {"N": "NOUN"}),
        ("topic", "a.jsonl", '{"text": "a", "label": NaN}\n{"text": "b", "label": "sport"}\n', {}),
        ("nli", "a.tsv", "premise\thypothesis\tlabel\na\tb\tNaN\nc\td\t2\n", {"2": "contradiction"}),
        ("choice", "a.jsonl", '{"premise": "x", "question": "y", "choice1": "a", "choice2": "b", "label": NaN}\n', {}),
        (
            *("choice", "a.jsonl"),
            *('{"premise": "x", "question": "y", "choice1": "a", "choice2": "b", "label": "first"}\n', {"first": "0"}),
        ),
    ],
)
def test_labels_that_only_a_label_map_mends_and_lost_ones_are_overwritten(
    task: str,
    name: str,
    content: str,
    label_map: dict[str, str],
    trained: Callable[[str], Path],
    tmp_path: Path,
):
    run = Path(shutil.copytree(trained(task), tmp_path / "run"))
    recipe = (run / "recipe.yaml").read_text(encoding="utf-8")
    assert recipe.count("label_map: {}") == 1
    (run / "recipe.yaml").write_text(recipe.replace("label_map: {}", f"label_map: {json.dumps(label_map)}"))
    (tmp_path / name).write_text(content)
    written = isogloss.predict(run, tmp_path / name, language="en").read_text()
    assert len(written.splitlines()) == len(content.splitlines())
    assert not any(old in written for old in ("NaN", "none", "PERSON", "first", "\t2", "\tN\t"))


def test_placeholders_are_replaced(trained: Callable[[str], Path], tmp_path: Path):
    (tmp_path / "open.conll").write_text("ta -\nlo O\n\nwi _\n")
    written = isogloss.predict(trained("ner"), tmp_path / "open.conll", language="en")
    assert [line.split(" ")[0] for line in written.read_text().splitlines()] == ["ta", "lo", "", "wi"]


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ('{"text": "a"}\n{"text": "b", "label": "an essay"}\n', ["text", "label", "predicted_label"]),
        ('{"text": "a"}\n{"text": "b"}\n', ["text", "label"]),
    ],
)
def test_a_key_that_was_not_read_as_the_label_is_kept(
    source: str, expected: list[str], trained: Callable[[str], Path], tmp_path: Path
):
    (tmp_path / "a.jsonl").write_text(source)
    written = isogloss.predict(trained("topic"), tmp_path / "a.jsonl", language="en").read_text().splitlines()
    last = json.loads(written[-1])
    assert list(last) == expected
    assert last.get("label") == "an essay" or "predicted_label" not in last


def test_a_column_that_was_not_read_as_the_label_is_kept(tmp_path: Path):
    table = Table(columns={"text": "text"})
    (tmp_path / "a.tsv").write_text("text\tlabel\na\tan essay\n")
    table.write(tmp_path / "a.tsv", ["sport"], tmp_path / "b.tsv")
    assert (tmp_path / "b.tsv").read_text() == "text\tlabel\tpredicted_label\na\tan essay\tsport\n"
    (tmp_path / "a.parquet").write_bytes(parquet({"text": ["a"], "label": ["an essay"]}))
    Parquet({"text": "text"}).write(tmp_path / "a.parquet", ["sport"], tmp_path / "b.parquet")
    (example,) = Parquet({"text": "text", "label": "predicted_label"}).read(tmp_path / "b.parquet", "en", Problems())
    assert example.label == "sport"

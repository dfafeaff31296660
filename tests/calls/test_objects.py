"""Lists of mappings, DataFrames and Datasets where a recipe names files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas
import pytest
import yaml
from datasets import ClassLabel, Dataset, DatasetDict, Features, List, Value

import isogloss
from isogloss import IsoglossError
from isogloss.calls.objects import objects_of
from isogloss.data.conll import TokenTag
from isogloss.data.objects import as_squad, rows_of
from isogloss.data.problems import Problems
from isogloss.data.squad import Squad
from tests.support.runs import predictions, short

NAMES = ["O", "B-PER", "I-PER", "B-LOC", "I-LOC"]


def rows(world: Path, language: str, split: str) -> list[dict[str, Any]]:
    sentences = TokenTag().read(world / "ner" / language / f"{split}.conll", language, Problems())
    return [{"tokens": list(one.tokens), "ner_tags": list(one.tags or ())} for one in sentences]


def objects(world: Path, **changes: Any) -> dict[str, Any]:
    """English as a DatasetDict with numbers, French as DataFrames, German as lists of mappings."""
    features = Features({"tokens": List(Value("string")), "ner_tags": List(ClassLabel(names=NAMES))})
    english = DatasetDict(
        {
            name: Dataset.from_list(rows(world, "en", split), features=features)
            for name, split in (("train", "train"), ("validation", "dev"))
        }
    )
    french = {split: pandas.DataFrame(rows(world, "fr", split)) for split in ("train", "dev")}
    path = {"en": english, "fr": french, "de": {"dev": rows(world, "de", "dev")}}
    recipe = short("ner", world, train_languages=["en", "fr"], test=False)
    return {**recipe, "data": {"task": "ner", "name": "ner", "path": path}, **changes}


def test_a_run_on_objects_is_one_on_their_files(world: Path, tmp_path: Path):
    run = tmp_path / "run"
    isogloss.train(objects(world), output=run)
    by_file = short("ner", world, train_languages=["en", "fr"], evaluate_languages=["en", "fr", "de"], test=False)
    isogloss.train(by_file, output=tmp_path / "files")
    for language in ("en", "fr", "de"):
        assert predictions(run, "ner", language) == predictions(tmp_path / "files", "ner", language)
    fingerprint = json.loads((run / "fingerprint.json").read_text())
    assert {Path(name).relative_to(run).parts[0] for name in fingerprint["data"]} == {"data"}
    assert len(set(fingerprint["data"].values())) == 5
    entry = yaml.safe_load((run / "recipe.yaml").read_text())["data"][0]
    assert (entry["format"], entry["name"]) == ("jsonl", "ner")
    # A finished run with the same objects is left as it is; with others it is refused.
    assert isogloss.train(objects(world), output=run, resume=True)
    other = objects(world)
    other["data"]["path"]["de"] = {"dev": rows(world, "de", "dev")[:2]}
    with pytest.raises(IsoglossError, match=r"cannot resume, the recipe has changed: data"):
        isogloss.train(other, output=run, resume=True)
    # Later scorings find the objects, and take new ones.
    assert isogloss.evaluate(run, languages=["de"])[0]["n"] == 4
    given = {"name": "mine", "path": {"ru": {"test": rows(world, "ru", "test")[:3]}}}
    found = isogloss.evaluate(run, data=[given], split="test")
    assert {(row["data"], row["language"], row["n"]) for row in found} == {("mine", "ru", 3)}


def test_nothing_is_written_beside_a_run_that_is_there(world: Path, tmp_path: Path):
    (tmp_path / "taken.txt").write_text("")
    with pytest.raises(IsoglossError, match="exists; --resume"):
        isogloss.train(objects(world), output=tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["taken.txt"]


def test_several_seeds_share_their_objects(world: Path, tmp_path: Path):
    isogloss.train(objects(world, seed=[0, 1], steps=1), output=tmp_path / "run")
    assert {path.name for path in (tmp_path / "run").iterdir()} >= {"data", "seed-0", "seed-1"}


def test_objects_are_validated(world: Path):
    assert {file.language for file in isogloss.validate(objects(world)).files} == {"en", "fr", "de"}
    broken = objects(world)
    broken["data"]["path"]["de"] = {"dev": [{"tokens": ["a"], "ner_tags": ["O", "O"]}]}
    assert "1 tokens, but 2 tags" in str(isogloss.validate(broken).problems.errors[0])


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ({"task": "nerr", "path": {}}, r"data\.0\.task: no task 'nerr'; did you mean 'ner'"),
        ({"task": "ner", "path": {}}, r"data\.0\.path: no language in it"),
        ({"task": "ner", "format": "conll", "path": {"en": {}}}, "objects are of no format, found 'conll'"),
        ({"task": "ner", "path": {"en": []}}, r"data\.0\.path\.en: a mapping of splits \(train, dev, test\) to rows"),
        ({"task": "ner", "path": {"en": {"tran": []}}}, "no split 'tran'; did you mean 'train'"),
        ({"task": "ner", "path": {"en": {"dev": "a.txt"}}}, r"path\.en\.dev: rows are a list of mappings"),
        ({"task": "ner", "path": {"en": {"dev": [{"a": b"b"}]}}}, "row 1 cannot be written as JSON: a value of type b"),
    ],
)  # fmt: skip
def test_what_cannot_stand_for_files(entry: dict[str, Any], message: str):
    with pytest.raises(IsoglossError, match=message):
        objects_of({"data": [entry]})


def test_rows_are_plain():
    frame = pandas.DataFrame({"text": ["a", "b"], "label": [1, None], "id": pandas.array([7, None], dtype="Int64")})
    assert rows_of(frame, "x") == [{"text": "a", "label": 1.0, "id": 7}, {"text": "b", "label": None, "id": None}]
    named = Dataset.from_dict({"label": [1, -1]}, features=Features({"label": ClassLabel(names=["no", "yes"])}))
    assert rows_of(named, "x") == [{"label": "yes"}, {"label": -1}]


def test_questions_as_the_hub_has_them(tmp_path: Path):
    answers = {"text": ["Eva", "Ray"], "answer_start": [0, 8]}
    (tmp_path / "qa.json").write_bytes(
        as_squad([{"id": "q", "question": "Who?", "context": "Eva and Ray.", "answers": answers}])
    )
    problems = Problems()
    (found,) = Squad().read(tmp_path / "qa.json", "en", problems)
    assert (found.id, found.context, found.answers) == ("q", "Eva and Ray.", (("Eva", 0), ("Ray", 8)))
    assert problems.errors == []

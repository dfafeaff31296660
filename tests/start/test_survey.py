from __future__ import annotations

import json
from pathlib import Path

import pytest

import isogloss
from isogloss import IsoglossError
from tests.support.methods import BASE
from tests.support.world import LANGUAGES, SIZES, entry


def test_a_recipe_is_surveyed_with_its_tokenizer(world: Path, tmp_path: Path):
    recipe = {**BASE, "data": entry("pos", world / "pos"), "max_length": 8}
    (tmp_path / "recipe.json").write_text(json.dumps(recipe), encoding="utf-8")
    found = isogloss.validate(tmp_path / "recipe.json")
    assert {(file.language, file.split): file.examples for file in found.files} == {
        (language, split): size for split, sizes in SIZES.items() for language, size in sizes.items()
    }
    by_place = {(file.language, file.split): file for file in found.files}
    english = by_place["en", "train"]
    lines = (world / "pos/en/train.conllu").read_text(encoding="utf-8").splitlines()
    tags = [line.split("\t")[3] for line in lines if line[:1].isdigit()]
    assert english.labels == {tag: tags.count(tag) for tag in sorted(set(tags))}
    assert english.unknown == 0  # the tokenizer was trained on it
    assert 0 < (english.overlong or 0) <= 1
    # The characters of German were in no training text.
    assert (by_place["de", "test"].unknown or 0) > 0.05
    assert "unknown sub-words %" in found.table()
    warned = {problem.path: problem.message for problem in found.problems.warnings if "unknown" in problem.message}
    assert set(warned) == {file.path for file in found.files if (file.unknown or 0) > 0.05}
    german = by_place["de", "test"]
    assert warned[german.path].startswith(f"{german.unknown:.1%} of the sub-words of de are unknown to the tokenizer")


def test_files_without_a_recipe_are_counted(world: Path):
    found = isogloss.validate(f"{world}/pos/{{language}}/dev.conllu", task="pos", format="conllu")
    assert {file.language for file in found.files} == set(LANGUAGES)
    assert {(file.overlong, file.unknown) for file in found.files} == {(None, None)}


def test_the_table_names_labels_that_a_file_lacks(tmp_path: Path):
    for split, labels in (("train", "ab"), ("test", "a")):
        rows = "".join(f"the captain walked along the harbour {label}\t{label}\n" for label in labels)
        (tmp_path / f"{split}.tsv").write_text("text\tlabel\n" + rows, encoding="utf-8")
    recipe = {
        **BASE,
        "data": {"task": "topic", "format": "tsv", "path": f"{tmp_path}/{{split}}.tsv", "languages": ["en"]},
        "selection": "last",
    }
    path = tmp_path / "recipe.json"
    path.write_text(json.dumps(recipe), encoding="utf-8")
    *_, train, test = isogloss.validate(path).table().splitlines()
    assert train.split()[2:4] == ["train", "2"]
    assert test.split()[2:4] == ["test", "1"]
    assert test.endswith(" b")
    assert not train.endswith(" b")


def test_a_dev_file_without_a_gold_label_is_an_error_of_its_own(tmp_path: Path):
    for split, label in (("train", "a"), ("dev", "-")):
        text = f"text\tlabel\nthe captain walked along the harbour {split}\t{label}\n"
        (tmp_path / f"{split}.tsv").write_text(text, encoding="utf-8")
    data = {"task": "topic", "format": "tsv", "path": f"{tmp_path}/{{split}}.tsv", "languages": ["en"]}
    (tmp_path / "recipe.json").write_text(json.dumps({**BASE, "data": data}), encoding="utf-8")
    (error,) = isogloss.validate(tmp_path / "recipe.json").problems.errors
    assert str(error).startswith(f"{tmp_path}/dev.tsv:2: error: none of the 1 examples has a gold label to score")


def test_without_files_there_is_one_message(tmp_path: Path):
    with pytest.raises(IsoglossError, match="no task"):
        isogloss.validate(tmp_path / "x.conllu", task="poss", format="conllu")


def test_few_shot_languages_are_trained_on_and_so_looked_at(tmp_path: Path):
    for split in ("train", "dev"):
        for code, text in (("en", "the captain walked along the harbour wall"), ("sw", "bahari ni kubwa sana")):
            path = tmp_path / code / f"{split}.tsv"
            path.parent.mkdir(exist_ok=True)
            rows = f"{text} {split if code == 'en' else ''}\tx\n" + (f"{text} tena\ty\n" if code == "sw" else "")
            path.write_text("text\tlabel\n" + rows, encoding="utf-8")
    recipe = {
        **BASE,
        "data": {"task": "topic", "format": "tsv", "path": f"{tmp_path}/{{language}}/{{split}}.tsv"},
        "train_languages": ["en"],
        "few_shot": 1,
    }
    (tmp_path / "recipe.json").write_text(json.dumps(recipe), encoding="utf-8")
    problems = isogloss.validate(tmp_path / "recipe.json").problems
    assert problems.errors == []  # y is in Swahili's training data, which few-shot takes
    assert any("occurs in the train data of the same language too" in str(found) for found in problems.warnings)

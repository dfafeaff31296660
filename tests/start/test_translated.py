"""Translate-train and translate-test from recipe to rows."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

import isogloss
from isogloss import IsoglossError
from isogloss.common.writing import read_lines
from tests.support.methods import BASE
from tests.support.world import entry, merged

FIVE = {"columns": {"text": 2, "pair": 3, "label": 4}, "source_columns": {"text": 0, "pair": 1, "label": 4}}


@pytest.fixture(scope="module")
def pairs(world: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Inference pairs with XTREME's translations into German, French and Russian."""
    folder = tmp_path_factory.mktemp("translated")
    shutil.copytree(world / "nli", folder / "nli")
    for code in ("de", "fr", "ru"):
        for kind, path in (("train", "en/train.tsv"), ("test", f"{code}/test.tsv")):
            _, *rows = (folder / "nli" / path).read_text(encoding="utf-8").splitlines()
            fields = [row.split("\t") for row in reversed(rows)]  # another order than that of the data
            lines = ["\t".join([*row[:2], *(f"{text} {kind}" for text in row[:2]), row[2]]) + "\n" for row in fields]
            target = folder / f"translate-{kind}" / f"{code}.tsv"
            target.parent.mkdir(exist_ok=True)
            target.write_text("".join(lines), encoding="utf-8")
    return folder


def recipe(folder: Path, **changes: Any) -> dict[str, Any]:
    translations = {kind: {"path": f"{folder}/translate-{kind}/{{language}}.tsv", **FIVE} for kind in ("train", "test")}
    data = {**entry("nli", folder / "nli"), "translations": translations}
    quick = {"data": data, "report_to": "none", "steps": 2, "evaluation_steps": 1, "train_languages": ["en"]}
    return merged({**BASE, **quick, "max_length": 64}, changes)


def test_translate_train_to_translate_test(pairs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    run = tmp_path / "run"
    rows = isogloss.train(recipe(pairs, translate_train=True, test=True), output=run)
    shown = capsys.readouterr()
    assert "training examples: en 24, de 24, fr 24, ru 24" in shown.err
    assert "selection: source-dev + translated: train, split: test" in shown.out
    assert {(tuple(row["train_languages"]), row["view"], row["translated"]) for row in rows} == {
        (("en",), "original", "train")
    }
    translated = isogloss.evaluate(run, split="test", view="translate-test")
    assert {(row["view"], row["translated"], row["test_touches"]) for row in translated} == {
        ("translate-test", "train and test", 2)
    }
    assert "selection: source-dev + view translate-test + translated: train and test" in capsys.readouterr().out
    ids = [
        [row["id"] for row in read_lines(run / "predictions" / name / "nli.de.test.jsonl")]
        for name in ("source-dev", "source-dev.translate-test")
    ]
    assert ids[0] == ids[1]
    # A run that has ended is stored under the original view, and is compared under the view asked for.
    assert isogloss.train(recipe(pairs, translate_train=True, test=True), output=run, resume=True) == rows
    for view, value in (("original", rows), ("translate-test", translated)):
        table = isogloss.compare([run], baseline="multitask", split="test", view=view)
        german = next(
            row["value"]
            for row in value
            if (row["language"], row["metric"], row["split"]) == ("de", "accuracy", "test")
        )
        (line,) = [line for line in table.splitlines() if line.startswith("| nli    | de ")]
        assert line.split("|")[4].strip().startswith(f"{100 * german:.1f}")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"train_languages": ["en", "fr"]}, "translate_train: needs one source language, found en, fr"),
        ({"data": {"translations": {"train": None}}}, "no data entry has translations.train, which names the files"),
        (
            {"data": {"translations": {"train": {"path": "no-{language}.tsv"}}}},
            "(translations.train: no-{language}.tsv)",
        ),
        ({"data": {"translations": {"train": {"path": "de.tsv"}}}}, "'de.tsv' is one file without {language}"),
        ({"evaluate_languages": ["en"]}, "the training language 'en' alone is evaluated"),
        ({"data": {"translations": {"train": {"path": "{lang}.tsv"}}}}, "{language} and {split} only, found 'lang'"),
        (
            {"data": {"translations": {"train": {"source_columns": None}}}},
            "never by place alone: give columns with an id, or source_columns",
        ),
    ],
)
def test_translate_train_refuses(changes: dict[str, Any], message: str, pairs: Path, tmp_path: Path):
    with pytest.raises(IsoglossError) as caught:
        isogloss.train(recipe(pairs, translate_train=True, **changes), output=tmp_path / "run")
    assert message in str(caught.value)
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("changes", "split", "message"),
    [
        ({"data": {"translations": {"test": None}}}, "test", "data 'nli' has no translations.test"),
        ({}, "dev", "holds the test split; with {split} in it, others too"),
    ],
)
def test_the_view_refuses(changes: dict[str, Any], split: str, message: str, pairs: Path, tmp_path: Path):
    isogloss.train(recipe(pairs, steps=1, **changes), output=tmp_path / "run")
    with pytest.raises(IsoglossError) as caught:
        isogloss.evaluate(tmp_path / "run", split=split, view="translate-test")
    assert message in str(caught.value)


def test_translations_are_part_of_the_fingerprint(pairs: Path, tmp_path: Path):
    whole = recipe(pairs, translate_train=True)
    isogloss.train(whole, output=tmp_path / "run")
    files = json.loads((tmp_path / "run" / "fingerprint.json").read_text())["data"]
    assert {Path(name).name for name in files if "translate-train" in name} == {"de.tsv", "fr.tsv", "ru.tsv"}


def test_training_texts_without_a_translation_are_left_out_where_that_is_said(
    pairs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    folder = tmp_path / "data"
    shutil.copytree(pairs, folder)
    german = folder / "translate-train" / "de.tsv"
    rows = german.read_text(encoding="utf-8").splitlines(keepends=True)
    empty = rows[1].split("\t")
    german.write_text("".join(["\t".join([*empty[:2], "", *empty[3:]]), *rows[2:]]), encoding="utf-8")
    with pytest.raises(
        IsoglossError, match=r"de\.tsv:1: error: the text is empty.*; translations\.train\.skip_missing"
    ):
        isogloss.train(recipe(folder, translate_train=True), output=tmp_path / "run")
    skip = {"data": {"translations": {"train": {"skip_missing": True}}}}
    isogloss.train(recipe(folder, translate_train=True, **skip), output=tmp_path / "run")
    said = capsys.readouterr().err
    assert "training examples: en 24, de 22, fr 24, ru 24" in said
    assert "2 of 24 training examples have no translation, or one without labels (0); the first is" in said

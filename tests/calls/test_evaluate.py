"""Scoring a finished run again: on dev and test data, on named and on other data."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import isogloss
from isogloss import IsoglossError
from isogloss.data.corpus import Cell
from isogloss.run.evaluation import COLUMNS
from isogloss.run.folder import RunFolder
from tests.support.runs import rows_of, short
from tests.support.world import LANGUAGES, entry


def test_evaluate_counts_each_look_at_test_data(run: Path):
    before = rows_of(run)
    first = isogloss.evaluate(run, split="test")
    second = isogloss.evaluate(run, split="test", languages=["de", "ru"])
    assert {row["test_touches"] for row in first} == {1}
    assert {(row["language"], row["test_touches"]) for row in second} == {("de", 2), ("ru", 2)}
    assert rows_of(run) == [*before, *first, *second]
    assert all(tuple(row) == COLUMNS for row in first)


def test_evaluate_on_dev_repeats_the_final_scores(run: Path):
    final = [row for row in rows_of(run) if row["selection"] is not None]
    # The rows name the folder of the run, which is a copy here.
    assert [{**row, "run": None} for row in isogloss.evaluate(run)] == [{**row, "run": None} for row in final]


def test_evaluate_on_named_and_on_other_data(run: Path, world: Path, tmp_path: Path):
    assert {row["data"] for row in isogloss.evaluate(run, data=["pos"])} == {"pos"}
    other = shutil.copytree(world / "pos", tmp_path / "other")
    spelt_out = f"{{format: conllu, name: other, path: '{other}/{{language}}/{{split}}.conllu', languages: [de]}}"
    rows = isogloss.evaluate(run, data=[spelt_out, "pos"], split="test")
    assert {(row["data"], row["language"]) for row in rows} == {
        ("other", "de"),
        *(("pos", language) for language in LANGUAGES),
    }


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"data": ["poss"]}, "no data 'poss' in the recipe; did you mean 'pos'"),
        ({"data": ["{formt: conllu, path: x}"]}, "unknown key 'formt'; did you mean 'format'"),
        ({"languages": ["fi"]}, "no file for language 'fi'"),
        ({"split": "train"}, "split: 'train' is unknown"),
        ({"view": "translated"}, "no view 'translated'"),
    ],
)
def test_evaluate_refuses(arguments: dict[str, Any], message: str, run: Path):
    before = rows_of(run)
    with pytest.raises(IsoglossError, match=message):
        isogloss.evaluate(run, **arguments)
    assert rows_of(run) == before


def test_evaluate_on_dev_reads_no_test_file(world: Path, tmp_path: Path):
    pos = Path(shutil.copytree(world / "pos", tmp_path / "pos"))
    isogloss.train(short("pos", world, data=entry("pos", pos), steps=1), output=tmp_path / "run")
    (pos / "de" / "test.conllu").write_text("1\tword\n\n")
    assert {row["split"] for row in isogloss.evaluate(tmp_path / "run")} == {"dev"}
    with pytest.raises(IsoglossError, match=r"de/test\.conllu:1: error: "):
        isogloss.evaluate(tmp_path / "run", split="test")


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"label": None}, r"de/test\.jsonl:1: error: none of the \d+ examples has a gold label to score"),
        ({"label": "art"}, r"'art' \d+ times"),
        ({"text": None}, r"'text' \(the text\) is of type NoneType"),
    ],
)
def test_test_files_that_are_not_scored_are_not_read(
    changed: dict[str, Any], message: str, world: Path, tmp_path: Path
):
    topic = Path(shutil.copytree(world / "topic", tmp_path / "topic"))
    for path in topic.glob("*/test.jsonl"):
        rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
        path.write_text("".join(json.dumps({**row, **changed}) + "\n" for row in rows), encoding="utf-8")
    (topic / "de/dev.jsonl").unlink()  # a language with nothing but test data is none the less evaluated
    data = {"data": entry("topic", topic), "evaluate_languages": ["en", "de"], "steps": 2, "train_languages": ["en"]}
    isogloss.train(short("topic", world, **data), output=tmp_path / "run")
    with pytest.raises(IsoglossError, match=message) as caught:
        isogloss.evaluate(tmp_path / "run", split="test")
    assert "(valid: )" not in str(caught.value)
    with pytest.raises(IsoglossError, match=message):
        isogloss.train(short("topic", world, **data, test=True), output=tmp_path / "other")


def test_evaluating_a_split_that_no_entry_has(world: Path, tmp_path: Path):
    data = {**entry("topic", world / "topic"), "splits": ["train", "dev"]}
    changes = {"evaluate_languages": ["de"], "train_languages": ["en"], "steps": 1, "selection": "last"}
    isogloss.train(short("topic", world, data=data, **changes), output=tmp_path / "run")
    with pytest.raises(IsoglossError, match=r"^evaluate_languages: no data entry has a test file, for 'de' or"):
        isogloss.evaluate(tmp_path / "run", split="test")
    with pytest.raises(IsoglossError, match=r"^languages: no data entry has a test file, for 'en' or any"):
        isogloss.evaluate(tmp_path / "run", split="test", languages="en")
    with pytest.raises(IsoglossError, match=r"^languages: no file for language 'xx' \(valid: "):
        isogloss.evaluate(tmp_path / "run", languages="xx")


def test_an_unfinished_run_is_not_evaluated(run: Path):
    shutil.rmtree(run / "model")
    with pytest.raises(IsoglossError, match=r"has no final model.*--resume"):
        isogloss.evaluate(run)


def test_questions_in_another_language_than_their_contexts(
    trained: Callable[[str], Path], world: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    run = Path(shutil.copytree(trained("qa"), tmp_path / "run"))
    place = f"path: '{world}/qa/{{language}}/{{split}}.json'"
    entries = [f"{{format: squad, name: asked_in_{code}, question_language: {code}, {place}}}" for code in ("en", "de")]
    capsys.readouterr()
    rows = isogloss.evaluate(run, data=entries, languages=["de", "fr"], split="test")
    assert {(row["data"], row["language"], row["context_language"]) for row in rows} == {
        *(("asked_in_en", "en", code) for code in ("de", "fr")),
        *(("asked_in_de", "de", code) for code in ("de", "fr")),
    }
    assert re.findall(r"^asked_in_en +(.*?)  ", capsys.readouterr().out, flags=re.MULTILINE) == ["en on de", "en on fr"]
    # The same files whatever is said of the questions.
    values = {(row["data"], row["context_language"], row["metric"]): row["value"] for row in rows}
    assert all(values["asked_in_de", *rest] == values[data, *rest] for data, *rest in values)
    assert {row["context_language"] for row in rows_of(run)} == set(LANGUAGES)
    final = RunFolder(run).final_rows([Cell("asked_in_en", "de", "test", "en")])
    assert [row for row in rows if row["data"] == "asked_in_en" and row["context_language"] == "de"] == final
    table = isogloss.compare([run], baseline="multitask", split="test")
    assert [line.split("|")[2].strip() for line in table.splitlines() if line.startswith("| asked_in_en")] == [
        *("en on de", "en on fr"),
        *("mean of unseen", "mean"),
    ]

"""A run from training to rows, table and model, on every kind of task."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import AutoModelForTokenClassification, AutoTokenizer

import isogloss
from isogloss import IsoglossError
from isogloss.recipe.names import TASKS
from isogloss.run.evaluation import COLUMNS
from tests.support.runs import rows_of, short
from tests.support.world import LANGUAGES, SIZES, entry, runs_in


@pytest.mark.parametrize("task", TASKS)
def test_every_task_from_training_to_rows(task: str, trained: Callable[[str], Path]):
    run = trained(task)
    rows = rows_of(run)
    assert all(tuple(row) == COLUMNS for row in rows)
    assert {row["task"] for row in rows} == {task}
    assert {row["step"] for row in rows if row["selection"] is None} == {3, 6}
    final = [row for row in rows if row["selection"] is not None]
    metrics = TASKS[task].build(()).metrics
    assert Counter((row["language"], row["metric"]) for row in final) == Counter(
        {(language, metric): 1 for language in LANGUAGES for metric in metrics}
    )
    for row in final:
        assert row["split"] == "dev"
        assert row["n"] == SIZES["dev"][row["language"]]
        assert 0 <= row["value"] <= 1
        assert row["train_languages"] == ["en", "fr", "ru"]
        assert (row["selection"], row["seed"], row["view"], row["test_touches"]) == ("source-dev", 0, "original", None)


def test_the_table_gives_what_the_rows_say(world: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    rows = isogloss.train(short("pos", world), output=tmp_path / "run")
    out = capsys.readouterr().out
    accuracy = {row["language"]: row["value"] for row in rows if row["metric"] == "accuracy"}
    shown = dict(re.findall(r"^pos +(\w\w)(?: \(source\))? +\d+ +([\d.]+)†? ", out, flags=re.MULTILINE))
    assert shown == {language: f"{100 * value:.1f}" for language, value in accuracy.items()}


def test_a_run_without_anything_to_evaluate_ends_with_its_last_weights(world: Path, tmp_path: Path):
    train_only = {**entry("pos", world / "pos"), "splits": ["train"]}
    rows = isogloss.train(short("pos", world, data=train_only, selection="last", steps=1), output=tmp_path / "run")
    assert rows == []
    assert (tmp_path / "run" / "model" / "model.safetensors").exists()


def test_the_test_split_is_scored_when_asked_for(world: Path, tmp_path: Path):
    rows = isogloss.train(short("topic", world, test=True), output=tmp_path / "run")
    assert {(row["split"], row["test_touches"]) for row in rows} == {("dev", None), ("test", 1)}
    isogloss.train(short("topic", world, test=True), output=tmp_path / "run", resume=True)
    assert {(row["split"], row["test_touches"]) for row in rows_of(tmp_path / "run") if row["selection"]} == {
        ("dev", None),
        ("test", 1),  # a run that has ended is not scored again
    }


@pytest.mark.parametrize(
    ("task", "changes", "message"),
    [
        ("pos", {"doc_stride": 8}, "doc_stride: task 'pos' has no questions to answer"),
        ("qa", {"stride": 8}, "stride: task 'qa' has no tagged sentences; the key of questions is doc_stride"),
        ("nli", {"max_answer_length": 8}, "max_answer_length: task 'nli' has no questions to answer"),
        ("qa", {"aggregation": "average"}, "aggregation: task 'qa' has no tokens of several sub-words"),
        ("qa", {"spacing": "text"}, "spacing: task 'qa' has no tokens with spaces between them"),
        ("qa", {"doc_stride": 64}, "doc_stride is 64, but must be from 1 to 59"),
        ("qa", {"data": {"label_map": {"a": "b"}}}, r"data\.0\.label_map: questions have no labels"),
        ("pos", {"data": {"question_language": "en"}}, r"data\.0\.question_language: format 'conllu' has no questions"),
        ("qa", {"data": {"format": "jsonl"}}, r"data\.0\.format: task 'qa' takes squad, found 'jsonl'"),
        ("qa", {"data": {"task": "nli"}}, r"data\.0\.format: task 'nli' takes tsv or csv or jsonl or parquet, found"),
    ],
)
def test_keys_of_questions_are_refused_elsewhere(
    task: str, changes: dict[str, Any], message: str, world: Path, tmp_path: Path
):
    with pytest.raises(IsoglossError, match=message):
        isogloss.train(short(task, world, **changes), output=tmp_path / "run")
    assert not (tmp_path / "run").exists()


PLAIN = """
import json, sys
from transformers import AutoModelForTokenClassification, AutoTokenizer
tokenizer = AutoTokenizer.from_pretrained(sys.argv[1])
model = AutoModelForTokenClassification.from_pretrained(sys.argv[1]).eval()
inputs = tokenizer(sys.argv[2].split(), is_split_into_words=True, return_tensors="pt")
print(json.dumps({"logits": model(**inputs).logits.tolist(), "labels": model.config.id2label, "code": [
    name for name in sys.modules if name.startswith("isogloss")]}))
"""


@pytest.mark.slow
def test_the_final_model_is_plain_transformers(trained: Callable[[str], Path]):
    text, folder = "talo wiker .", trained("pos") / "model"
    done = subprocess.run([sys.executable, "-c", PLAIN, str(folder), text], capture_output=True, text=True, check=True)
    found = json.loads(done.stdout)
    model = AutoModelForTokenClassification.from_pretrained(folder).eval()
    inputs = AutoTokenizer.from_pretrained(folder)(text.split(), is_split_into_words=True, return_tensors="pt")
    with torch.no_grad():
        assert found["logits"] == model(**inputs).logits.tolist()
    assert list(found["labels"].values()) == ["DET", "NOUN", "PUNCT", "VERB"]
    assert found["code"] == []


def test_questions_without_a_findable_answer_teach_nothing(own_world: Path, tmp_path: Path):
    path = own_world / "qa" / "fr" / "train.json"
    content = json.loads(path.read_text(encoding="utf-8"))
    for article in content["data"]:
        for paragraph in article["paragraphs"]:
            for question in paragraph["qas"]:
                question["answers"] = [{"text": "nowhere to be found", "answer_start": 0}]
    path.write_text(json.dumps(content), encoding="utf-8")
    with pytest.raises(IsoglossError, match=r"train\.json: nothing to learn from in the training data of 'fr'"):
        isogloss.train(short("qa", own_world), output=tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_a_run_gets_a_name(world: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    Path("mine.json").write_text(json.dumps(short("pos", world, steps=1)))
    isogloss.train("mine.json")
    isogloss.train("mine.json", overrides=["name=other"])
    assert [path.name for path in runs_in(tmp_path / "runs")] == ["mine-multitask", "other"]

"""The public calls from training to tables, on every kind of task."""

from __future__ import annotations

import json
import re
import shutil
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
from isogloss.data.chunks import to_iob2
from isogloss.data.conll import TokenTag
from isogloss.data.conllu import ConllU
from isogloss.data.corpus import Cell
from isogloss.data.parquet import Parquet
from isogloss.data.problems import Problems
from isogloss.recipe.names import TASKS
from isogloss.run.evaluation import COLUMNS
from isogloss.run.folder import RunFolder
from tests.support.hub import parquet
from tests.support.methods import METHOD_SETTINGS
from tests.support.runs import predictions, rows_of, short
from tests.support.world import (
    LANGUAGES,
    SIZES,
    entry,
    runs_in,
)


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
    shown = dict(re.findall(r"^pos +(\w\w)(?: \(source\))? +\d+ +([\d.]+) ", out, flags=re.MULTILINE))
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
        ({"split": "train"}, "'train' is not evaluated"),
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


@pytest.mark.parametrize("cached", [False, True])
def test_rows_without_gold_label_change_nothing_and_are_predicted(
    cached: bool, world: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("ISOGLOSS_CACHE", str(tmp_path / "cache") if cached else "off")
    folders = {name: Path(shutil.copytree(world / "topic", tmp_path / name / "topic")) for name in ("all", "some")}
    for path in folders["some"].glob("*/*.jsonl"):
        lines = path.read_text(encoding="utf-8").splitlines()
        for place, label in ((0, "-"), (3, -1), (len(lines), None)):
            lines.insert(place, json.dumps({"id": f"new{place}", "text": "sport law", "label": label}))
        path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    for name, folder in folders.items():
        isogloss.train(short("topic", world, data=entry("topic", folder), test=True), output=tmp_path / f"run-{name}")
    plain, given = (tmp_path / f"run-{name}" for name in folders)
    weights = "model/model.safetensors"
    assert (given / weights).read_bytes() == (plain / weights).read_bytes()
    assert [{**row, "run": None} for row in rows_of(given)] == [{**row, "run": None} for row in rows_of(plain)]
    assert predictions(given, "topic", "de") == predictions(plain, "topic", "de")
    source = folders["some"] / "de/dev.jsonl"
    written = isogloss.predict(given, source, language="de", output=tmp_path / "labelled.jsonl")
    found, before = ([json.loads(line) for line in path.read_text("utf-8").splitlines()] for path in (written, source))
    assert [row["id"] for row in found] == [row["id"] for row in before]
    assert {row["label"] for row in found} <= {"sport", "law"}


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
    with pytest.raises(IsoglossError, match="no data entry has a test file, for 'de' or any language"):
        isogloss.evaluate(tmp_path / "run", split="test")


def test_an_unfinished_run_is_not_evaluated(run: Path):
    shutil.rmtree(run / "model")
    with pytest.raises(IsoglossError, match=r"has no final model.*--resume"):
        isogloss.evaluate(run)


@pytest.mark.parametrize(("task", "reader"), [("pos", ConllU()), ("ner", TokenTag())])
def test_predict_tags(task: str, reader: Any, trained: Callable[[str], Path], world: Path, tmp_path: Path):
    run = trained(task)
    source = next((world / task / "ru").glob("dev.*"))
    written = isogloss.predict(run, source, language="ru", output=tmp_path / "out" / "labelled")
    assert written == tmp_path / "out" / "labelled"
    problems = Problems()
    labelled, gold = reader.read(written, "ru", problems), reader.read(source, "ru", Problems())
    # The reader mends tags that begin an entity with I-, as a model may predict them.
    expected = [to_iob2(tags)[0] if task == "ner" else tuple(tags) for tags in predictions(run, task, "ru")]
    assert [sentence.tags for sentence in labelled] == expected
    assert [sentence.tokens for sentence in labelled] == [sentence.tokens for sentence in gold]
    assert len(written.read_text(encoding="utf-8").splitlines()) == len(source.read_text(encoding="utf-8").splitlines())


def test_columns_and_a_star_from_training_to_predictions(world: Path, tmp_path: Path):
    for source in (world / "ner").glob("*/*.conll"):
        language, path = source.parent.name, tmp_path / f"UNER_{source.parent.name}-X" / f"{source.parent.name}_x-ud"
        path.parent.mkdir(exist_ok=True)
        blocks = [block.splitlines() for block in source.read_text(encoding="utf-8").strip().split("\n\n")]
        rows = ["".join(_row(n, *line.split(" ")) for n, line in enumerate(block, start=1)) for block in blocks]
        text = "".join(f"# sent_id = {language}-{n}\n{block}\n" for n, block in enumerate(rows))
        Path(f"{path}-{source.stem}.iob2").write_text(text, encoding="utf-8")
    path = f"{tmp_path}/*/{{language}}_*-ud-{{split}}.iob2"
    data = {"path": path, "name": "uner", "columns": {"tokens": 1, "tags": 2}}
    isogloss.train(short("ner", world, data=data), output=tmp_path / "run")

    source = tmp_path / "UNER_ru-X" / "ru_x-ud-dev.iob2"
    written = isogloss.predict(tmp_path / "run", source, language="ru", output=tmp_path / "labelled")
    lines = [path.read_text(encoding="utf-8").splitlines() for path in (source, written)]
    kept = [[[*line.split("\t")[:2], *line.split("\t")[3:]] for line in text] for text in lines]
    assert kept[0] == kept[1]
    tags = [tag for sentence in predictions(tmp_path / "run", "uner", "ru") for tag in sentence]
    assert [line.split("\t")[2] for line in lines[1] if "\t" in line] == tags

    unlabelled = tmp_path / "unlabelled.iob2"
    unlabelled.write_text("1\tтаба\n2\tми\n", encoding="utf-8")
    written = isogloss.predict(tmp_path / "run", unlabelled, language="ru", output=tmp_path / "labelled")
    assert re.fullmatch(r"1\tтаба\t\S+\n2\tми\t\S+\n", written.read_text(encoding="utf-8"))


def _row(number: int, token: str, tag: str) -> str:
    return f"{number}\t{token}\t{tag}\t-\tan annotator\n"


def test_parquet_from_training_to_predictions(trained: Callable[[str], Path], world: Path, tmp_path: Path):
    for source in (world / "pos").glob("*/*.conllu"):
        sentences = ConllU().read(source, "", Problems())
        columns = {"words": [s.tokens for s in sentences], "upos": [s.tags for s in sentences]}
        path = tmp_path / source.parent.name / f"{source.stem}.parquet"
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(parquet({name: [list(value) for value in values] for name, values in columns.items()}))
    data = {"task": "pos", "format": "parquet", "path": f"{tmp_path}/{{language}}/{{split}}.parquet", "name": "pos"}
    isogloss.train(short("pos", world, data=data), output=tmp_path / "run")
    assert predictions(tmp_path / "run", "pos", "ru") == predictions(trained("pos"), "pos", "ru")
    written = isogloss.predict(tmp_path / "run", tmp_path / "ru/dev.parquet", language="ru")
    assert written == tmp_path / "ru/dev.predicted.parquet"
    labelled = Parquet().read(written, "ru", Problems())
    assert [list(sentence.tags) for sentence in labelled] == predictions(trained("pos"), "pos", "ru")


def test_predict_labels_of_a_table(trained: Callable[[str], Path], own_world: Path):
    source = own_world / "nli/fr/dev.tsv"
    written = isogloss.predict(trained("nli"), source, language="fr")
    assert written == source.with_name("dev.predicted.tsv")
    given, found = (path.read_text(encoding="utf-8").splitlines() for path in (source, written))
    assert [line.split("\t")[:2] for line in found] == [line.split("\t")[:2] for line in given]
    assert [line.split("\t")[2] for line in found[1:]] == predictions(trained("nli"), "nli", "fr")


def test_predict_labels_of_json_lines_without_labels(trained: Callable[[str], Path], world: Path, tmp_path: Path):
    records = [json.loads(line) for line in (world / "topic/de/dev.jsonl").read_text(encoding="utf-8").splitlines()]
    bare = [{name: value for name, value in record.items() if name != "label"} for record in records]
    (tmp_path / "bare.jsonl").write_text("".join(json.dumps(record) + "\n" for record in bare), encoding="utf-8")
    written = isogloss.predict(trained("topic"), tmp_path / "bare.jsonl", language="de")
    found = [json.loads(line) for line in written.read_text(encoding="utf-8").splitlines()]
    labels = predictions(trained("topic"), "topic", "de")
    assert found == [{**record, "label": label} for record, label in zip(bare, labels, strict=True)]


def test_predict_without_the_column_of_labels_that_the_recipe_names(world: Path, tmp_path: Path):
    label = {"label": "label"}
    columns = {"nli": {"text": "premise", "pair": "hypothesis", **label}, "topic": {"text": "text", **label}}
    table = (world / "nli/de/dev.tsv").read_text(encoding="utf-8").splitlines()
    records = [json.loads(line) for line in (world / "topic/de/dev.jsonl").read_text(encoding="utf-8").splitlines()]
    bare = {
        "nli": "".join(line.rpartition("\t")[0] + "\n" for line in table),
        "topic": "".join(json.dumps({"text": record["text"]}) + "\n" for record in records),
    }
    for task, text in bare.items():
        data = {**entry(task, world / task), "columns": columns[task]}
        isogloss.train(short(task, world, data=data), output=tmp_path / task)
        source = tmp_path / f"bare.{data['format']}"
        source.write_text(text, encoding="utf-8")
        lines = isogloss.predict(tmp_path / task, source, language="de").read_text(encoding="utf-8").splitlines()
        if task == "nli":
            assert lines[0] == table[0]
            labels = [line.split("\t")[2] for line in lines[1:]]
        else:
            labels = [json.loads(line)["label"] for line in lines]
        assert labels == predictions(tmp_path / task, task, "de")


def test_predict_for_xtreme(run: Path, world: Path, tmp_path: Path):
    written = isogloss.predict(run, world / "pos/en/dev.conllu", language="en", output=tmp_path / "x", xtreme=True)
    assert written == tmp_path / "x" / "test-en.tsv"
    sentences = written.read_text(encoding="utf-8").removesuffix("\n\n").split("\n\n")
    assert [sentence.split("\n") for sentence in sentences] == predictions(run, "pos", "en")


def test_predict_answers(trained: Callable[[str], Path], world: Path, tmp_path: Path):
    run, source = trained("qa"), world / "qa/de/dev.json"
    written = isogloss.predict(run, source, language="de", output=tmp_path / "answers.json")
    (paragraphs,) = (article["paragraphs"] for article in json.loads(source.read_text(encoding="utf-8"))["data"])
    contexts = {question["id"]: paragraph["context"] for paragraph in paragraphs for question in paragraph["qas"]}
    answers = json.loads(written.read_text(encoding="utf-8"))
    assert list(answers.values()) == predictions(run, "qa", "de")
    assert answers.keys() == contexts.keys()
    assert all(answers[name] and answers[name] in context for name, context in contexts.items())
    for_xtreme = isogloss.predict(run, source, language="de", output=tmp_path / "x", xtreme=True)
    assert for_xtreme == tmp_path / "x" / "test-de.json"
    assert for_xtreme.read_bytes() == written.read_bytes()


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


@pytest.mark.parametrize(
    ("task", "changes", "message"),
    [
        ("pos", {"doc_stride": 8}, "doc_stride: task 'pos' has no questions to answer"),
        ("nli", {"max_answer_length": 8}, "max_answer_length: task 'nli' has no questions to answer"),
        ("qa", {"aggregation": "average"}, "aggregation: task 'qa' has no tokens to average over"),
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


def test_predict_says_what_is_wrong_with_a_file(run: Path, tmp_path: Path):
    with pytest.raises(IsoglossError, match=r"nothing\.conllu"):
        isogloss.predict(run, tmp_path / "nothing.conllu", language="en")
    (tmp_path / "bad.conllu").write_text("1\tword\n\n")
    with pytest.raises(IsoglossError, match=r"bad\.conllu:1: error: "):
        isogloss.predict(run, tmp_path / "bad.conllu", language="en")
    assert [path.name for path in tmp_path.glob("*.conllu")] == ["bad.conllu"]


PLAIN = """
import json, sys
from transformers import AutoModelForTokenClassification, AutoTokenizer
tokenizer = AutoTokenizer.from_pretrained(sys.argv[1])
model = AutoModelForTokenClassification.from_pretrained(sys.argv[1]).eval()
inputs = tokenizer(sys.argv[2].split(), is_split_into_words=True, return_tensors="pt")
print(json.dumps({"logits": model(**inputs).logits.tolist(), "labels": model.config.id2label, "code": [
    name for name in sys.modules if name.startswith("isogloss")]}))
"""


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


def test_single_makes_a_run_per_language(world: Path, tmp_path: Path):
    rows = isogloss.train(short("pos", world, **METHOD_SETTINGS["single"], steps=1), output=tmp_path / "one")
    assert [path.name for path in runs_in(tmp_path / "one")] == ["fr"]
    assert {tuple(row["train_languages"]) for row in rows} == {("fr",)}
    rows = isogloss.train(short("pos", world, method="single", steps=1), output=tmp_path / "all")
    assert [path.name for path in runs_in(tmp_path / "all")] == ["en", "fr", "ru"]
    by_run = {Path(row["run"]).name: tuple(row["train_languages"]) for row in rows}
    assert by_run == {"en": ("en",), "fr": ("fr",), "ru": ("ru",)}
    assert {row["language"] for row in rows} == set(LANGUAGES)


def test_single_gives_every_model_the_labels_of_all_languages(world: Path, tmp_path: Path):
    pos = Path(shutil.copytree(world / "pos", tmp_path / "pos"))
    train = pos / "fr" / "train.conllu"
    train.write_text(train.read_text(encoding="utf-8").replace("DET", "NOUN"), encoding="utf-8")
    for languages, seen in ((None, ["en", "fr", "ru"]), (["en", "fr"], ["en", "fr"])):
        output = tmp_path / "-".join(seen)
        whole = short("pos", world, data=entry("pos", pos), method="single", steps=1, train_languages=languages)
        rows = isogloss.train(whole, output=output)
        assert isogloss.train(whole, output=output, resume=True) == rows
        labels = [json.loads((output / code / "model/config.json").read_text())["id2label"] for code in seen]
        assert labels == [{"0": "DET", "1": "NOUN", "2": "PUNCT", "3": "VERB"}] * len(seen)
    alone = short("pos", world, data=entry("pos", pos), method="single", steps=1, train_languages=["fr"])
    with pytest.raises(IsoglossError, match="'DET'"):
        isogloss.train(alone, output=tmp_path / "fr")


def test_sentences_as_they_are_written_from_training_to_comparison(
    world: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    for spacing in ("words", "text"):
        for seed in (0, 1):
            asked = short("pos", world, spacing=spacing, seed=seed, steps=3)
            rows = isogloss.train(asked, output=tmp_path / spacing / str(seed))
            assert {row["spacing"] for row in rows} == {spacing}
    assert "selection: source-dev + spacing text, split: dev" in capsys.readouterr().out
    run = tmp_path / "text" / "0"
    again = isogloss.evaluate(run, split="dev")
    final = {(row["language"], row["metric"]): row["value"] for row in rows_of(run) if row["selection"] is not None}
    assert {(row["language"], row["metric"]): row["value"] for row in again} == final
    assert {row["spacing"] for row in again} == {"text"}
    written = isogloss.predict(run, world / "pos" / "de" / "test.conllu", language="de", output=tmp_path / "out.conllu")
    assert len(ConllU().read(written, "de", Problems())) == SIZES["test"]["de"]
    with pytest.raises(IsoglossError, match="spacing differs between the rows: text; words"):
        isogloss.compare([tmp_path], baseline="multitask")
    assert "spacing text" in isogloss.compare([tmp_path / "text"], baseline="multitask")


def test_seeds_make_a_run_each_and_are_compared(world: Path, tmp_path: Path):
    for method in ("multitask", "temperature_sampling"):
        rows = isogloss.train(short("pos", world, method=method, seed=[0, 1], steps=3), output=tmp_path / method)
        assert [path.name for path in runs_in(tmp_path / method)] == ["seed-0", "seed-1"]
        assert {row["seed"] for row in rows} == {0, 1}
    weights = [
        (tmp_path / "multitask" / seed / "model/model.safetensors").read_bytes() for seed in ("seed-0", "seed-1")
    ]
    assert weights[0] != weights[1]
    table = isogloss.compare([tmp_path], baseline="multitask")
    header, _, *lines = table.splitlines()
    assert re.findall(r"[^|]+", header)[2].strip() == "multitask"
    assert "temperature_sampling − multitask" in header
    assert [line.split("|")[2].strip() for line in lines[:7]] == [
        *("en", "fr", "ru", "de"),
        *("mean of sources", "mean of unseen", "mean"),
    ]
    assert all(line.count("n = 2") == 3 for line in lines[:7])
    with pytest.raises(IsoglossError, match="no result row of the baseline 'multitsk'; did you mean 'multitask'"):
        isogloss.compare([tmp_path], baseline="multitsk")


def test_few_shots_of_the_languages_that_are_evaluated(world: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    few = short("pos", world, train_languages=["en"], few_shot=3, steps=2, evaluation_steps=1, selection="target-dev")
    rows = isogloss.train(few, output=tmp_path / "run")
    shown = capsys.readouterr()
    assert "training examples: en 24, fr 3, ru 3" in shown.err
    assert {(tuple(row["train_languages"]), row["few_shot"]) for row in rows} == {(("en",), 3)}
    assert "selection: target-dev + 3 training sentences per target language" in shown.out
    assert "what each selection would have taken (dev)" in shown.out
    again = isogloss.evaluate(tmp_path / "run")
    assert {row["few_shot"] for row in again} == {3}
    isogloss.train({**few, "few_shot": None}, output=tmp_path / "zero-shot" / "run")
    shutil.copytree(tmp_path / "run", tmp_path / "zero-shot" / "few")
    with pytest.raises(IsoglossError, match="few_shot differs between the rows: 3; None"):
        isogloss.compare([tmp_path / "zero-shot"], baseline="multitask")


def test_few_shots_need_training_files(world: Path, tmp_path: Path):
    with pytest.raises(IsoglossError, match="few_shot: no language that is evaluated but not trained on has"):
        isogloss.train(short("pos", world, few_shot=3), output=tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_a_language_that_is_left_out_is_not_shot(world: Path, tmp_path: Path):
    with pytest.raises(IsoglossError, match="leave_one_out with few_shot=3 would train on examples"):
        isogloss.train(short("pos", world, few_shot=3, leave_one_out=True), output=tmp_path / "run")


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


def test_one_language_is_left_out_of_each_run(world: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    for method in ("multitask", "temperature_sampling"):
        whole = short("pos", world, method=method, leave_one_out=True, steps=1)
        rows = isogloss.train(whole, output=tmp_path / method)
        assert [path.name for path in runs_in(tmp_path / method)] == ["without-en", "without-fr", "without-ru"]
        assert {tuple(row["train_languages"]) for row in rows} == {("fr", "ru"), ("en", "ru"), ("en", "fr")}
    assert "one language left out, seed 0, dev" in capsys.readouterr().out
    table = isogloss.compare([tmp_path], baseline="multitask", left_out=True)
    assert [line.split("|")[2].strip() for line in table.splitlines()[2:5]] == ["en", "fr", "ru"]
    for changes, message in (
        ({"method": "single"}, "leave_one_out: method single trains on one language at a time"),
        ({"train_languages": ["en"]}, "leave_one_out: needs at least 2 training languages, found en"),
    ):
        with pytest.raises(IsoglossError, match=message):
            isogloss.train(short("pos", world, leave_one_out=True, **changes), output=tmp_path / "refused")


def test_a_split_without_the_languages_left_out_has_no_table(world: Path, tmp_path: Path):
    whole = short("pos", world, leave_one_out=True, train_languages=["en", "fr"], evaluate_languages=["de"], steps=1)
    rows = isogloss.train({**whole, "selection": "last"}, output=tmp_path / "run")
    assert {row["language"] for row in rows} == {"de"}


@pytest.mark.parametrize("apart", [False, True], ids=["one entry", "sources and targets in entries of their own"])
def test_sources_choose_the_weights_where_only_targets_are_evaluated(world: Path, tmp_path: Path, apart: bool):
    data = entry("pos", world / "pos")
    entries = [{**data, "name": "s", "languages": ["en", "fr"]}, {**data, "name": "t", "languages": ["de", "ru"]}]
    changes = {"data": entries if apart else data, "train_languages": ["en", "fr"], "steps": 3, "test": True}
    rows = {}
    for name, evaluated in (("targets", ["de", "ru"]), ("all", ["de", "en", "fr", "ru"])):
        isogloss.train(short("pos", world, evaluate_languages=evaluated, **changes), output=tmp_path / name)
        rows[name] = [{**row, "run": ""} for row in rows_of(tmp_path / name)]
    # Nothing but the test scores of the sources is left out.
    assert rows["targets"] == [row for row in rows["all"] if row["split"] == "dev" or row["language"] in ("de", "ru")]
    assert {row["language"] for row in rows["targets"] if row["split"] == "dev"} == {"de", "en", "fr", "ru"}
    state = [json.loads((tmp_path / name / "trainer_state.json").read_text()) for name in rows]
    assert state[0]["best_metric"] == state[1]["best_metric"] is not None
    again = short("pos", world, evaluate_languages=["de", "ru"], **changes)
    final = [row for row in rows["targets"] if row["selection"]]
    assert [{**row, "run": ""} for row in isogloss.train(again, output=tmp_path / "targets", resume=True)] == final


def test_sources_choose_with_few_shot_and_leave_one_out_too(world: Path, tmp_path: Path):
    few = short("pos", world, train_languages=["en"], evaluate_languages=["fr"], few_shot=2, steps=1)
    rows = isogloss.train(few, output=tmp_path / "few")
    assert {(row["language"], *row["train_languages"]) for row in rows} == {("en", "en"), ("fr", "en")}
    left = short("pos", world, train_languages=["en", "fr"], evaluate_languages=["de"], leave_one_out=True, steps=1)
    rows = isogloss.train(left, output=tmp_path / "left")
    assert {(row["language"], *row["train_languages"]) for row in rows} == {
        ("de", "en"), ("en", "en"), ("de", "fr"), ("fr", "fr"),
    }  # fmt: skip


def test_questions_in_a_language_that_is_not_trained_on_choose_nothing(world: Path, tmp_path: Path):
    own = {**entry("qa", world / "qa"), "name": "own"}
    # The same questions under another name: they are said to be in German.
    asked = {**own, "name": "asked", "languages": ["en"], "question_language": "de", "splits": ["dev"]}
    changes = {"data": [own, asked], "train_languages": ["en"], "steps": 1}
    rows = isogloss.train(short("qa", world, evaluate_languages=["fr"], **changes), output=tmp_path / "run")
    assert {(row["data"], row["language"]) for row in rows} == {("own", "en"), ("own", "fr")}


@pytest.mark.parametrize(
    ("selection", "without", "message"),
    [
        ("source-dev", "en", "source-dev needs dev data in every training language, none found for en; name their dev"),
        ("target-dev", "de", "target-dev needs dev data of a language .* none found for de; name dev files"),
    ],
)
def test_no_dev_data_to_choose_by(world: Path, tmp_path: Path, selection: str, without: str, message: str):
    shutil.copytree(world / "pos", tmp_path / "pos")
    (tmp_path / "pos" / without / "dev.conllu").unlink()
    languages = {"train_languages": ["en", "fr"], "evaluate_languages": ["de", "en"]}
    asked = short("pos", world, data=entry("pos", tmp_path / "pos"), selection=selection, **languages)
    with pytest.raises(IsoglossError, match=message):
        isogloss.train(asked, output=tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_predictions_are_not_written_into_a_table_of_several_languages(world: Path, tmp_path: Path, run: Path):
    run = tmp_path / "nli"
    isogloss.train(short("nli", world, steps=1), output=run)
    file = tmp_path / "all.tsv"
    file.write_text("language\tpremise\thypothesis\nen\ta\tb\nde\tc\td\n", encoding="utf-8")
    with pytest.raises(IsoglossError, match="holds rows of other languages than de too"):
        isogloss.predict(run, file, language="de")
    written = isogloss.predict(run, file, language="de", output=tmp_path, xtreme=True)
    assert len(written.read_text(encoding="utf-8").splitlines()) == 1


def test_rows_of_a_head_are_kept_by_label_and_said(
    world: Path, run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    data = {**entry("pos", world / "pos"), "label_map": {"VERB": "X"}}
    changes = {"model": str(run / "model"), "data": data, "schedule": "constant", "selection": "last"}
    said = "its head is for other labels; kept: DET, NOUN, PUNCT; new, from random weights: X; dropped: VERB"
    capsys.readouterr()
    whole = isogloss.train(short("pos", world, steps=4, **changes), output=tmp_path / "whole")
    assert capsys.readouterr().err.count(said) == 1
    isogloss.train(short("pos", world, steps=2, save_steps=2, **changes), output=tmp_path / "parts")
    more = short("pos", world, steps=4, save_steps=2, **changes)
    parts = isogloss.train(more, output=tmp_path / "parts", resume=True)
    assert [row["value"] for row in parts] == [row["value"] for row in whole]
    capsys.readouterr()
    isogloss.evaluate(tmp_path / "whole")
    isogloss.predict(tmp_path / "whole", world / "pos" / "de" / "test.conllu", language="de", output=tmp_path / "de")
    assert "its head" not in capsys.readouterr().err


def test_codes_with_scripts_go_all_the_way(world: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    codes = {"en": "simple", "fr": "sr-Latn", "ru": "kk_Cyrl", "de": "zh-min-nan"}
    for old, new in codes.items():
        shutil.copytree(world / "pos" / old, tmp_path / "pos" / new)
    whole = short("pos", world, data=entry("pos", tmp_path / "pos"), train_languages=["simple", "kk_Cyrl"], steps=1)
    rows = isogloss.train({**whole, "test": True}, output=tmp_path / "run")
    assert {row["language"] for row in rows} == set(codes.values())
    assert rows == isogloss.train({**whole, "test": True}, output=tmp_path / "run", resume=True)
    said = capsys.readouterr()
    assert "of the letters" not in said.err
    assert "kk_Cyrl (source)" in said.out
    assert "| sr-Latn" in isogloss.compare([tmp_path], baseline="multitask", split="test")
    file = tmp_path / "pos" / "zh-min-nan" / "test.conllu"
    assert isogloss.predict(tmp_path / "run", file, language="zh-min-nan").exists()


def test_runs_of_the_same_name_elsewhere_are_not_taken_for_one(world: Path, tmp_path: Path, monkeypatch: Any):
    for seed, place in enumerate(("here", "there")):
        (tmp_path / place).mkdir()
        monkeypatch.chdir(tmp_path / place)
        isogloss.train(short("pos", world, seed=seed, steps=1), output="run")
    table = isogloss.compare([tmp_path / "here", tmp_path / "there"], baseline="multitask")
    assert "n = 2" in table.splitlines()[2]


def test_a_run_gets_a_name(world: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    Path("mine.json").write_text(json.dumps(short("pos", world, steps=1)))
    isogloss.train("mine.json")
    isogloss.train("mine.json", overrides=["name=other"])
    assert [path.name for path in runs_in(tmp_path / "runs")] == ["mine-multitask", "other"]


def test_label_map_removes_dates(world: Path, tmp_path: Path):
    ner = Path(shutil.copytree(world / "ner", tmp_path / "ner"))
    dev = ner / "de" / "dev.conll"
    dev.write_text("sch O\nübar I-DATE\nton B-DATE\n\n" + dev.read_text(encoding="utf-8"), encoding="utf-8")
    with pytest.raises(IsoglossError, match=r"'[BI]-DATE' \d times, first in .*de/dev\.conll:1"):
        isogloss.train(short("ner", world, data=entry("ner", ner)), output=tmp_path / "run")
    assert not (tmp_path / "run").exists()
    mapped = {**entry("ner", ner), "label_map": {"DATE": "O"}}
    isogloss.train(short("ner", world, data=mapped), output=tmp_path / "run")
    gold = (tmp_path / "run/predictions/source-dev/ner.de.dev.jsonl").read_text(encoding="utf-8").splitlines()
    assert json.loads(gold[0])["gold"] == ["O", "O", "O"]

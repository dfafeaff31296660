"""Files of every format, labelled by a finished run in the format they were read from."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import isogloss
from isogloss import IsoglossError
from isogloss.calls.predict import _entry_of
from isogloss.data.chunks import to_iob2
from isogloss.data.conll import TokenTag
from isogloss.data.conllu import ConllU
from isogloss.data.parquet import Parquet
from isogloss.data.problems import Problems
from isogloss.data.soft_tags import SoftTagLines
from isogloss.recipe.spec.data import DataEntry
from tests.support.hub import parquet
from tests.support.runs import predictions, short
from tests.support.world import entry


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
    written = isogloss.predict(
        tmp_path / "run", unlabelled, language="ru", output=tmp_path / "labelled", overwrite=True
    )
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


@pytest.mark.slow
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


def test_predict_says_what_is_wrong_with_a_file(run: Path, tmp_path: Path):
    with pytest.raises(IsoglossError, match=r"nothing\.conllu"):
        isogloss.predict(run, tmp_path / "nothing.conllu", language="en")
    (tmp_path / "bad.conllu").write_text("1\tword\n\n")
    with pytest.raises(IsoglossError, match=r"bad\.conllu:1: error: "):
        isogloss.predict(run, tmp_path / "bad.conllu", language="en")
    assert [path.name for path in tmp_path.glob("*.conllu")] == ["bad.conllu"]


def test_predictions_are_not_written_into_a_table_of_several_languages(world: Path, tmp_path: Path, run: Path):
    run = tmp_path / "nli"
    isogloss.train(short("nli", world, steps=1), output=run)
    file = tmp_path / "all.tsv"
    file.write_text("language\tpremise\thypothesis\nen\ta\tb\nde\tc\td\n", encoding="utf-8")
    with pytest.raises(IsoglossError, match="holds rows of other languages than de too"):
        isogloss.predict(run, file, language="de")
    written = isogloss.predict(run, file, language="de", output=tmp_path, xtreme=True)
    assert len(written.read_text(encoding="utf-8").splitlines()) == 1


def test_probabilities_of_tags(trained: Callable[[str], Path], own_world: Path):
    source = own_world / "pos" / "ru" / "dev.conllu"
    written = isogloss.predict(trained("pos"), source, language="ru", probabilities=True)
    assert written == source.with_name("dev.probabilities.tsv")
    problems = Problems()
    soft, gold = SoftTagLines().read(written, "ru", problems), ConllU().read(source, "ru", Problems())
    assert problems.errors == []
    assert [(one.id, one.tokens) for one in soft] == [(one.id, one.tokens) for one in gold]
    best = [[one.soft.labels[place] for place in one.soft.shares.argmax(axis=1)] for one in soft]
    assert best == predictions(trained("pos"), "pos", "ru")
    assert max(float(one.soft.shares.max()) for one in soft) < 1


def test_probabilities_of_labels(trained: Callable[[str], Path], world: Path, tmp_path: Path):
    source = world / "topic" / "ru" / "dev.jsonl"
    written = isogloss.predict(
        trained("topic"), source, language="ru", probabilities=True, output=tmp_path / "out.jsonl"
    )
    rows = [json.loads(line) for line in written.read_text(encoding="utf-8").splitlines()]
    assert [row["id"] for row in rows] == [json.loads(line)["id"] for line in source.read_text().splitlines()]
    assert all(sum(row["probabilities"].values()) == pytest.approx(1, abs=1e-5) for row in rows)
    best = [max(row["probabilities"], key=row["probabilities"].__getitem__) for row in rows]
    assert best == predictions(trained("topic"), "topic", "ru")


@pytest.mark.parametrize(("task", "column"), [("choice", "label"), ("qa", None)])
def test_probabilities_of_alternatives_and_answers(
    task: str, column: str | None, trained: Callable[[str], Path], world: Path, tmp_path: Path
):
    source = next((world / task / "ru").glob("dev.*"))
    written = isogloss.predict(
        trained(task), source, language="ru", probabilities=True, output=tmp_path / "probabilities.jsonl"
    )
    rows = [json.loads(line)["probabilities"] for line in written.read_text(encoding="utf-8").splitlines()]
    assert [max(row, key=row.__getitem__) for row in rows] == predictions(trained(task), task, "ru")
    assert all(0 < value < 1 for row in rows for value in row.values())
    if task == "choice":
        assert all(sum(row.values()) == pytest.approx(1, abs=1e-5) for row in rows)
    else:
        assert all(sum(row.values()) < 1 and 1 < len(row) <= 5 for row in rows)
        assert all(list(row.values()) == sorted(row.values(), reverse=True) for row in rows)


def test_probabilities_of_tags_as_json_lines_and_of_labels_as_a_table(
    trained: Callable[[str], Path], world: Path, tmp_path: Path
):
    options = {"language": "ru", "probabilities": True}
    source = world / "pos" / "ru" / "dev.conllu"
    lines = isogloss.predict(trained("pos"), source, output=tmp_path / "tags.jsonl", **options)
    rows = [json.loads(line) for line in lines.read_text(encoding="utf-8").splitlines()]
    best = [[max(token, key=token.__getitem__) for token in row["probabilities"]] for row in rows]
    assert best == predictions(trained("pos"), "pos", "ru")
    assert all(len(row["tokens"]) == len(row["probabilities"]) for row in rows)
    source = world / "topic" / "ru" / "dev.jsonl"
    table = isogloss.predict(trained("topic"), source, output=tmp_path / "labels.tsv", **options)
    header, *body = [line.split("\t") for line in table.read_text(encoding="utf-8").splitlines()]
    assert header[0] == "id"
    best = [header[1 + max(range(len(row) - 1), key=lambda at: float(row[1 + at]))] for row in body]
    assert best == predictions(trained("topic"), "topic", "ru")


def test_outputs_that_exclude_each_other(trained: Callable[[str], Path], world: Path, no_prediction: None):
    options = {"language": "ru", "probabilities": True}
    with pytest.raises(IsoglossError, match="probabilities of task 'qa' are JSON lines"):
        isogloss.predict(trained("qa"), world / "qa/ru/dev.json", output="a.tsv", **options)
    with pytest.raises(IsoglossError, match="xtreme and probabilities are 2 files"):
        isogloss.predict(trained("pos"), world / "pos/ru/dev.conllu", xtreme=True, **options)


@pytest.mark.parametrize("task", ["pos", "nli", "choice", "qa"])
def test_a_table_to_be_read(task: str, trained: Callable[[str], Path], own_world: Path):
    source = next((own_world / task / "de").glob("dev.*"))
    written = isogloss.predict(trained(task), source, language="de", table=True)
    assert written == source.with_name("dev.table.tsv")
    header, *body = [line.split("\t") for line in written.read_text(encoding="utf-8").splitlines() if line]
    assert header[-3:] == ["gold", "predicted", "probability"]
    told = {"pos": ["token"], "nli": ["text", "pair"], "choice": ["question", "context"], "qa": ["question", "context"]}
    assert header[1:-3] == told[task]
    found = [row[-2].partition(": ")[0] if task == "choice" else row[-2] for row in body]
    expected = predictions(trained(task), task, "de")
    assert found == ([tag for tags in expected for tag in tags] if task == "pos" else expected)
    assert all(row[-3] for row in body)
    assert all(0 < float(row[-1]) <= 1 for row in body)


@pytest.mark.parametrize("language", ["xhosa", "Portuguese", "haitian-creole"])
def test_a_language_is_told_by_its_code(language: str):
    with pytest.raises(IsoglossError, match=f"language: '{language}' is no language code: .* is (xh|pt|ht)$"):
        isogloss.predict("run", "file", language=language)
    with pytest.raises(IsoglossError, match=f"to: '{language}' is no language code"):
        isogloss.translate("recipe", to=[language], model="m")


def test_the_entry_of_a_file_has_files_that_end_alike():
    first, second = (
        DataEntry(task="ner", format=format, path=f"{{language}}/{{split}}{ending}", name=format)
        for format, ending in (("conll", ".tsv"), ("jsonl", ".jsonl.gz"))
    )
    for name, format, found in (
        ("a.jsonl", None, second),
        ("b/c.jsonl.gz", None, second),
        ("a.tsv", None, first),
        ("a.txt", None, first),
        ("a.txt", "jsonl", second),
    ):
        assert _entry_of([first, second], Path(name), format) == found
    assert _entry_of([first, second], Path("a.jsonl"), "conllu").format == "conllu"

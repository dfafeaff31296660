"""Predictions for the scorers of XTREME: they give our score, and what they would misread is refused."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import isogloss
from isogloss.common.errors import IsoglossError
from isogloss.data import ChoiceLines, ConllU, JsonLines, Problems, Squad, Table, TokenTag
from isogloss.recipe.names import TASKS
from tests.support import scorers
from tests.support.runs import predictions, rows_of, short

READERS = {
    "pos": ConllU(),
    "ner": TokenTag(),
    "nli": Table(),
    "paraphrase": Table(),
    "topic": JsonLines(),
    "choice": ChoiceLines(),
    "qa": Squad(),
}


def source_of(world: Path, task: str, language: str) -> Path:
    return next((world / task / language).glob("dev.*"))


def gold_file(task: str, source: Path, folder: Path) -> Path:
    """The gold labels as XTREME's own files have them."""
    if task in ("choice", "qa"):
        return source
    examples = READERS[task].read(source, "de", Problems())
    if task in ("pos", "ner"):
        text = "\n\n".join("\n".join(sentence.tags) for sentence in examples) + "\n"
    else:
        text = "".join(f"{example.label}\n" for example in examples)
    folder.mkdir(exist_ok=True)
    (folder / "gold").write_text(text, encoding="utf-8")
    return folder / "gold"


@pytest.mark.parametrize(
    ("task", "language", "ending", "score"),
    [
        ("pos", "en", "tsv", lambda *files: {"f1_xtreme": scorers.f1_of_tags(*files)}),
        ("ner", "fr", "tsv", lambda *files: {"f1": scorers.f1_of_tags(*files)}),
        ("nli", "fr", "tsv", lambda *files: {"accuracy": scorers.accuracy_of_labels(*files)}),
        ("paraphrase", "en", "tsv", lambda *files: {"accuracy": scorers.accuracy_of_labels(*files)}),
        ("choice", "de", "jsonl", lambda *files: {"accuracy": scorers.accuracy_of_choices(*files)}),
        ("qa", "en", "json", scorers.squad),
        ("qa", "en", "json", lambda *files: {f"{k}_mlqa": v for k, v in scorers.mlqa_in_english(*files).items()}),
    ],
)
def test_the_scorers_of_xtreme_give_our_score(
    task: str, language: str, ending: str, score: Any, trained: Callable[[str], Path], world: Path, tmp_path: Path
):
    run, source = trained(task), source_of(world, task, language)
    written = isogloss.predict(run, source, language=language, output=tmp_path / "x", xtreme=True)
    assert written == tmp_path / "x" / f"test-{language}.{ending}"
    final = [row for row in rows_of(run) if row["language"] == language and row["selection"] is not None]
    ours = {row["metric"]: row["value"] for row in final}
    theirs = score(written, gold_file(task, source, tmp_path / "gold"))
    assert theirs == pytest.approx({metric: ours[metric] for metric in theirs}, abs=1e-9)
    assert any(0 < value < 1 for value in theirs.values())
    # The scorer can tell right from wrong.
    gold = gold_file(task, source, tmp_path / "gold")
    if task == "qa":
        gold = tmp_path / "answers"
        gold.write_text(json.dumps({name: truths[0] for name, truths in scorers.questions(source)}))
    assert set(score(gold, gold_file(task, source, tmp_path / "gold")).values()) == {1.0}


def test_choices_are_integers_from_zero(trained: Callable[[str], Path], world: Path, tmp_path: Path):
    source = source_of(world, "choice", "en")
    written = isogloss.predict(trained("choice"), source, language="en", output=tmp_path, xtreme=True)
    rows = [json.loads(line) for line in written.read_text().splitlines()]
    assert len(rows) == len(source.read_text(encoding="utf-8").splitlines())
    assert all(list(row) == ["label"] and type(row["label"]) is int for row in rows)


def squad(path: Path, ids: list[Any]) -> Path:
    questions = [{"id": name, "question": "wo?", "answers": [{"text": "da", "answer_start": 0}]} for name in ids]
    for question in questions:
        if question["id"] is None:
            del question["id"]
    path.write_text(json.dumps({"data": [{"paragraphs": [{"context": "da, dort", "qas": questions}]}]}))
    return path


@pytest.mark.parametrize(
    ("ids", "message"),
    [
        (["a", "b", "a", "c", "b", "a"], r"2 ids stand for several questions each \('a', 'b'\)"),
        ([f"{n // 2}" for n in range(14)], r"7 ids stand for .* \('0', '1', '2', '3', '4', \.\.\.\)"),
        (["a", 7], r"1 questions have an id that is no text \(7\)"),
        (["a", None], r"1 questions have an id that is no text \(None\)"),
    ],
)
def test_answers_that_ids_do_not_tell_apart_are_refused(
    ids: list[Any], message: str, trained: Callable[[str], Path], tmp_path: Path, no_prediction: None
):
    source = squad(tmp_path / "de.json", ids)
    with pytest.raises(IsoglossError, match=message):
        isogloss.predict(trained("qa"), source, language="de", output=tmp_path, xtreme=True)
    assert [path.name for path in tmp_path.iterdir()] == ["de.json"]


def test_real_gold_answers_are_refused_where_the_scorer_would_not_find_them(shared_data: Path, tmp_path: Path):
    submission = TASKS["qa"].submission
    scores = {}
    for path in ("xquad/xquad.de.json", "tydiqa/sw/dev.json"):
        source = shared_data / "qa" / path
        examples = Squad().read(source, "de", Problems())
        written = tmp_path / "test-de.json"
        written.write_text(submission.text(examples, [example.answers[0][0] for example in examples]))
        scores[path] = scorers.squad(written, source)["exact_match"]
        if scores[path] < 1:
            with pytest.raises(IsoglossError, match="16 ids stand for several questions each"):
                submission.check(source, examples, ())
        else:
            submission.check(source, examples, ())
    assert scores["xquad/xquad.de.json"] == 1 > scores["tydiqa/sw/dev.json"]


def test_the_right_choices_of_xcopa_score_full_marks(shared_data: Path, tmp_path: Path):
    for source in sorted((shared_data / "copa").glob("*/test.jsonl")):
        examples = ChoiceLines().read(source, "de", Problems())
        written = tmp_path / "test-de.jsonl"
        written.write_text(TASKS["choice"].submission.text(examples, [example.label for example in examples]))
        assert scorers.accuracy_of_choices(written, source) == 1


def test_repeated_ids_are_scored_and_written_question_by_question(trained: Callable[[str], Path], tmp_path: Path):
    run = Path(shutil.copytree(trained("qa"), tmp_path / "run"))
    (tmp_path / "test").mkdir()
    source = squad(tmp_path / "test" / "de.json", ["a", "a", "b"])
    (row, *_) = isogloss.evaluate(
        run, data=[f"{{format: squad, name: twice, path: '{tmp_path}/{{split}}/{{language}}.json'}}"], split="test"
    )
    assert row["n"] == 3
    answers = json.loads(isogloss.predict(run, source, language="de").read_text())
    assert list(answers) == ["a", "a#2", "b"]


def test_questions_in_another_language_than_their_contexts_are_no_submission(
    trained: Callable[[str], Path], world: Path, tmp_path: Path, no_prediction: None
):
    run = Path(shutil.copytree(trained("qa"), tmp_path / "run"))
    recipe = (run / "recipe.yaml").read_text(encoding="utf-8")
    assert recipe.count("question_language: null") == 1
    (run / "recipe.yaml").write_text(recipe.replace("question_language: null", "question_language: en"))
    with pytest.raises(IsoglossError, match="the questions are in en, but XTREME has a file only for questions in"):
        isogloss.predict(run, source_of(world, "qa", "de"), language="de", output=tmp_path, xtreme=True)


def test_labels_spelt_otherwise_than_in_xtreme_are_no_submission(world: Path, tmp_path: Path):
    label_map = {"entailment": "e", "neutral": "n"}
    isogloss.train(short("nli", world, data={"label_map": label_map}, steps=1), output=tmp_path / "run")
    source = source_of(world, "nli", "de")
    # The labels of the file are the recipe's, so predictions may take their place.
    isogloss.predict(tmp_path / "run", source, language="de", output=tmp_path / "labelled.tsv")
    with pytest.raises(
        IsoglossError, match=r"the model has no entailment and no neutral \(it has contradiction, e, n\)"
    ):
        isogloss.predict(tmp_path / "run", source, language="de", output=tmp_path, xtreme=True)


def test_a_submission_has_every_row(world: Path, tmp_path: Path):
    isogloss.train(short("paraphrase", world, data={"skip_empty": True}, steps=1), output=tmp_path / "run")
    source = tmp_path / "pawsx.tsv"
    source.write_text("sentence1\tsentence2\tlabel\na\tb\t0\nNS\tNS\t1\nc\td\t1\n")
    written = isogloss.predict(tmp_path / "run", source, language="de", output=tmp_path / "x", xtreme=True)
    assert len(written.read_text().splitlines()) == 3
    labelled = isogloss.predict(tmp_path / "run", source, language="de").read_text().splitlines()
    assert labelled[2] == "NS\tNS\t1"


def test_predict_for_xtreme(run: Path, world: Path, tmp_path: Path):
    written = isogloss.predict(run, world / "pos/en/dev.conllu", language="en", output=tmp_path / "x", xtreme=True)
    assert written == tmp_path / "x" / "test-en.tsv"
    sentences = written.read_text(encoding="utf-8").removesuffix("\n\n").split("\n\n")
    assert [sentence.split("\n") for sentence in sentences] == predictions(run, "pos", "en")

"""What `isogloss predict` writes: for the scorers of XTREME, packed, and never in the place of anything but labels."""

from __future__ import annotations

import gzip
import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import isogloss
from isogloss.calls.destination import check_replaced
from isogloss.common.errors import IsoglossError
from isogloss.data import ChoiceLines, ConllU, JsonLines, Problems, Squad, Table, TokenTag
from isogloss.data.parquet import Parquet
from isogloss.examples import TaggedSentence
from isogloss.recipe.names import TASKS
from tests.support import scorers
from tests.support.hub import parquet
from tests.support.runs import rows_of, short
from tests.support.world import WRITERS

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
        ("nli", "de", "tsv", lambda *files: {"accuracy": scorers.accuracy_of_labels(*files)}),
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


RAW = "ta lo wi\nwi ker ta\n\nlo sh lo\n"
SEEMS = "seems to be raw text, one sentence a line, or to have another column"


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


@pytest.mark.parametrize("task", WRITERS)
def test_packed_in_packed_out(task: str, trained: Callable[[str], Path], world: Path, tmp_path: Path):
    source = source_of(world, task, "de")
    packed = tmp_path / f"{source.name}.gz"
    packed.write_bytes(gzip.compress(source.read_bytes()))
    plain = isogloss.predict(trained(task), source, language="de", output=tmp_path / "plain").read_bytes()
    written = isogloss.predict(trained(task), packed, language="de")
    assert written == tmp_path / f"dev.predicted{source.suffix}.gz"
    assert gzip.decompress(written.read_bytes()) == plain
    # The name of the output decides alone, and the same content gives the same bytes.
    assert isogloss.predict(trained(task), packed, language="de", output=tmp_path / "out").read_bytes() == plain
    again = isogloss.predict(trained(task), source, language="de", output=tmp_path / "out.gz")
    assert again.read_bytes() == written.read_bytes()
    assert written.read_bytes()[4:8] == bytes(4)


def test_packed_parquet(tmp_path: Path):
    columns = {"text": ["a", "b"], "label": ["x", "y"]}
    (tmp_path / "a.parquet.gz").write_bytes(gzip.compress(parquet(columns)))
    Parquet().write(tmp_path / "a.parquet.gz", ["p", "q"], tmp_path / "b.parquet.gz")
    for name in ("b.parquet.gz", "b.parquet"):
        Parquet().write(tmp_path / "a.parquet.gz", ["p", "q"], tmp_path / name)
        assert [e.label for e in Parquet().read(tmp_path / name, "en", Problems())] == ["p", "q"]
    (tmp_path / "bad.parquet.gz").write_bytes(parquet(columns))
    problems = Problems()
    assert Parquet().read(tmp_path / "bad.parquet.gz", "en", problems) == []
    assert "not a whole gzip file, as its name says" in str(problems.errors[0])


def test_a_place_that_cannot_be_written_to_is_said_first(
    trained: Callable[[str], Path], world: Path, tmp_path: Path, no_prediction: None
):
    source = Path(shutil.copy(source_of(world, "nli", "de"), tmp_path / "test-de.tsv"))
    before = source.read_bytes()
    for output, xtreme, message in (
        (tmp_path, False, "it is a folder; name a file in it"),
        (source / "inside" / "a.tsv", False, r"test-de\.tsv is a file, not a folder"),
        (source, True, r"test-de\.tsv is a file, not a folder"),
        (source, False, "is the file that is read, and would be overwritten"),
        (None, True, "is the file that is read, and would be overwritten"),
    ):
        with pytest.raises(IsoglossError, match=message):
            isogloss.predict(trained("nli"), source, language="de", output=output, xtreme=xtreme)
    assert source.read_bytes() == before
    assert list(tmp_path.iterdir()) == [source]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_read_only_folder_is_said_first(
    trained: Callable[[str], Path], world: Path, tmp_path: Path, no_prediction: None
):
    (tmp_path / "closed").mkdir(mode=0o500)
    with pytest.raises(IsoglossError, match="read-only"):
        isogloss.predict(
            trained("nli"), source_of(world, "nli", "de"), language="de", output=tmp_path / "closed/new/a.tsv"
        )

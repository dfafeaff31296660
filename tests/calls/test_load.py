"""Raw text and objects in memory, labelled by a run that stays open."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas
import pytest
from datasets import Dataset

import isogloss
from isogloss import IsoglossError
from isogloss.calls.load import LoadedRun
from isogloss.calls.readable import in_terminal
from isogloss.data.conll import TokenTag
from isogloss.data.conllu import ConllU
from isogloss.data.problems import Problems
from isogloss.models import open as opening
from tests.support.runs import predictions

Opened = Callable[[str], LoadedRun]


@pytest.fixture(scope="module")
def opened(trained: Callable[[str], Path]) -> Opened:
    found: dict[str, LoadedRun] = {}

    def run(task: str) -> LoadedRun:
        return found.setdefault(task, isogloss.load(trained(task)))

    return run


def test_tokens_as_in_a_file(opened: Opened, world: Path):
    sentences = ConllU().read(world / "pos/ru/dev.conllu", "ru", Problems())
    tokens = [list(sentence.tokens) for sentence in sentences]
    for given in (
        tokens,
        [{"tokens": row, "tags": ["X"] * len(row)} for row in tokens],
        Dataset.from_dict({"words": tokens}),
    ):
        found = opened("pos").predict(given, language="ru")
        assert [row["tags"] for row in found] == predictions(opened("pos").folder.path, "pos", "ru")
        assert [row["tokens"] for row in found] == tokens
    assert all(0 < value < 1 for row in found for value in row["probability"])


def test_raw_text_is_cut_by_the_rules_of_its_language(opened: Opened):
    russian, chinese = (
        opened("pos").predict([text], language=code)[0] for code, text in (("ru", "таба, ми."), ("zh", "你好"))
    )
    assert russian["tokens"] == ["таба", ",", "ми", "."]
    assert chinese["tokens"] == ["你", "好"]
    assert opened("pos").predict([{"text": "таба, ми."}], language="ru") == [russian]
    # Spaces are those of the text, also where the model sees sentences as they are written.
    assert len(russian["tags"]) == len(russian["probability"]) == 4


@pytest.mark.parametrize("task", ["topic", "nli", "choice", "qa"])
def test_rows_as_in_a_file(task: str, opened: Opened, world: Path):
    run, rows = opened(task), rows_of(task, world)
    found = run.predict(rows, language="de", probabilities=True)
    key = "answer" if task == "qa" else "label"
    assert [str(row[key]) for row in found] == predictions(run.folder.path, task, "de")
    assert [row["probability"] for row in found] == [max(row["probabilities"].values()) for row in found]
    assert run.predict(pandas.DataFrame(rows), language="de", probabilities=True) == found


def rows_of(task: str, world: Path) -> list[dict[str, Any]]:
    file = next((world / task / "de").glob("dev.*"))
    text = file.read_text(encoding="utf-8")
    if file.suffix == ".jsonl":
        return [json.loads(line) for line in text.splitlines()]
    if file.suffix == ".tsv":
        header, *body = [line.split("\t") for line in text.splitlines()]
        return [dict(zip(header, row, strict=True)) for row in body]
    paragraphs = [one for article in json.loads(text)["data"] for one in article["paragraphs"]]
    return [{"context": one["context"], "question": asked["question"]} for one in paragraphs for asked in one["qas"]]


def test_texts_and_pairs_alone(opened: Opened, world: Path):
    rows = rows_of("topic", world)
    found = opened("topic").predict([row["text"] for row in rows], language="de")
    assert [row["label"] for row in found] == predictions(opened("topic").folder.path, "topic", "de")
    pairs = [(row["premise"], row["hypothesis"]) for row in rows_of("nli", world)]
    found = opened("nli").predict(pairs, language="de")
    assert [row["label"] for row in found] == predictions(opened("nli").folder.path, "nli", "de")
    assert [(row["text"], row["pair"]) for row in found] == pairs
    assert opened("nli").predict(["\t".join(pairs[0])], language="de") == found[:1]


def test_the_model_is_read_once(opened: Opened, monkeypatch: pytest.MonkeyPatch):
    run = opened("topic")

    def fail(*_: Any, **__: Any) -> None:
        raise AssertionError("read again")

    monkeypatch.setattr(opening, "_load", fail)
    assert run.predict(["ta lo"]) == run.predict(["ta lo"], language="en")
    assert run.predict([]) == []


@pytest.mark.parametrize(
    ("task", "given", "message"),
    [
        ("pos", "Eva reads", "examples: give a list of them, found one str"),
        ("pos", [5], "examples:1: a text, two texts, tokens or a mapping, none empty, found 5"),
        ("pos", ["a", " "], "examples:2: a text, two texts, tokens"),
        ("nli", ["one text"], "examples:1: this task needs two texts"),
        ("qa", ["one text"], "examples:1: this task needs questions with the text that answers them"),
        ("topic", [{"text": "a"}, {"text": ""}], "examples:2: error: the text is empty"),
        ("topic", [{"texts": "a"}], r"examples:1: error: no column for the text .*did you mean 'texts'"),
        ("nli", [{"text": "a"}], "examples:1: this task needs two texts"),
        ("choice", [{"text": "a"}], "examples:1: error: no key of a first alternative"),
        ("qa", [{"question": "a"}], "no 'context'"),
        ("topic", [{"text": "a"}, "b"], "examples: row 2 is a str, not a mapping"),
    ],
)
def test_what_cannot_be_labelled(task: str, given: Any, message: str, opened: Opened):
    with pytest.raises(IsoglossError, match=message):
        opened(task).predict(given)


def test_a_language_is_a_code(opened: Opened):
    with pytest.raises(IsoglossError, match="'a b' is no language code"):
        opened("pos").predict(["a"], language="a b")


def test_a_file_of_raw_text(trained: Callable[[str], Path], opened: Opened, tmp_path: Path):
    (tmp_path / "raw.txt").write_text("таба, ми.\n\nню крба\n", encoding="utf-8")
    written = isogloss.predict(trained("pos"), tmp_path / "raw.txt", language="ru", format="lines")
    assert written == tmp_path / "raw.predicted.conll"
    sentences = TokenTag().read(written, "ru", Problems())
    found = opened("pos").predict(["таба, ми.", "ню крба"], language="ru")
    assert [(list(one.tokens), list(one.tags)) for one in sentences] == [(row["tokens"], row["tags"]) for row in found]
    (tmp_path / "raw.txt").write_text("ta lo\n", encoding="utf-8")
    written = isogloss.predict(trained("topic"), tmp_path / "raw.txt", language="en", format="lines")
    label = opened("topic").predict(["ta lo"])[0]["label"]
    assert written.name == "raw.predicted.jsonl"
    assert json.loads(written.read_text()) == {"id": "1", "text": "ta lo", "label": label}
    with pytest.raises(IsoglossError, match=r"raw\.txt:1: this task needs two texts"):
        isogloss.predict(trained("nli"), tmp_path / "raw.txt", language="en", format="lines")


def test_a_text_on_the_command_line(trained: Callable[[str], Path], opened: Opened, capsys: pytest.CaptureFixture[str]):
    from isogloss.cli.predict import predict

    (row,) = opened("pos").predict(["таба ми"], language="ru", probabilities=True)
    predict(trained("pos"), "ru", text=["таба ми"])
    assert capsys.readouterr().out == in_terminal(row) + "\n"
    assert [line.split()[1] for line in in_terminal(row).splitlines()] == row["tags"]
    predict(trained("pos"), "ru", text=["таба ми"], probabilities=True)
    assert json.loads(capsys.readouterr().out) == row
    with pytest.raises(IsoglossError, match="leave out FILE, --table"):
        predict(trained("pos"), "ru", Path("a"), text=["a"], table=True)
    with pytest.raises(IsoglossError, match="name a FILE, or give --text"):
        predict(trained("pos"), "ru")

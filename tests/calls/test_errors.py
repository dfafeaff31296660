"""What a run gets wrong, from the predictions in its folder."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

import isogloss
from isogloss import IsoglossError
from isogloss.calls.answers import right_answers
from isogloss.common.writing import read_lines
from isogloss.reports.mistakes import MOST_LABELS, Said, confusions, said, surest


def test_predictions_can_be_read(trained: Callable[[str], Path]):
    told = {
        task: read_lines(trained(task) / f"predictions/source-dev/{task}.de.dev.jsonl")[0]
        for task in ("pos", "nli", "qa")
    }
    assert all(list(line) == ["id", "text", "gold", "predicted", "probability"] for line in told.values())
    tokens, sure = told["pos"]["text"], told["pos"]["probability"]
    assert len(tokens) == len(sure) == len(told["pos"]["predicted"])
    assert len(told["nli"]["text"]) == 2 and 1 / 3 <= told["nli"]["probability"] < 1
    assert told["qa"]["text"].endswith("?") or told["qa"]["text"]


def test_errors_of_tags(trained: Callable[[str], Path]):
    text = isogloss.errors(trained("pos"), languages="de", number=2)
    lines = read_lines(trained("pos") / "predictions/source-dev/pos.de.dev.jsonl")
    pairs = [pair for line in lines for pair in zip(line["gold"], line["predicted"], strict=True)]
    wrong = sum(gold != predicted for gold, predicted in pairs)
    assert text.startswith("de (pos, dev): accuracy ")
    assert f"{wrong} of {len(pairs)} wrong" in text
    assert text.count("surest mistakes") == 1
    for gold in {gold for gold, _ in pairs}:
        row = next(line.split() for line in text.splitlines() if line.startswith(f"{gold} "))
        assert sum(int(cell) for cell in row[1:] if cell != ".") == sum(one == gold for one, _ in pairs)
    assert len(text.split("surest mistakes")[1].strip().splitlines()) == 2 + 2


@pytest.mark.parametrize("task", ["topic", "choice", "qa"])
def test_errors_of_every_task(task: str, trained: Callable[[str], Path]):
    text = isogloss.errors(trained(task))
    assert all(f"{code} ({task}, dev): " in text for code in ("en", "fr", "de", "ru"))
    assert ("\ngold " in text) == (task == "topic")


def test_the_surest_come_first_and_texts_are_short():
    lines = [
        {
            "id": "1",
            "text": ["a"] * 9 + ["b"],
            "gold": ["X"] * 10,
            "predicted": ["X"] * 9 + ["Y"],
            "probability": [0.5] * 10,
        },
        {"id": "2", "text": ["c"], "gold": ["X"], "predicted": ["Z"], "probability": [0.9]},
        {"id": "3", "text": ["d"], "gold": None, "predicted": ["Z"], "probability": [0.9]},
    ]
    found = list(said(lines, lambda golds, predicted: predicted in golds))
    first, second = surest(found, 5).splitlines()[2:]
    assert first.split() == ["0.9000", "X", "Z", "[c]"]
    assert second.split()[3:] == ["a", "a", "a", "a", "[b]"]
    (long,) = said([{"id": "1", "text": "ab " * 99, "gold": "x", "predicted": "y", "probability": 1}], lambda *_: False)
    assert len(long.text) == 100 and long.text.endswith("...")


def test_files_of_earlier_versions():
    (one,) = said([{"id": "7", "gold": "a", "predicted": "b"}], lambda golds, predicted: predicted in golds)
    assert surest([one], 1).splitlines()[-1].split() == ["–", "a", "b", "7"]


def test_many_labels_are_a_list():
    told = [Said(str(n), str(n + 1), None, "", True) for n in range(MOST_LABELS)] + [Said("0", "1", None, "", True)]
    assert confusions(told).splitlines()[2].split() == ["0", "1", "2"]


def test_an_answer_in_other_spelling_is_no_mistake():
    right = right_answers("qa", "en")
    assert right(["Ray", "The Eva."], "eva")
    assert not right(["Eva"], "Eva Ray")


def test_what_there_is_not(trained: Callable[[str], Path], run: Path):
    for options, message in (
        ({"languages": "sw"}, "language: the run has no scores of 'sw'"),
        ({"data": "poss"}, "data: the run has no scores of 'poss'; did you mean 'pos'"),
        ({"split": "tset"}, "split: 'tset' is unknown; did you mean 'test'"),
        ({"view": "translate-test"}, "no final dev scores of view translate-test"),
    ):
        with pytest.raises(IsoglossError, match=message):
            isogloss.errors(trained("pos"), **options)
    with pytest.raises(IsoglossError, match="no folder"):
        isogloss.errors(run.parent / "nothing")
    shutil.rmtree(run / "model")
    for call in (isogloss.errors, isogloss.compare):
        with pytest.raises(IsoglossError, match=r"no final dev .*training has not ended in .*--resume` goes on"):
            call(run if call is isogloss.errors else [run], view="translate-test")
    (run / "predictions/source-dev/pos.de.dev.jsonl").unlink()
    with pytest.raises(IsoglossError, match="these predictions are gone; `isogloss evaluate"):
        isogloss.errors(run)
    assert json.loads((run / "results.jsonl").read_text().splitlines()[0])["run"]

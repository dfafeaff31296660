"""The model of a finished run as a teacher: frozen, in evaluation mode, of the same labels and sub-words."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import isogloss
from isogloss import IsoglossError
from isogloss.calls.finished import open_run
from isogloss.models.extensions.fusion import fusion_of
from isogloss.models.open import open_model
from isogloss.start.teacher import open_teacher
from isogloss.tasks.classification import Classification
from isogloss.tasks.tagging import part_of_speech
from isogloss.tasks.task import Task
from tests.support.methods import recipe
from tests.support.own_code import with_own_code
from tests.support.runs import contents

TAGS = ("DET", "NOUN", "PUNCT", "VERB")
LABELS = ("contradiction", "entailment", "neutral")


def _open(world: Path, run: str, task: Task, encoder: str = "unigram") -> Any:
    tokenizer = open_model(world / encoder, task.auto_class, task.labels, seed=0).tokenizer
    return open_teacher(str(world / run), task.name, task, tokenizer)


@pytest.mark.parametrize(("run", "task"), [("teacher", part_of_speech(TAGS)), ("fused", Classification("nli", LABELS))])
def test_it_is_the_model_of_the_run_that_nothing_moves(world: Path, run: str, task: Task):
    model = _open(world, run, task).model
    assert not model.training
    assert not any(parameter.requires_grad for parameter in model.parameters())
    assert (fusion_of(model) is not None) == (run == "fused")


@pytest.mark.parametrize(
    ("run", "task", "encoder", "message"),
    [
        ("nowhere", part_of_speech(TAGS), "unigram", "nowhere is no finished run"),
        ("teacher", Classification("nli", LABELS), "unigram", "learned task 'pos', this run learns 'nli'"),
        (
            "teacher",
            part_of_speech(TAGS[::-1]),
            "unigram",
            "other labels than this run, or in another order: DET, NOUN",
        ),
        ("teacher", part_of_speech(TAGS), "encoder", "has another tokenizer than this run"),
    ],
)
def test_others_are_refused(world: Path, run: str, task: Task, encoder: str, message: str):
    with pytest.raises(IsoglossError, match=message):
        _open(world, run, task, encoder)


def test_a_run_whose_recipe_lets_code_run_is_a_teacher_and_is_scored(
    world: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    run = with_own_code(world / "teacher", tmp_path / "run", monkeypatch)
    task = part_of_speech(TAGS)
    assert _open(world, str(run), task).model.config.model_type == "own"
    assert open_run(run)[2].labels == TAGS
    untrusted = (run / "recipe.yaml").read_text(encoding="utf-8").replace("trust_remote_code: true", "")
    (run / "recipe.yaml").write_text(untrusted, encoding="utf-8")
    for opened in (lambda: _open(world, str(run), task), lambda: open_run(run)):
        with pytest.raises(IsoglossError, match=r"(?s)its config\.json cannot be used: .*trust_remote_code"):
            opened()


def test_the_folder_stays_as_it_is_and_the_run_knows_its_teacher(world: Path, tmp_path: Path):
    before = contents(world / "teacher")
    whole = recipe("x_tune_second_stage", world, steps=2, save_steps=1)
    isogloss.train(whole, output=tmp_path / "run")
    assert contents(world / "teacher") == before
    fingerprint = tmp_path / "run" / "fingerprint.json"
    known = json.loads(fingerprint.read_text(encoding="utf-8"))
    assert known["teacher"] and str(world / "en-de.txt") in known["data"]
    fingerprint.write_text(json.dumps({**known, "teacher": "another"}), encoding="utf-8")
    with pytest.raises(IsoglossError, match="teacher"):
        isogloss.train(whole, output=tmp_path / "run", resume=True)

"""A run that learns nothing says so; one that learns does not."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import isogloss
from isogloss.common.writing import read_lines
from isogloss.run.divergence import constant_answer, risen_loss
from tests.support import pretraining
from tests.support.methods import recipe


def losses(*values: float) -> list[dict[str, float]]:
    return [{"loss": value, "step": step} for step, value in enumerate(values)]


@pytest.mark.parametrize(
    ("history", "said"),
    [
        ([], None),
        (losses(2.0), None),
        (losses(2.0, 2.0), None),
        (losses(2.0, 9.0, 1.9), None),
        (losses(2.0, 0.5, 2.1), "2.000 to 2.100"),
        # Of 20 losses two count at either end.
        (losses(1.0, 3.0, *[0.0] * 16, 4.1, 0.0), "2.000 to 2.050"),
        (losses(1.0, 3.0, *[9.0] * 17, 0.0), "2.000 to 4.500"),
        (losses(1.0, 3.0, *[9.0] * 16, 3.9, 0.0), None),
        # Terms that not every step has: neither of them rose, though the last step has the larger one.
        ([{"loss": 1.0, "term/task": 1.0}, {"loss": 9.0, "term/mlm": 9.0}] * 2, None),
        (
            [{"loss": 9.0, "term/mlm": 9.0}, {"loss": 1.0, "term/task": 1.0}, {"loss": 2.0, "term/task": 2.0}],
            "1.000 to",
        ),
        ([{"eval_loss": 1.0}, *losses(2.0), {"loss/en": 9.0}, *losses(3.0), {"eval_loss": 0.0}], "2.000 to 3.000"),
    ],
)
def test_the_loss_at_the_end_is_held_against_that_of_the_beginning(history: list[dict[str, float]], said: str | None):
    found = risen_loss(history)
    assert len(found) == (said is not None)
    assert all(str(said) in line and "learning_rate" in line for line in found)


@pytest.mark.parametrize(("accuracy", "warned"), [(0.0, True), (0.4, True), (0.6, True), (0.61, False), (1.0, False)])
def test_a_score_must_be_above_the_best_constant_answer(accuracy: float, warned: bool):
    assert bool(constant_answer("en (xnli, dev)", accuracy, list("abbab"))) == warned
    assert constant_answer("en (xnli, dev)", accuracy, []) == []
    assert bool(constant_answer("en (xnli, dev)", accuracy, ["a"])) == (accuracy < 1)


# The rate begins at zero, so that the first loss is that of the untrained model, far below those that follow.
DIVERGED: dict[str, Any] = {"learning_rate": 5.0, "warmup_steps": 10, "schedule": "constant_with_warmup"}


@pytest.mark.slow
@pytest.mark.parametrize("task", ["pos", "ner", "nli", "topic"])
def test_a_run_that_diverges_says_so(task: str, world: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    ending = {"pos": "conllu", "ner": "conll", "nli": "tsv", "topic": "jsonl"}[task]
    entry = {"task": task, "format": ending, "path": f"{world}/{task}/{{language}}/{{split}}.{ending}"}
    changed = recipe("multitask", world, data=entry, train_languages=["en", "fr"], test=True, **DIVERGED)
    rows = isogloss.train(changed, output=tmp_path / "run")
    errors = capsys.readouterr().err
    history = json.loads((tmp_path / "run" / "trainer_state.json").read_text())["log_history"]
    logged = [entry["loss"] for entry in history if "loss" in entry]
    assert logged[-1] > logged[0]
    assert f"the training loss rose from {logged[0]:.3f} to {logged[-1]:.3f}" in errors
    # Only of source languages, which de and ru are not, on dev and on test data.
    for row in (row for row in rows if row["metric"] == "accuracy"):
        language, split, accuracy = row["language"], row["split"], row["value"]
        (name,) = (tmp_path / "run" / "predictions").glob(f"source-dev/*.{language}.{split}.jsonl")
        gold = [label for line in read_lines(name) for label in np.atleast_1d(line["gold"]).tolist()]
        share = Counter(gold).most_common(1)[0][1] / len(gold)
        expected = language in ("en", "fr") and accuracy <= share and accuracy < 1
        said = f" {language} ({task}, {split}): accuracy {100 * accuracy:.1f} is not above the {100 * share:.1f} of"
        assert (said in errors) == expected, (said, errors)
    isogloss.train(changed, output=tmp_path / "run", resume=True)
    again = capsys.readouterr().err
    assert [line for line in again.splitlines() if "rose" in line or "not above" in line] == [
        line for line in errors.splitlines() if "rose" in line or "not above" in line
    ]


def test_a_run_that_has_collapsed_says_so(world: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    """The loss falls, while the answer is always the same one."""
    for split in ("train", "dev"):
        rows = [f"word\t{label}\n" for label in "aaab" * 4]
        (tmp_path / f"{split}.tsv").write_text("text\tlabel\n" + "".join(rows), encoding="utf-8")
    data = {"task": "topic", "name": "same", "format": "tsv", "path": f"{tmp_path}/{{split}}.tsv", "languages": ["en"]}
    changed = recipe("multitask", world, data=data, learning_rate=1e-3)
    (accuracy, _) = isogloss.train(changed, output=tmp_path / "run")
    assert accuracy["value"] == 0.75
    assert "warning: en (same, dev): accuracy 75.0 is not above the 75.0 of always answering 'a'" in (
        capsys.readouterr().err
    )


@pytest.mark.slow
@pytest.mark.parametrize("task", ["pos", "qa", "choice"])
def test_a_run_that_learns_says_nothing(task: str, world: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    name = {"pos": "multitask", "qa": "questions", "choice": "choice"}[task]
    isogloss.train(recipe(name, world, steps=60, evaluation_steps=60, save_steps=60), output=tmp_path / "run")
    errors = capsys.readouterr().err
    assert "rose from" not in errors
    if task != "choice":  # six examples with two or three alternatives: chance
        assert "not above" not in errors


@pytest.mark.slow
def test_pretraining_that_diverges_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    text = pretraining.write_text(tmp_path)
    isogloss.pretrain(pretraining.recipe("mlm", text, **DIVERGED | {"learning_rate": 2.0}), output=tmp_path / "bad")
    assert "warning: the training loss rose from" in capsys.readouterr().err
    isogloss.pretrain(pretraining.recipe("mlm", text), output=tmp_path / "good")
    assert "rose from" not in capsys.readouterr().err

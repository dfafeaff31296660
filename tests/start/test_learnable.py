"""What cannot be learned is said before the first step."""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest

import isogloss
from isogloss import IsoglossError
from isogloss.examples import LabelledText
from isogloss.protocols import Feature
from isogloss.recipe.resolve import resolve
from isogloss.start.learnable import rate_notes, require_items
from isogloss.tasks.task import IGNORED
from tests.support.methods import BASE
from tests.support.world import entry

SMALL: dict[str, Any] = {**BASE, "steps": 2, "report_to": "none", "train_languages": ["en"], "selection": "last"}


def texts(path: Path, *labels: str) -> dict[str, Any]:
    rows = "".join(f"text number {number}\t{label}\n" for number, label in enumerate(labels))
    for split in ("train", "dev"):
        (path / f"{split}.tsv").write_text(f"text\tlabel\n{rows}")
    return {"task": "topic", "format": "tsv", "path": str(path / "{split}.tsv"), "languages": ["en"]}


def tags(path: Path, *columns: str) -> dict[str, Any]:
    for split in ("train", "dev"):
        (path / f"{split}.conll").write_text("".join(f"w{number}\t{tag}\n" for number, tag in enumerate(columns)))
    return {"task": "ner", "format": "conll", "path": str(path / "{split}.conll"), "languages": ["en"]}


def test_one_class_alone_is_an_error(tmp_path: Path):
    for data, label in [(texts(tmp_path, "sea", "sea"), "sea"), (tags(tmp_path, "O", "O"), "O")]:
        with pytest.raises(
            IsoglossError, match=rf"train\.\w+: the training data \(en\) have one label alone, '{label}'"
        ):
            isogloss.train({**SMALL, "data": data}, output=tmp_path / "run")
        assert not (tmp_path / "run").exists()


def test_validation_finds_one_class_too(tmp_path: Path):
    (tmp_path / "own.yaml").write_text(str({**SMALL, "data": texts(tmp_path, "sea", "sea")}).replace("'", '"'))
    found = isogloss.validate(tmp_path / "own.yaml")
    assert any("have one label alone" in str(error) for error in found.problems.errors)


def test_one_class_in_what_a_limit_reads_is_a_warning(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    recipe = {**SMALL, "data": texts(tmp_path, "sea", "sport", "sea", "sea"), "steps": 1}
    isogloss.train(recipe, output=tmp_path / "part", limit=2)
    said = capsys.readouterr().err
    assert "warning: every training example (en) has the label 'sea'" in said and "(limit: 2 reads a part" in said
    assert "it gets to 0 of 0.03" in said


@pytest.mark.parametrize(
    ("labels", "learnable"), [(None, False), ([IGNORED, IGNORED], False), ([IGNORED, 0], True), (0, True)]
)
def test_a_language_without_a_label_is_an_error(labels: list[int] | int | None, learnable: bool):
    examples = [LabelledText("1", "en", "text", None, None, "en/train.tsv", 1)]
    features = [Feature({"input_ids": [1, 2]}, labels, "en", 0)]
    with (
        nullcontext() if learnable else pytest.raises(IsoglossError, match=r"train\.tsv: nothing.*within max_length 8")
    ):
        require_items(features, examples, "en", 8)


@pytest.mark.parametrize(
    ("changes", "steps", "message"),
    [
        (
            {"warmup_steps": 20},
            10,
            "rises over 20 steps from 0 (warmup_steps), and the run has 10, so it gets to 0.0135",
        ),
        ({"warmup_steps": 10}, 11, None),
        ({"warmup_steps": 20, "schedule": "constant"}, 10, None),
        ({}, 1, "so it gets to 0 of 0.03"),
        ({"optimizer": {"kind": "recadam"}}, 240, "the task has 0.0067 of the loss in the last step"),
        ({"optimizer": {"kind": "recadam"}}, 260, None),
    ],
)
def test_a_rate_or_share_that_never_gets_there_is_a_warning(
    changes: dict[str, Any], steps: int, message: str | None, world: Path
):
    recipe = resolve({**SMALL, "data": [entry("pos", world / "pos")], **changes})
    notes = rate_notes(recipe, steps)
    assert len(notes) == (message is not None)
    if message is not None:
        assert message in notes[0]


def test_a_rate_of_zero_is_an_error(world: Path):
    with pytest.raises(IsoglossError, match="learning_rate: Input should be greater than 0, found 0"):
        resolve({**SMALL, "data": [entry("pos", world / "pos")], "learning_rate": 0})

"""What a loss asks of task, model and data, refused with a reason where it is not there."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import isogloss
from isogloss import IsoglossError
from tests.support.runs import short

REFUSED: dict[str, tuple[str, dict[str, Any], str]] = {
    "sentence states of tagged words": (
        "pos",
        {"method": "manifold_mixup"},
        "manifold_mixup.*needs a task with a class for each text.*found 'pos'",
    ),
    "a layer that is not there": (
        "topic",
        {"method": "manifold_mixup", "objective": {"layer": 2}},
        "objective.layer: from 1 to 1, the layers of the model, found 2",
    ),
    "no first place": (
        "topic",
        {"method": "manifold_mixup", "model": {"config": {"classifier_pooling": "mean"}}},
        "reads the mean of all places",
    ),
    "words of translations": (
        "pos",
        {"method": "x_tune", "objective": {"augment": {"kind": "translation"}}},
        "of a translation nothing says which of its words are those of the text, as task 'pos' would need",
    ),
    "sub-words without probabilities": (
        "topic",
        {"method": "x_tune"},
        "draws from a unigram vocabulary.*that of this tokenizer is BPE",
    ),
    "a dictionary of a language that is not learned": (
        "topic",
        {"method": "x_tune", "objective": {"augment": {"kind": "code_switch", "dictionaries": {"de": "nowhere.txt"}}}},
        "objective.augment.dictionaries: 'de' is no language that is trained on",
    ),
    "a dictionary that is not there": (
        "topic",
        {"method": "x_tune", "objective": {"augment": {"kind": "code_switch", "dictionaries": {"en": "nowhere.txt"}}}},
        "nowhere.txt",
    ),
    "layers that attend to near places": (
        "pairs",
        {"method": "filter"},
        "a 'modernbert' model.*cannot do",
    ),
    "parts of one language": (
        "pairs",
        {"method": "filter", "train_languages": ["en"], "partition": {"kind": "random", "parts": 2}},
        "filter pairs texts of two languages, but partition makes parts of one",
    ),
    "texts that are no translations": (
        "pos",
        {"method": "consistency"},
        "the sentence has no id but a number",
    ),
    "texts without partners": (
        "pairs",
        {"method": "consistency", "train_languages": ["en"]},
        "no training text of another language .* has a partner there",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_not_there_is_refused(name: str, world: Path, tmp_path: Path):
    task, changes, message = REFUSED[name]
    with pytest.raises(IsoglossError, match=message):
        isogloss.train(short(task, world, **changes), output=tmp_path / "run")

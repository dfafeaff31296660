"""Small models of several types, and what they are loaded for."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from isogloss.examples import Example, LabelledText, TaggedSentence
from isogloss.models import Loaded, open_model
from isogloss.tasks import Classification, Task, part_of_speech

TYPES = ("xlm-roberta", "bert", "deberta-v2", "modernbert", "electra")


SIZE = {"hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 24}


TEXTS = ["der Hund schläft auf dem Sofa", "the dogs sleep on the sofa", "他 喜欢 在 公园 散步"] * 4


TAGGING = part_of_speech(("A", "B", "C"))


NLI = Classification("nli", ("yes", "no"))


EXAMPLES: dict[str, list[Example]] = {
    "pos": [
        TaggedSentence("1", "de", ("der", "Hund", "schläft"), ("A", "B", "C"), "a", 1),
        TaggedSentence("2", "zh", ("他", "喜欢"), ("A", "C"), "a", 5),
    ],
    "nli": [
        LabelledText("1", "de", "der Hund", "schläft", "yes", "b", 1),
        LabelledText("2", "zh", "他", "喜欢 在 公园", "no", "b", 2),
    ],
}


def load(folder: Path, task: Task = TAGGING, seed: int = 0, **options: Any) -> Loaded:
    return open_model(folder, task.auto_class, task.labels, seed=seed, **options)


def weights(loaded: Loaded, names: frozenset[str]) -> dict[str, list[float]]:
    return {name: loaded.model.get_parameter(name).flatten().tolist() for name in sorted(names)}


def copy_of(folder: Path, target: Path, *without: str) -> Path:
    shutil.copytree(folder, target, dirs_exist_ok=True)
    for name in without:
        (target / name).unlink()
    return target

"""On the way a run looks at a sample of the languages that do not choose its weights, and at its end at all of them."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest

from isogloss.common.distributed import ALONE
from isogloss.common.writing import read_lines
from isogloss.data.corpus import Cell, Corpus
from isogloss.data.problems import Problems
from isogloss.examples import TaggedSentence
from isogloss.models.open import Loaded, open_model
from isogloss.run.evaluation import Evaluator
from isogloss.run.folder import RunFolder
from isogloss.run.scoring import TaskScoring
from isogloss.tasks.tagging import part_of_speech

SIZES = {"en": 7, "de": 9, "fr": 3}
TASK = part_of_speech(("DET", "NOUN"))

Make = Callable[..., tuple[TaskScoring, Any]]


@pytest.fixture(scope="module")
def loaded(world: Path) -> Loaded:
    return open_model(world / "encoder", TASK.auto_class, TASK.labels, seed=0)


@pytest.fixture
def make(loaded: Loaded, tmp_path: Path) -> Make:
    def made(**settings: Any) -> tuple[TaskScoring, Any]:
        cells = {
            Cell("pos", language, "dev"): [
                TaggedSentence(str(number), language, ("ta",) * (number + 1), ("NOUN",) * (number + 1), "a", number)
                for number in range(size)
            ]
            for language, size in SIZES.items()
        }
        corpus = Corpus({"en": cells[Cell("pos", "en", "dev")]}, TASK.labels, cells, {}, Problems())
        evaluator = Evaluator(TASK, loaded.tokenizer, 32, 4, nullcontext, ALONE)
        scoring = TaskScoring(RunFolder(tmp_path), corpus, evaluator, {}, **settings)
        scoring.encode("dev", Problems())
        return scoring, loaded.model

    return made


def numbers(rows: list[dict[str, Any]]) -> dict[str, int]:
    return {row["language"]: row["n"] for row in rows}


def ids(folder: Path, place: str, language: str) -> list[str]:
    return [row["id"] for row in read_lines(folder / "predictions" / place / f"pos.{language}.dev.jsonl")]


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"sample": 4}, {"en": 7, "de": 4, "fr": 3}),
        ({"sample": 0}, {"en": 7}),
        ({"sample": None}, SIZES),
        ({"sample": 9}, SIZES),
        # Languages that choose the weights are looked at in full.
        ({"sample": 4, "targets_choose": True}, SIZES),
    ],
)
def test_rows_say_how_many_sentences_they_rest_on(settings: dict[str, Any], expected: dict[str, int], make: Make):
    scoring, model = make(**settings)
    assert numbers(scoring.dev(model, 1, None)) == expected
    assert numbers(scoring.final(model, 1, "source-dev")) == SIZES


def test_a_sample_is_the_same_at_every_look_and_in_every_run(make: Make, tmp_path: Path):
    for step in (1, 2):  # two runs, each with a look
        scoring, model = make(sample=4)
        scoring.dev(model, step, None)
    first = ids(tmp_path, "step-1", "de")
    assert first == ids(tmp_path, "step-2", "de")
    assert first == sorted(first)
    assert len(set(first)) == 4
    assert first != ["0", "1", "2", "3"]


def test_what_chooses_does_not_depend_on_the_sample(make: Make):
    scoring, model = make(sample=1)
    whole, _ = make(sample=None)
    assert scoring.choose(scoring.dev(model, 1, None)) == whole.choose(whole.dev(model, 1, None))


def test_probabilities_are_those_of_the_final_model_alone(make: Make, tmp_path: Path):
    scoring, model = make()
    scoring.dev(model, 1, None)
    scoring.final(model, 1, "source-dev")
    on_the_way, final = (
        read_lines(tmp_path / "predictions" / place / "pos.de.dev.jsonl") for place in ("step-1", "source-dev")
    )
    assert [{**row, "probability": None} for row in on_the_way] == [{**row, "probability": None} for row in final]
    assert all("probability" not in row for row in on_the_way)
    assert all(len(row["probability"]) == len(row["predicted"]) for row in final)

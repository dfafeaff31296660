"""Text beside a task: what is read of it, and which head it is learned under."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import pytest
import torch
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import Whitespace
from transformers import AutoModelForTokenClassification, PreTrainedTokenizerFast

from isogloss.data.problems import Problems
from isogloss.models.extensions import MaskedHead
from isogloss.models.open import Loaded
from isogloss.models.stored import write_model
from isogloss.models.tokenizer import load_tokenizer
from isogloss.recipe.build.data import build_collections
from isogloss.recipe.build.model import build_model, with_masked_head
from isogloss.recipe.build.task import build_task
from isogloss.recipe.names import TASKS
from isogloss.recipe.resolve import resolve
from isogloss.recipe.spec.recipe import Recipe
from isogloss.start.prepare import budget_of
from isogloss.start.text import TextBeside, read_text_beside
from isogloss.tasks.task import Task
from tests.support.methods import recipe


def beside(world: Path, **changes: Any) -> Recipe:
    return resolve(recipe("text_beside", world, **changes))


def task_of(asked: Recipe) -> Task:
    return build_task(asked, build_collections(asked.data)[0], ("A", "B"))


def with_head(asked: Recipe, seed: int = 0) -> tuple[Loaded, MaskedHead]:
    loaded = build_model(asked.model, asked, AutoModelForTokenClassification, ["A", "B"], None, seed)
    return with_masked_head(loaded, asked.model, asked, seed, "masked_head")


def test_limit_is_that_of_each_file_of_text(world: Path) -> None:
    asked = beside(world, limit=3)
    read = read_text_beside(asked, task_of(asked), load_tokenizer(str(asked.model)), Problems())
    assert {language: len(own) for language, own in read.encoded.items()} == dict.fromkeys(("de", "en", "fr", "ru"), 3)


def test_epochs_are_passes_over_the_labelled_data(world: Path) -> None:
    asked = beside(world, steps=None, epochs=2.0, batch_size=4, sources=[{"kind": "mlm", "share": 0.75}])
    # A quarter of the steps sees labelled data: 1 example of it a step.
    assert budget_of(asked, TASKS["pos"], [6, 4]).steps == 2 * (6 + 4)


def test_a_head_that_a_run_left_beside_its_model_trains_on(world: Path, tmp_path: Path) -> None:
    loaded, head = with_head(beside(world))
    assert not any(name.startswith("extensions") for name in loaded.fresh) and not loaded.notes
    with torch.no_grad():
        for parameter in head.parameters():
            parameter.add_(0.5)
    write_model(tmp_path / "model", loaded.model, loaded.tokenizer)
    again, left = with_head(beside(world, model=str(tmp_path / "model")), seed=7)
    assert all(torch.equal(a, b) for a, b in zip(left.state_dict().values(), head.state_dict().values(), strict=True))
    assert not again.fresh and again.notes[-1].endswith("its extension 'masked_head' trains on")
    assert set(again.identity["sha256"]) == {"model.safetensors", "extensions.safetensors"}


@pytest.mark.parametrize(("changes", "told"), [({"model": "encoder"}, 1), ({"random_weights": True}, 0)])
def test_a_fresh_head_is_told_where_one_could_have_been_there(
    changes: dict[str, Any], told: int, world: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logging.getLogger("transformers"), "propagate", True)
    placed = {key: str(world / value) if key == "model" else value for key, value in changes.items()}
    loaded, _ = with_head(beside(world, **placed))
    assert any(name.startswith("extensions.masked_head") for name in loaded.fresh)
    assert sum("has no masked-LM head, so a fresh one trains along" in note for note in loaded.notes) == told
    assert "corrupted" not in caplog.text  # as transformers has it of a checkpoint without a head


def announced(folder: Path, **changes: object) -> tuple[TextBeside, str]:
    for language in ("de", "fr"):
        (folder / f"{language}.txt").write_text("a b\n" * 5, encoding="utf-8")
    recipe = resolve(
        {
            "model": "some/model",
            "data": {"task": "pos", "format": "conllu", "path": "x/{language}/{split}"},
            "steps": 10,
            "text": {"format": "lines", "path": f"{folder}/{{language}}.txt"},
            "sources": {"kind": "mlm", "share": 0.3},
            **changes,
        }
    )
    words = Tokenizer(WordLevel({"a": 0, "b": 1}))
    words.pre_tokenizer = Whitespace()
    read = read_text_beside(recipe, task_of(recipe), PreTrainedTokenizerFast(tokenizer_object=words), Problems())
    return read, read.announcement(recipe)


def test_the_run_says_what_text_it_learns_from(tmp_path: Path):
    _, line = announced(tmp_path)
    assert line == "beside the task: mlm in 30% of the steps; sub-words of text: de 10, fr 10"

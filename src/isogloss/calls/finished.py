"""A finished run, opened to be scored or to label files: its recipe, task, model and evaluator."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import cast

import torch

from isogloss.calls.required import finished_run, require_mode
from isogloss.common.distributed import device, processes
from isogloss.common.errors import IsoglossError
from isogloss.data.corpus import Cell
from isogloss.data.problems import Problems
from isogloss.examples import Example
from isogloss.models.configuration import read_config
from isogloss.models.kinds import KINDS
from isogloss.models.open import Loaded, open_model
from isogloss.models.relabelling import labels_of
from isogloss.recipe.build.adapters import modes_of
from isogloss.recipe.build.data import build_collections
from isogloss.recipe.build.run import build_autocast
from isogloss.recipe.build.task import build_task, spacing
from isogloss.recipe.resolve import resolve
from isogloss.recipe.spec.adapters import AtTest
from isogloss.recipe.spec.recipe import Recipe
from isogloss.run.evaluation import PLAIN, Evaluator, Mode, Shown
from isogloss.run.folder import RunFolder
from isogloss.run.predicted import Predicted
from isogloss.streams.paired import partners_by_example
from isogloss.tasks.task import Task


def open_run(run: str | Path) -> tuple[RunFolder, Recipe, Task, Loaded]:
    """Folder, recipe, task and final model of a run.

    Raises:
        IsoglossError: There is no run, it has not ended, or it is one of `isogloss pretrain`.
    """
    folder = finished_run(run)
    recipe = resolve(folder.recipe)
    named, _ = build_collections(recipe.data)
    # A run keeps its spacing; one that has none is from before there was a choice.
    if recipe.spacing is None and spacing(recipe, named) is not None:
        recipe = recipe.model_copy(update={"spacing": "words"})
    labels = labels_of(read_config(folder.model, None, remote=recipe.trust_remote_code))
    task = build_task(recipe, named, labels)
    loaded = open_model(
        folder.model,
        task.auto_class,
        labels,
        seed=0,
        trust_remote_code=recipe.trust_remote_code,
        complete=True,
        kinds=KINDS,
    )
    torch.nn.Module.to(loaded.model, device())
    return folder, recipe, task, loaded


def build_evaluator(recipe: Recipe, task: Task, loaded: Loaded, mode: Mode) -> Evaluator:
    """The evaluator that the run itself had, in a mode."""
    autocast = build_autocast(recipe, device())
    return Evaluator(
        task=task,
        tokenizer=loaded.tokenizer,
        max_length=recipe.max_length,
        batch_size=recipe.evaluation_batch_size,
        autocast=autocast,
        group=processes(),
        mode=mode,
    )


def modes_asked(path: Path, recipe: Recipe, loaded: Loaded, asked: str | None) -> tuple[Mode, ...]:
    """The modes that a run's model is to be used in.

    Args:
        path: The run folder.
        recipe: Its recipe.
        loaded: Its model.
        asked: swap, keep or both; None: as the recipe says.

    Raises:
        IsoglossError: No such mode, or the model has no adapters of languages.
    """
    require_mode(asked)
    modes = modes_of(loaded.model, cast(AtTest, asked) or (recipe.adapters.at_test if recipe.adapters else "swap"))
    if asked is not None and modes == (PLAIN,):
        raise IsoglossError(
            f"adapters: {path} has no language adapters (its recipe names none in adapters.language), so there is "
            f"nothing to swap or keep, found {asked!r}"
        )
    return modes


def as_shown(
    evaluator: Evaluator, examples: Sequence[Example], beside: Sequence[Example] | None, problems: Problems
) -> Shown:
    """What a model is shown of a cell, with the partner of each example beside it if there are any."""
    features = evaluator.encode(examples, problems)
    if beside is None:
        return Shown(examples, features)
    return Shown(examples, features, partners_by_example(features, evaluator.encode(beside, problems), "evaluation"))


def predicted_in(evaluator: Evaluator, loaded: Loaded, shown: Shown, language: str) -> Predicted:
    """What a model predicts for texts in a language, set up for it; a language without adapter is told on stderr."""
    cell, mode = Cell("predict", language, "test"), evaluator.mode
    if mode.at_test == "swap" and mode.adapters(cell) == "keep":
        print(f"no language adapter for {language}: labelled as in keep", file=sys.stderr)
    with mode.around(cell, loaded.model):
        return evaluator.predict(loaded.model, shown)


def print_warnings(problems: Problems) -> None:
    """Print what was noticed while reading and encoding."""
    for warning in problems.told:
        print(warning, file=sys.stderr)

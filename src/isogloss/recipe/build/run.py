"""From the keys that all recipes share to what every run has: precision, history, trackers, the choice of weights."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from importlib.util import find_spec
from typing import Any

import torch
from transformers import TrainerState

from isogloss.common.errors import IsoglossError
from isogloss.recipe.spec import run as spec
from isogloss.run.budget import Budget
from isogloss.run.folder import RunFolder
from isogloss.run.patience import Patient
from isogloss.run.recording import Recorder
from isogloss.run.selection import Best, Last, RunningAverage, Selection
from isogloss.run.trackers import WANDB_MISSING, WANDB_NO_KEY, TensorBoard, Tracker, WeightsAndBiases, has_account


def build_autocast(asked: spec.Run, device: torch.device) -> Callable[[], AbstractContextManager[Any]]:
    """The context of a forward pass."""
    if asked.precision == "bf16":
        return partial(torch.autocast, device.type, dtype=torch.bfloat16)
    return nullcontext


def build_selection(
    kind: str, average_from: float, budget: Budget, moving: Collection[str], patience: int | None = None
) -> Selection:
    """Which weights the run ends with, and after how many evaluations without a better score.

    Of weights that never move no copy is kept.
    """
    if patience is not None:
        return Patient(build_selection(kind, average_from, budget, moving), patience)
    match kind:
        case "last":
            return Last()
        case "average":
            return RunningAverage(math.ceil(average_from * budget.steps), moving)
        case _:
            return Best(moving)


def build_recorder(budget: Budget, unit: str) -> Recorder:
    """The history of a run that trains on sentences, or on other units."""
    return Recorder(
        TrainerState(
            max_steps=budget.steps,
            logging_steps=budget.logging_steps,
            eval_steps=budget.evaluation_steps,
            save_steps=budget.save_steps,
            train_batch_size=budget.batch_size,
        ),
        unit,
    )


def require_tracker(asked: spec.Run) -> None:
    """Stop, on every process and before anything is written, where a tracker's package is missing.

    Raises:
        IsoglossError: wandb is asked for and not installed, or knows no account to send to.
    """
    if asked.report_to != "wandb":
        return
    if find_spec("wandb") is None:
        raise IsoglossError(WANDB_MISSING)
    if not has_account():
        raise IsoglossError(WANDB_NO_KEY)


def build_tracker(asked: spec.Run, folder: RunFolder, step: int) -> Tracker | None:
    """Where the history goes besides; ``step`` is the one that the run goes on from."""
    match asked.report_to:
        case "tensorboard":
            return TensorBoard(folder.events, step)
        case "wandb":
            return WeightsAndBiases(folder.path, asked.model_dump(mode="json"))
        case _:
            return None

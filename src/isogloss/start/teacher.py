"""The model of a finished run, to be learned from: it must speak of the same labels and the same sub-words."""

from __future__ import annotations

from pathlib import Path

import torch
from transformers import PreTrainedTokenizerBase

from isogloss.common.distributed import device
from isogloss.common.errors import IsoglossError
from isogloss.models.configuration import read_config
from isogloss.models.kinds import KINDS
from isogloss.models.open import Loaded, open_model
from isogloss.models.relabelling import labels_of
from isogloss.recipe.resolve import is_pretraining, resolve
from isogloss.run.folder import RunFolder
from isogloss.tasks.encoding import tokenizer_digest
from isogloss.tasks.task import Task


def open_teacher(
    run: str, name: str, task: Task, tokenizer: PreTrainedTokenizerBase, key: str = "objective.teacher"
) -> Loaded:
    """The final model of a run, frozen and in evaluation mode; it is no part of the run that learns from it.

    Args:
        run: The run folder.
        name: Name of the task of the run that learns, as in recipes.
        task: The same with its labels.
        tokenizer: Its tokenizer.
        key: The key of the recipe that names the run.

    Raises:
        IsoglossError: There is no finished run, or its task, its labels or their order, or its sub-words are others.
    """
    folder = RunFolder(Path(run))
    if not folder.model.is_dir() or not folder.fingerprint.exists():
        raise IsoglossError(
            f"{key}: {run} is no finished run of `isogloss train` (no {folder.model.name}/ or no "
            f"{folder.fingerprint.name} in it)"
        )
    if is_pretraining(folder.recipe):
        raise IsoglossError(f"{key}: {run} is a run of `isogloss pretrain`, which has no task")
    recipe = resolve(folder.recipe)
    other = recipe.data[0].task
    if other != name:
        raise IsoglossError(f"{key}: {run} learned task {other!r}, this run learns {name!r}")
    labels = labels_of(read_config(folder.model, None, remote=recipe.trust_remote_code))
    if task.labels and labels != task.labels:
        raise IsoglossError(
            f"{key}: {run} has other labels than this run, or in another order: {', '.join(labels)}; here "
            f"{', '.join(task.labels)}"
        )
    loaded = open_model(
        folder.model,
        task.auto_class,
        task.labels or None,
        seed=0,
        trust_remote_code=recipe.trust_remote_code,
        complete=True,
        kinds=KINDS,
    )
    if tokenizer_digest(loaded.tokenizer) != tokenizer_digest(tokenizer):
        raise IsoglossError(
            f"{key}: {run} has another tokenizer than this run, so it would read other texts; both must "
            "start from the same encoder"
        )
    model: torch.nn.Module = loaded.model
    model.to(device()).requires_grad_(False)
    model.train(False)
    return loaded

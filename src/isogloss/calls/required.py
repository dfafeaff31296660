"""What has to be there before a call begins, as far as it can be found out without torch: runs, files, names."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

from isogloss.common.errors import IsoglossError, nearest
from isogloss.models.sources import require_source
from isogloss.recipe.build.data import build_collections, build_text_set
from isogloss.recipe.resolve import is_pretraining
from isogloss.recipe.spec.adapters import AtTest
from isogloss.recipe.spec.pretraining import Pretraining
from isogloss.recipe.spec.recipe import Recipe
from isogloss.run.folder import RunFolder

SPLITS = ("dev", "test")
"""The data that are scored."""


def finished_run(run: str | Path) -> RunFolder:
    """The folder of a run of a task that has ended.

    Raises:
        IsoglossError: There is no run, it has not ended, or it is one of `isogloss pretrain`.
    """
    folder = RunFolder(Path(run))
    if not folder.fingerprint.exists():
        inside = sorted(str(path.parent) for path in folder.path.glob("**/fingerprint.json"))
        hint = f"; there are runs in it: {', '.join(inside)}" if inside else ""
        raise IsoglossError(f"{folder.path} is no run folder (no {folder.fingerprint.name} in it){hint}")
    if not folder.model.is_dir():
        raise IsoglossError(
            f"{folder.path} has no final model: its training has not ended; `isogloss train --resume` goes on"
        )
    if is_pretraining(folder.recipe):
        raise IsoglossError(
            f"{folder.path} is a run of `isogloss pretrain`, which has no task; a recipe of `isogloss train` with "
            f"`model: {folder.model}` gives it one"
        )
    return folder


def model_of(model: str | Path) -> str | Path:
    """Where the weights of an encoder are: the folder of the final model of a run, or what is no run itself.

    Raises:
        IsoglossError: The run has not ended, or what is no run can be no model either.
    """
    folder = RunFolder(Path(model))
    if folder.fingerprint.exists() and not folder.model.is_dir():
        raise IsoglossError(f"{model} has no final model: its training has not ended")
    if folder.fingerprint.exists():
        return folder.model
    require_source(model)
    return model


def require_models(recipe: Pretraining) -> None:
    """Stop unless the models that a recipe names are folders that are there, or may be on the hub.

    Raises:
        IsoglossError: One is neither.
    """
    named = {"model": recipe.model, "teacher": recipe.teacher}
    if recipe.student is not None:
        named["student.tokenizer"] = recipe.student.tokenizer
    for key, source in named.items():
        if isinstance(source, str):
            require_source(source, key)


def require_files(recipe: Recipe | Pretraining) -> None:
    """Stop unless the entries of a recipe's data, and of its text, lead to files.

    Not looked at are models, knowledge, translations and what ``exclude`` names, which are opened later.

    Raises:
        IsoglossError: There is no file at all, or none of a language or split that an entry names.
    """
    if isinstance(recipe, Recipe):
        for collection in build_collections(recipe.data)[1]:
            collection.files()
    for number, entry in enumerate(recipe.text):
        build_text_set(entry, f"text.{number}").collection.files()


def require_split(split: str) -> None:
    """Stop unless data of that name are scored.

    Raises:
        IsoglossError: They are not.
    """
    if split not in SPLITS:
        raise IsoglossError(f"split: {split!r} is unknown{nearest(split, SPLITS)}")


def require_mode(adapters: str | None) -> None:
    """Stop unless there is a mode of that name to use language adapters in; None: that of the run.

    Raises:
        IsoglossError: There is none.
    """
    if adapters not in (None, *get_args(AtTest)):
        raise IsoglossError(f"adapters: {adapters!r} is unknown{nearest(str(adapters), get_args(AtTest))}")

"""Data that a command line names: files, as an entry of a recipe's data, or entries of a run's recipe."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from isogloss.calls.objects import entry_of
from isogloss.common.errors import IsoglossError, nearest
from isogloss.recipe.build import data as build_data
from isogloss.recipe.explain import explain
from isogloss.recipe.loading import load_yaml
from isogloss.recipe.names import TASKS
from isogloss.recipe.spec.data import DataEntry
from isogloss.recipe.spec.recipe import Recipe


def entry_of_files(
    path: str,
    *,
    task: str | None,
    format: str | None,
    columns: Mapping[str, str | int] | None,
    separator: str | None,
    language: str,
    split: str,
    verb: str,
) -> DataEntry:
    """The entry of data for a path, or a template with ``{language}`` and ``{split}``.

    Args:
        path: The path or template.
        task: Task of the files.
        format: Their format.
        columns: Which of their columns are ours.
        separator: What separates the columns of a table.
        language: The language of a path without ``{language}``.
        split: The split of a path without ``{split}``.
        verb: The command, for messages.

    Raises:
        IsoglossError: Task or format is missing or unknown, or the keys do not make an entry.
    """
    if format is None or task is None:
        raise IsoglossError(f"{verb} PATH needs both --task and --format")
    if task not in TASKS:
        raise IsoglossError(f"task: no task {task!r}{nearest(task, TASKS)}")
    fixed: dict[str, Any] = {"languages": (language,)} if "{language}" not in path else {}
    if "{split}" not in path:
        fixed["splits"] = {split: split}
    if "{" not in path:
        fixed["name"] = Path(path).absolute().parent.name or task
    keys = {"task": task, "format": format, "path": path, "columns": columns, "separator": separator}
    try:
        return DataEntry.model_validate({**keys, **fixed})
    except ValidationError as error:
        raise IsoglossError(explain(error, verb, DataEntry)) from None


def entries_of(data: Sequence[str | Mapping[str, Any]], recipe: Recipe, root: Path) -> list[DataEntry]:
    """The data entries that ``--data`` names or spells out; none: those of the recipe.

    Args:
        data: Names of entries of the recipe, and entries as YAML or as mappings.
        recipe: The recipe of a run.
        root: Its folder, to which objects in mappings are written.

    Raises:
        IsoglossError: There is no entry of that name, or what is spelt out is none.
    """
    known = {build_data.build_collection(entry, "data").name: entry for entry in recipe.data}
    entries = []
    for text in data:
        try:
            value = load_yaml(text) if isinstance(text, str) else entry_of({"task": recipe.data[0].task, **text}, root)
        except yaml.YAMLError as error:
            raise IsoglossError(f"--data {text}: not YAML: {' '.join(str(error).split())}") from None
        if isinstance(value, dict):
            try:
                task = {"task": recipe.data[0].task} if "format" in value else {}
                entries.append(DataEntry.model_validate({**task, **value}))
            except ValidationError as error:
                raise IsoglossError(explain(error, "--data", DataEntry)) from None
        elif text in known:
            entries.append(known[text])
        else:
            raise IsoglossError(f"--data: no data {text!r} in the recipe{nearest(str(text), known)}")
    return entries or list(recipe.data)

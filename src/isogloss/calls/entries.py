"""Files that are named on the command line as an entry of a recipe's data."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from isogloss.common.errors import IsoglossError, nearest
from isogloss.recipe.explain import explain
from isogloss.recipe.names import TASKS
from isogloss.recipe.spec.data import DataEntry


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

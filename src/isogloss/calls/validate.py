"""Everything that is wrong with data, in one pass."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from isogloss.calls.entries import entry_of_files
from isogloss.calls.neighbours import neighbours
from isogloss.calls.objects import at, objects_of, write
from isogloss.common.errors import IsoglossError
from isogloss.data.validate import validate_collections
from isogloss.recipe.build import data as build_data
from isogloss.recipe.names import TASKS
from isogloss.recipe.resolve import resolve
from isogloss.start.survey import Validation, survey
from isogloss.start.validation import check_data


def validate(
    target: str | Path | Mapping[str, Any],
    *,
    task: str | None = None,
    format: str | None = None,
    columns: Mapping[str, str | int] | None = None,
    separator: str | None = None,
    overrides: Iterable[str] = (),
    scale: str | None = None,
) -> Validation:
    """Everything that is wrong with the data of a recipe, or with files, in one pass, and what each file holds.

    Args:
        target: A recipe, as `isogloss.train` takes it; or, with ``task`` and ``format``, a path or a template with
            ``{language}`` and ``{split}``.
        task: Task of the files.
        format: Format of the files.
        columns: With ``format``: which of their columns are ours, as in a recipe.
        separator: With ``format``: what separates the columns of a table.
        overrides: Keys of the recipe to change.
        scale: One of the recipe's scales.

    Raises:
        IsoglossError: The recipe itself is wrong, or there is no file at all, or keys of a recipe are given for files
            or the other way round.
    """
    if format is None and task is None:
        if columns is not None or separator is not None:
            raise IsoglossError("columns and separator go with --task and --format; a recipe has them in its data")
        target, files = objects_of(target)
        resolved = resolve(target, overrides=overrides, scale=scale)
        with tempfile.TemporaryDirectory() as folder:
            write(files, Path(folder))
            found = check_data(at(resolved, Path(folder)))
        for said in neighbours(target, resolved) if found.problems.errors else ():
            found.problems.warning(str(target), None, said)
        return found
    if list(overrides) or scale is not None:
        raise IsoglossError("--set and --scale change a recipe; with --task and --format there is none")
    keys = {"task": task, "format": format, "columns": columns, "separator": separator}
    entry = entry_of_files(str(target), **keys, language="und", split="dev", verb="data validate")  # type: ignore[arg-type]
    assert task is not None
    problems, read = validate_collections([build_data.build_collection(entry, "data")], TASKS[task].complaint)
    return Validation(problems, [survey(file, None, None, 0, problems) for file in read])

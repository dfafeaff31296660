"""Objects of Python where a recipe names files: they are written into the run folder, and read from there as files are.

So a run on objects is what every run is: its fingerprint has their SHA-256, and resume and evaluation find them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from isogloss.calls.given import rows_as_file
from isogloss.common.errors import IsoglossError, nearest
from isogloss.common.writing import write_bytes
from isogloss.data.collection import SPLITS
from isogloss.data.objects import rows_of
from isogloss.recipe.names import TASKS
from isogloss.recipe.spec.recipe import Recipe

FOLDER = "data"
"""Where objects lie in a run folder."""

AT_ROOT = "<objects>/"
"""Beginning of the path of objects while it is not known where their run will be."""

OTHER_SPLITS = {"validation": "dev", "valid": "dev"}
"""Splits as other libraries call them."""

Files = dict[str, bytes]
"""Contents of files by their path below `FOLDER`."""


def objects_of(recipe: Any) -> tuple[Any, Files]:  # noqa: ANN401 - whatever names or is a recipe
    """A recipe with a path where it has objects, and the files that will be there.

    Args:
        recipe: Anything that stands for a recipe. Of a mapping each entry of ``data`` may have as its ``path`` a
            mapping from languages to splits (a mapping or `DatasetDict` with train, dev or validation, test), and in
            each a list of mappings, a DataFrame or a `Dataset`.

    Raises:
        IsoglossError: No such task or split, or what stands for a table is none.
    """
    if not isinstance(recipe, Mapping) or "data" not in recipe:
        return recipe, {}
    entries, files = recipe["data"], Files()
    alone = isinstance(entries, Mapping)
    placed = [_placed(entry, f"data.{index}", files) for index, entry in enumerate([entries] if alone else entries)]
    return {**recipe, "data": placed[0] if alone else placed}, files


def entries_of(data: Any, tasks: Sequence[str]) -> Any:  # noqa: ANN401 - the caller's own
    """The data entries that the argument ``data`` of `isogloss.train` stands for.

    Args:
        data: An entry or a list of entries, as in a recipe; or what is the path of one, languages to splits.
        tasks: Those of the recipe's own entries, which say what languages and splits alone do not.

    Raises:
        IsoglossError: No task, or several, to choose from.
    """
    if not isinstance(data, Mapping) or {"task", "path"} & data.keys():
        return data
    if len({*tasks}) != 1:
        found = ", ".join(sorted({*tasks})) or "none"
        raise IsoglossError(
            f'data: which task? The recipe has {found}; say data={{"task": "ner", "path": {{"en": {{"train": rows}}}}}}'
        )
    return {"task": tasks[0], "path": data}


def entry_of(entry: Mapping[str, Any], root: Path) -> dict[str, Any]:
    """A data entry whose objects, if it has some, are written to a run folder; see `objects_of`."""
    files = Files()
    placed = _placed(entry, "data", files)
    write(files, root)
    return {**placed, "path": _below(root, placed["path"])} if files else dict(placed)


def at(recipe: Recipe, root: Path) -> Recipe:
    """The recipe with its objects, and its model if that is one, below ``root``."""
    data = tuple(entry.model_copy(update={"path": _below(root, entry.path)}) for entry in recipe.data)
    model = _below(root, recipe.model) if isinstance(recipe.model, str) else recipe.model
    return recipe.model_copy(update={"data": data, "model": model})


def write(files: Files, root: Path) -> None:
    """Write objects below ``root``; their folder is named by what they hold, so nothing else is overwritten."""
    for name, content in files.items():
        if not (root / FOLDER / name).exists():
            write_bytes(root / FOLDER / name, content)


def _below(root: Path, path: str) -> str:
    """The path of objects, or of a model in memory, or another that stays."""
    return path.replace(AT_ROOT, f"{root / FOLDER}/")


def _placed(entry: Any, where: str, files: Files) -> Any:  # noqa: ANN401 - raw input
    """An entry with a template for its path, if it has objects; their contents go to ``files``."""
    if not isinstance(entry, Mapping) or not isinstance(entry.get("path"), Mapping):
        return entry
    task = entry.get("task")
    if task not in TASKS:
        raise IsoglossError(f"{where}.task: no task {task!r}{nearest(str(task), TASKS)}")
    if "format" in entry:
        raise IsoglossError(f"{where}.format: objects are of no format, found {entry['format']!r}; leave it out")
    own, form = Files(), ""
    for language, split, given in _tables(entry["path"], f"{where}.path"):
        form, content = rows_as_file(rows_of(given, f"{where}.path.{language}.{split}"), str(task))
        own[f"{language}/{split}.{'json' if form == 'squad' else 'jsonl'}"] = content
    if not own:
        raise IsoglossError(f"{where}.path: no language in it; it maps languages to splits, and these to rows")
    held = sorted((name, hashlib.sha256(content).hexdigest()) for name, content in own.items())
    folder = hashlib.sha256(repr(held).encode()).hexdigest()[:12]
    files |= {f"{folder}/{name}": content for name, content in own.items()}
    path = f"{AT_ROOT}{folder}/{{language}}/{{split}}{Path(next(iter(own))).suffix}"
    return {"name": "data", **entry, "format": form, "path": path}


def _tables(languages: Mapping[str, Any], where: str) -> Iterator[tuple[str, str, Any]]:
    """Language, split and table of each table."""
    for language, splits in languages.items():
        if not isinstance(splits, Mapping):
            raise IsoglossError(
                f"{where}.{language}: a mapping of splits (train, dev, test) to rows, found {type(splits).__name__}"
            )
        for name, given in splits.items():
            split = OTHER_SPLITS.get(str(name), str(name))
            if split not in SPLITS:
                known: Sequence[str] = (*SPLITS, *OTHER_SPLITS)
                raise IsoglossError(f"{where}.{language}: no split {name!r}{nearest(str(name), known)}")
            yield str(language), split, given

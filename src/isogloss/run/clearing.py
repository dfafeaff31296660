"""A run folder is emptied for a new run in its place: of what runs write, and of nothing else."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from isogloss.common.errors import IsoglossError
from isogloss.common.locking import NAME as LOCK
from isogloss.common.writing import read_json, writing
from isogloss.run.beginnings import renewed_of
from isogloss.run.folder import RunFolder, entries

_BESIDE = frozenset(("wandb", "wandb_id.txt", LOCK))
"""What lies in run folders and is written by others than `RunFolder`."""

_NAMES_OF_RUNS = frozenset(("name", "label", "method"))
"""Keys of recipes whose text is no path."""


def require_usable(folder: RunFolder, recipe: Any, *, resume: bool, overwrite: bool) -> None:  # noqa: ANN401 - as below
    """Stop if a folder is not there to be written to.

    Args:
        folder: The run folder.
        recipe: The recipe that is to be trained there, as plain values.
        resume: Whether a run in it may be gone on with.
        overwrite: Whether a run in it may be removed.

    Raises:
        IsoglossError: Both are wanted; or it holds a run, and neither is; or it holds something that is no run; or what
            would be removed is what the new run reads; or a run to resume has had its table of sub-words cut, or began
            with an encoder whose name another has now.
    """
    if resume and overwrite:
        raise IsoglossError(
            "resume and overwrite exclude each other: --resume goes on with the run in the folder, --overwrite removes "
            "it; give one of the two"
        )
    if overwrite:
        _require_replaceable(folder)
        _require_apart(folder, recipe)
    else:
        folder.require_free(resume=resume)
        if resume and folder.fingerprint.exists() and "trimmed" in read_json(folder.fingerprint):
            raise IsoglossError(
                f"{folder.path} was cut by isogloss trim: it has other sub-words than training began with, and cannot "
                "go on; resume the run that it was cut from, or name another folder"
            )
        if resume and (renewed := list(renewed_of(folder).values())):
            raise IsoglossError(
                f"{folder.path}: cannot resume, since {'; '.join(renewed)}. --overwrite removes the run and begins "
                "anew, --output names another folder; what has come to its end can still be evaluated"
            )


def _require_replaceable(folder: RunFolder) -> None:
    """Stop unless all that a folder holds is a run of isogloss; an empty folder, or none, will do."""
    if not folder.path.is_dir():
        folder.require_free(resume=True)  # a file is refused
        return
    foreign = sorted(own.name for own in folder.path.iterdir() if not _is_of_a_run(own, folder))
    foreign += sorted(f"data/{own.name}" for own in {*entries(folder.data)} - {*folder.objects()})
    if foreign:
        raise IsoglossError(
            f"{folder.path} is not overwritten: it holds {', '.join(foreign[:3])}{', ...' if foreign[3:] else ''}, "
            "which no run writes; move that away, or --output names another folder"
        )
    folder.require_free(resume=True)


def _require_apart(folder: RunFolder, recipe: Any) -> None:  # noqa: ANN401 - values as JSON has them
    """Stop if a recipe reads from the folder that it is to be trained into, its objects in ``data/`` apart."""
    root = folder.path.resolve()
    for text in _texts(recipe):
        path = _fixed(text)
        if path.is_relative_to(root) and not path.is_relative_to(root / "data") and path.exists():
            raise IsoglossError(
                f"{folder.path} is not overwritten: the run would read {text} in it, which would be gone; copy that to "
                "another place, or --output names another folder"
            )


def clear(folder: RunFolder, recipe: Any) -> bool:  # noqa: ANN401 - values as JSON has them
    """Remove a run, but for its lock and the objects that a recipe reads.

    What marks the folder as a run goes last, so that a process that is killed here leaves what can be overwritten.

    Args:
        folder: The run folder.
        recipe: The recipe of the new run, as plain values.

    Returns:
        Whether there was a run.

    Raises:
        IsoglossError: Something cannot be removed.
    """
    if not folder.path.is_dir():
        return False
    was_run, kept = folder.fingerprint.exists(), (LOCK, folder.data.name, folder.begun.name)
    read = {path for path in map(_fixed, _texts(recipe)) if path.is_relative_to(folder.data.resolve())}
    found = [own for own in folder.path.iterdir() if _is_of_a_run(own, folder) and own.name not in kept]
    unread = [own for own in folder.objects() if not any(path.is_relative_to(own.resolve()) for path in read)]
    with writing(folder.path):
        for own in sorted([*found, *unread], key=lambda own: own == folder.fingerprint):
            shutil.rmtree(own) if own.is_dir() and not own.is_symlink() else own.unlink()
    return was_run


def _is_of_a_run(path: Path, folder: RunFolder) -> bool:
    written = {own.name for own in vars(folder).values() if own.parent == folder.path} | _BESIDE
    return path.name in written or re.fullmatch(r"checkpoint-\d+|\..+\.partial", path.name) is not None


def _texts(value: Any) -> Iterator[str]:  # noqa: ANN401 - values as JSON has them
    """Every text in nested values that may be a path."""
    if isinstance(value, str) and value:
        yield value
    elif isinstance(value, dict):
        for key, own in value.items():
            if key not in _NAMES_OF_RUNS:
                yield from _texts(own)
    elif isinstance(value, list):
        for own in value:
            yield from _texts(own)


def _fixed(text: str) -> Path:
    """The path that a text would be, of a template the part before its first place to fill."""
    return Path(text.partition("{")[0]).resolve()

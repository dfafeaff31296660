"""Whether files can be written where they are to go, and what they would overwrite."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from isogloss.common.errors import IsoglossError, nearest
from isogloss.common.writing import write_bytes
from isogloss.data.chunks import renamed_tag
from isogloss.examples import Example, TaggedSentence

PLACEHOLDERS = frozenset(("_", "-", "-1"))
"""What files have in place of a label or tag that is not known."""


def check_destination(destination: Path, source: Path, *, overwrite: bool = False) -> None:
    """Stop unless a file can be written at ``destination`` without a loss.

    Raises:
        IsoglossError: It is a folder, or the file ``source`` itself, or another file and ``overwrite`` is False, or its
            folder cannot be written to or made.
    """
    if destination.is_dir():
        raise IsoglossError(f"cannot write {destination}: it is a folder; name a file in it")
    if destination.resolve() == source.resolve():
        raise IsoglossError(
            f"{destination} is the file that is read, and would be overwritten; --output names another place"
        )
    if destination.exists() and not overwrite:
        raise IsoglossError(f"{destination} exists; --overwrite replaces it, --output names another place")
    existing = next(place for place in destination.absolute().parents if place.exists())
    if not existing.is_dir():
        raise IsoglossError(f"cannot write {destination}: {existing} is a file, not a folder")
    if not os.access(existing, os.W_OK | os.X_OK):
        raise IsoglossError(f"cannot write {destination}: the folder {existing} is read-only")


def require_new_folder(folder: Path) -> None:
    """Stop unless a folder can be written that is not there yet, or is empty.

    Raises:
        IsoglossError: It is a file, holds something, or its place cannot be written to.
    """
    if folder.exists() and not folder.is_dir():
        raise IsoglossError(f"output: {folder} is a file; name a folder")
    if folder.is_dir() and any(folder.iterdir()):
        raise IsoglossError(f"output: {folder} holds something; name another folder, or move it away")
    above = next(place for place in folder.absolute().parents if place.exists())
    if not above.is_dir() or not os.access(above, os.W_OK | os.X_OK):
        raise IsoglossError(f"output: cannot write to {above}; name another folder")


def write_unless_changed(path: Path, content: bytes, *, overwrite: bool = False) -> None:
    """Write a file; one that holds something else is kept, as somebody may have corrected it.

    The same content is no loss, so that what was broken off can go on.

    Raises:
        IsoglossError: Such a file is there and ``overwrite`` is False, or the file cannot be written.
    """
    if path.exists() and not overwrite and path.read_bytes() != content:
        raise IsoglossError(
            f"{path} holds something else than what would be written now: it was corrected since, or comes from other "
            "data, another model or other settings; --overwrite replaces it, or move it away"
        )
    write_bytes(path, content)


def check_replaced(
    examples: Sequence[Example], labels: Sequence[str], label_maps: Sequence[Mapping[str, str]] = ()
) -> None:
    """Stop if predictions would take the place of anything but labels.

    A format that has to guess where the labels stand, such as the last column, may take words or other columns for
    labels. All that it took for labels must be labels of the model, by the recipe's own renaming where there is one.

    Args:
        examples: The examples of a file, with what was read as their labels.
        labels: The labels of the model.
        label_maps: The labels that the recipe renames; the names that it gives count as labels too.

    Raises:
        IsoglossError: A label is none of these, nor a placeholder; the message gives its file, line and value.
    """
    known = {*labels, *PLACEHOLDERS, *(target for names in label_maps for target in names.values())}
    for example in examples:
        for position, value in enumerate(example.classes):
            if known.isdisjoint((value, *(renamed_tag(value, names) for names in label_maps))):
                raise IsoglossError(_complaint(example, position, value, labels))


def _complaint(example: Example, position: int, value: str, labels: Sequence[str]) -> str:
    if isinstance(example, TaggedSentence):
        found = f"the tag of {example.tokens[position]!r} would be {value!r}"
        seems = (
            "the file seems to be raw text, one sentence a line (format lines), or to have another column, or other "
            "tags than the model's, where its tags should be. A file without tags has one token a line and nothing "
            "else (format conll), or _ as UPOS (format conllu)"
        )
    else:
        found = f"the label would be {value!r}"
        seems = (
            "the file seems to have another column, or other labels than the model's, where its labels should be. A "
            "file without labels has no such column, or nothing in it"
        )
    return (
        f"{example.path}:{example.line}: {found}, which is no label of the model{nearest(value, labels)}. Nothing was "
        f"predicted, as that would be overwritten: {seems}"
    )

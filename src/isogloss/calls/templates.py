"""Templates of files of text, as they are typed, and the entries of a recipe that they stand for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from isogloss.common.errors import IsoglossError
from isogloss.common.packing import ENDING
from isogloss.recipe.names import TEXT_FORMATS


def text_entry(template: str | Path) -> dict[str, str]:
    """The entry of ``text`` in a recipe that a template of files stands for, its format by its ending.

    Raises:
        IsoglossError: No format of text has the ending.

    Example:
        >>> text_entry("news/{language}.tsv.gz")
        {'format': 'tsv', 'path': 'news/{language}.tsv.gz'}
    """
    path = str(template)
    ending = Path(path.removesuffix(ENDING)).suffix[1:]
    named = "lines" if ending in ("", "txt", "text") else ending
    if named not in TEXT_FORMATS:
        known = ["txt", *(name for name in TEXT_FORMATS if name != "lines")]
        raise IsoglossError(f"text: {path}: a file of text ends in one of {', '.join(known)}, found {ending!r}")
    return {"format": named, "path": path}


def with_language(entry: Mapping[str, Any], languages: Sequence[str] | None) -> dict[str, Any]:
    """An entry with its languages: of a path without {language} the one that is asked for, if it is one.

    Example:
        >>> with_language({"format": "lines", "path": "news.txt"}, ["de"])
        {'languages': ['de'], 'format': 'lines', 'path': 'news.txt'}
    """
    if languages is None or len(languages) != 1 or "{language}" in str(entry.get("path")):
        return dict(entry)
    return {"languages": list(languages), **entry}

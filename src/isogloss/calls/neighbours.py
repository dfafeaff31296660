"""Paths of a recipe that are looked for in the working directory, and lie beside the recipe instead."""

from __future__ import annotations

import glob
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from isogloss.common.errors import IsoglossError
from isogloss.data.patterns import escaped


@contextmanager
def naming_neighbours(recipe: Any, resolved: BaseModel) -> Iterator[None]:  # noqa: ANN401 - whatever a call takes
    """If anything is wrong inside, say which paths of a recipe would be found beside it.

    Args:
        recipe: The recipe as the user named it: a path, the name of a shipped one, or a mapping, whose base
            may be a path.
        resolved: The same, resolved.

    Raises:
        IsoglossError: What was raised inside, with the paths.
    """
    try:
        yield
    except IsoglossError as error:
        said = neighbours(recipe, resolved)
        if not said:
            raise
        raise IsoglossError("\n".join([str(error), *said])) from error


def neighbours(recipe: Any, resolved: BaseModel) -> list[str]:  # noqa: ANN401 - whatever a call takes
    """A line for each path of a recipe that is not there, but would be if it were relative to the recipe."""
    if isinstance(recipe, Mapping):
        recipe = recipe.get("base")
    if not isinstance(recipe, str | Path) or not Path(recipe).is_file():
        return []
    folder = Path(recipe).parent
    found = []
    for path in dict.fromkeys(_texts(resolved.model_dump(mode="json"))):
        there = _first(folder / path)
        if _first(Path(path)) is None and there is not None:
            found.append(
                f"{path!r} is relative to the working directory ({Path.cwd()}), where there is none; beside the recipe "
                f"there is {there}: run isogloss in {folder.absolute()}, or write {folder / path}"
            )
    return found


def _texts(value: Any) -> Iterator[str]:  # noqa: ANN401 - any YAML
    """What may be a path: each text with a slash or an ending."""
    if isinstance(value, Mapping):
        value = list(value.values())
    if isinstance(value, list):
        for one in value:
            yield from _texts(one)
    elif isinstance(value, str) and re.search(r"[/\\.]", value) and not Path(value).is_absolute():
        yield value


def _first(template: Path) -> str | None:
    """The first path that a template matches, with anything in place of its braces."""
    pattern = re.sub(r"\{\w+\}", "*", str(template))
    return next(iter(sorted(glob.iglob(escaped(pattern)))), None)

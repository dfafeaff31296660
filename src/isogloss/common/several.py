"""One or several of a kind, as callers from Python give them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TypeVar, cast

One = TypeVar("One")


def several(given: One | Iterable[One]) -> list[One]:
    """A list of what is given: a text, a path or a mapping by itself is one, and not its letters.

    Example:
        >>> several("runs/first"), several(("a", "b"))
        (['runs/first'], ['a', 'b'])
    """
    return [cast("One", given)] if isinstance(given, str | Path | Mapping) else list(cast("Iterable[One]", given))

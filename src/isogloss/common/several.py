"""One or several of a kind, as callers from Python give them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any


def several(given: Any) -> list[Any]:  # noqa: ANN401 - a text is an iterable of texts, which no type tells apart
    """A list of what is given: a text, a path or a mapping by itself is one, and not its letters.

    Example:
        >>> several("runs/first"), several(("a", "b"))
        (['runs/first'], ['a', 'b'])
    """
    return [given] if isinstance(given, str | Path | Mapping) else list(given)

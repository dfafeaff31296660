"""Long arrays in a folder, written piece by piece and mapped into memory."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from isogloss.common.errors import IsoglossError
from isogloss.common.writing import read_json
from isogloss.store.cache import FACTS

PENDING = 1 << 16
"""Bytes that are kept of an array before they are written."""


class ArrayWriter:
    """Writes arrays, each by its name, of which any number grow at once: no file stays open.

    Args:
        folder: Where to; each array is a file there, of its numbers alone.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._pending: dict[str, bytearray] = {}
        self._sizes: dict[str, int] = {}
        self._types: dict[str, str] = {}

    def add(self, name: str, numbers: Any, dtype: type[np.generic]) -> None:  # noqa: ANN401 - any sequence of numbers
        """Append numbers to an array."""
        part = np.asarray(numbers, dtype=dtype)
        self._types[name] = part.dtype.str
        self._sizes[name] = self._sizes.get(name, 0) + len(part)
        pending = self._pending.setdefault(name, bytearray())
        pending += part.tobytes()
        if len(pending) >= PENDING:
            self._flush(name)

    def size(self, name: str) -> int:
        """Numbers in an array so far."""
        return self._sizes.get(name, 0)

    def close(self, facts: Mapping[str, Any]) -> None:
        """Write what is left, and what is known of the arrays."""
        for name in self._pending:
            self._flush(name)
        arrays = {name: [self._types[name], size] for name, size in self._sizes.items()}
        content = json.dumps({**facts, "arrays": arrays}, ensure_ascii=False)
        (self.folder / FACTS).write_text(content, encoding="utf-8")

    def _flush(self, name: str) -> None:
        with (self.folder / name).open("ab") as file:
            file.write(self._pending[name])
        self._pending[name].clear()


def read_arrays(folder: Path) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    """The arrays that an `ArrayWriter` has written, mapped into memory, and the facts.

    Raises:
        IsoglossError: A file is missing, or not as it was written.
    """
    facts = read_json(folder / FACTS)
    found = {}
    for name, (dtype, size) in facts.pop("arrays").items():
        path = folder / name
        if not path.exists() or path.stat().st_size != size * np.dtype(dtype).itemsize:
            raise IsoglossError(f"{path}: has not the {size} numbers that were written")
        found[name] = np.memmap(path, dtype=dtype, mode="r", shape=(size,)) if size else np.empty(0, dtype)
    return found, facts

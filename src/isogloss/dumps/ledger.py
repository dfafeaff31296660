"""Sets and counts that do not fit into memory: a file of SQLite."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path

from isogloss.dumps.index import open_readonly

_CACHE = 200_000


class Ledger:
    """How often each key has come. Starts empty, and lasts as long as the task that it is for.

    Args:
        path: A file that no other task uses; an earlier one is removed.
    """

    def __init__(self, path: Path) -> None:
        path.unlink(missing_ok=True)
        self._database = sqlite3.connect(path, isolation_level=None)
        self._database.execute("PRAGMA journal_mode=OFF")
        self._database.execute("PRAGMA synchronous=OFF")
        self._database.execute("CREATE TABLE counts (key TEXT PRIMARY KEY, number INTEGER) WITHOUT ROWID")

    @contextmanager
    def counting(self, keys: Iterable[str]) -> Iterator[dict[str, int]]:
        """How often each of the keys has come; what is counted on in it is kept."""
        numbers = dict[str, int]()
        for key in set(keys):
            row = self._database.execute("SELECT number FROM counts WHERE key = ?", (key,)).fetchone()
            numbers[key] = 0 if row is None else row[0]
        yield numbers
        self._database.execute("BEGIN")
        self._database.executemany("INSERT OR REPLACE INTO counts VALUES (?, ?)", numbers.items())
        self._database.execute("COMMIT")

    def close(self) -> None:
        """Close the file."""
        self._database.close()


class Keys:
    """A set of keys that was written to a table ``keys`` of a file."""

    def __init__(self, path: Path, table: str) -> None:
        self._database = open_readonly(path)
        self._query = f"SELECT 1 FROM {table} WHERE key = ?"
        self.__contains = lru_cache(_CACHE)(self._find)

    def _find(self, key: str) -> bool:
        return self._database.execute(self._query, (key,)).fetchone() is not None

    def __contains__(self, key: str) -> bool:
        return self.__contains(key)

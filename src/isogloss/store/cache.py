"""A folder of entries that are built once, each named by the content of all that it is made from.

An entry is a folder with ``rows.arrow``, to be mapped into memory, and ``facts.json``. It is built under a hidden name
and renamed when whole, so that processes can build the same one at once and a crash leaves none half-built. Nothing
ever changes in an entry: whatever it depends on is in its name, so it can be old but not wrong. An entry that is cut
short or cannot be opened is noticed; bytes that a disk changes inside of it are not, since to check them all would take
as long as what is saved.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import secrets
import shutil
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

import pyarrow as pa

from isogloss.common.errors import IsoglossError
from isogloss.common.writing import read_json

ROWS, FACTS, PARTIAL = "rows.arrow", "facts.json", ".partial-"
DAY = 24 * 60 * 60
"""Seconds after which a hidden folder belongs to a process that has died."""

Opened = TypeVar("Opened")


@dataclass(frozen=True)
class Cache:
    """Entries in a folder, which may be deleted at any time.

    Args:
        folder: Where they lie.
    """

    folder: Path

    def get(
        self,
        kind: str,
        key: Mapping[str, Any],
        build: Callable[[Path], None],
        read: Callable[[Path], Opened],
    ) -> Opened | None:
        """An entry, built if it is not there. One that is damaged is built anew.

        Args:
            kind: What sort of entry it is.
            key: All that it depends on, as JSON.
            build: Writes it to a folder (see `write_entry`).
            read: Opens it (see `read_entry`).

        Returns:
            What ``read`` gives; None if the entry cannot be written, which is said, and is no reason to stop.
        """
        name = hashlib.sha256(json.dumps({**key, "code": _code()}, sort_keys=True).encode()).hexdigest()
        path = self.folder / kind / name
        try:
            if path.exists():
                try:
                    return read(path)
                except (OSError, ValueError, KeyError, IsoglossError, pa.ArrowException) as error:
                    _tell(f"{path}: damaged, built anew ({error})")
                    shutil.rmtree(path, ignore_errors=True)
            path.parent.mkdir(parents=True, exist_ok=True)
            _sweep(path.parent)
            # Not `tempfile.mkdtemp`, whose folders are for their owner alone: a cache may be shared.
            partial = path.parent / f"{PARTIAL}{secrets.token_hex(8)}"
            partial.mkdir()
        except OSError as error:
            _tell(f"{self.folder}: not written, so this is done again next time: {error.strerror}")
            return None
        try:
            build(partial)
            if not path.exists():  # else another process was faster, and built the same
                partial.rename(path)
            return read(path)
        except OSError as error:
            if path.exists():
                return read(path)
            _tell(f"{path}: not written, so this is done again next time: {error.strerror}")
            return None
        finally:
            shutil.rmtree(partial, ignore_errors=True)


def cache_of_environment() -> Cache | None:
    """The cache in the folder ``ISOGLOSS_CACHE``, by default ``~/.cache/isogloss``; None where that is ``off``."""
    place = os.environ.get("ISOGLOSS_CACHE") or "~/.cache/isogloss"
    if place == "off":
        return None
    try:
        return Cache(Path(place).expanduser())
    except RuntimeError as error:  # a user without a home, as in containers
        _tell(f"{place}: {error}; ISOGLOSS_CACHE names a folder, or is off")
        return None


def write_entry(folder: Path, schema: pa.Schema, batches: Iterable[pa.RecordBatch], facts: Callable[[], Any]) -> None:
    """Write rows batch by batch, then the facts, which may be known only when all batches have been made."""
    with (folder / ROWS).open("wb") as file:
        with pa.ipc.new_file(file, schema) as writer:
            for batch in batches:
                writer.write_batch(batch)
        file.flush()
        os.fsync(file.fileno())
    # Not `write_json`, whose errors are for files that a user asked for: without a cache a run goes on.
    content = json.dumps({**facts(), "bytes": (folder / ROWS).stat().st_size}, ensure_ascii=False)
    (folder / FACTS).write_text(content, encoding="utf-8")


def read_entry(folder: Path) -> tuple[pa.ipc.RecordBatchFileReader, dict[str, Any]]:
    """The rows, mapped into memory, and the facts.

    Raises:
        IsoglossError: A file is missing, or not as it was written.
        pyarrow.ArrowException: Likewise.
    """
    facts = read_json(folder / FACTS)
    if (folder / ROWS).stat().st_size != facts["bytes"]:
        raise IsoglossError(f"{folder / ROWS} has not the {facts['bytes']} bytes that were written")
    return pa.ipc.open_file(pa.memory_map(str(folder / ROWS))), facts


@cache
def _code() -> str:
    """SHA-256 of the code that reads, encodes and stores, and of what it runs on: entries of others are not taken."""
    package = Path(__file__).parents[1]
    alone = [package / name for name in ("examples.py", "protocols.py", "recipe/names.py", "start/reading.py")]
    files = [*alone, *(path for room in ("common", "data", "tasks", "store") for path in (package / room).glob("*.py"))]
    versions = [pa.__version__, sys.version]
    return hashlib.sha256(
        b"\0".join([path.read_bytes() for path in sorted(files)] + [repr(versions).encode()])
    ).hexdigest()


def _sweep(folder: Path) -> None:
    """Remove what processes that died have left."""
    for path in folder.glob(f"{PARTIAL}*"):
        try:
            if time.time() - path.stat().st_mtime > DAY:
                shutil.rmtree(path, ignore_errors=True)
        except OSError:  # another process removes it too
            continue


def _tell(message: str) -> None:
    logging.getLogger(__name__).warning("cache: %s", message)

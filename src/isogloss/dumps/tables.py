"""Parquet written row by row in constant memory, and read back piece by piece; folders that are whole or not there."""

from __future__ import annotations

import dataclasses
import shutil
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from isogloss.common.errors import IsoglossError
from isogloss.common.writing import read_json, write_json, writing
from isogloss.dumps.rows import Row

GROUP = 4096
"""Rows that are held before they are written."""
COUNTS = "counts.json"


class Table:
    """A Parquet file that grows by rows; the file is there even if it stays empty."""

    def __init__(self, path: Path, schema: pa.Schema) -> None:
        self._schema, self._rows = schema, list[dict[str, Any]]()
        self._path = path
        with writing(path):
            self._writer = pq.ParquetWriter(path, schema, compression="zstd")

    def add(self, row: Row | dict[str, Any]) -> None:
        """Add a row."""
        self._rows.append(row if isinstance(row, dict) else dataclasses.asdict(row))
        if len(self._rows) >= GROUP:
            self._flush()

    def add_table(self, rows: pa.Table) -> None:
        """Add many rows at once."""
        self._flush()
        with writing(self._path):
            self._writer.write_table(rows.cast(self._schema))

    def _flush(self) -> None:
        if self._rows:
            with writing(self._path):
                self._writer.write_table(pa.Table.from_pylist(self._rows, self._schema))
            self._rows.clear()

    def __enter__(self) -> Table:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self._flush()
        with writing(self._path):
            self._writer.close()


@contextmanager
def tables(folder: Path, schemas: Mapping[str, pa.Schema]) -> Iterator[dict[str, Table]]:
    """Open a table of each name, as ``NAME.parquet``."""
    with ExitStack() as stack:
        yield {name: stack.enter_context(Table(folder / f"{name}.parquet", schema)) for name, schema in schemas.items()}


@contextmanager
def whole_folder(folder: Path) -> Iterator[Path]:
    """A folder that has its name only once all that is written inside is there; what an earlier try left is removed.

    Raises:
        IsoglossError: It cannot be written.
    """
    partial = folder.with_name(f".{folder.name}.partial")
    with writing(folder):
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir(parents=True)
    yield partial
    with writing(folder):
        shutil.rmtree(folder, ignore_errors=True)
        partial.replace(folder)


def batches(path: Path, size: int = 16_384) -> Iterator[pa.RecordBatch]:
    """The rows of a Parquet file, so many at a time."""
    with pq.ParquetFile(path) as file:
        yield from file.iter_batches(batch_size=size)


def write_counts(folder: Path, counts: Counter[str], drops: Counter[str]) -> None:
    """Write what a task has counted."""
    write_json(folder / COUNTS, {"counts": dict(counts), "drops": dict(drops)})


def read_counts(folder: Path) -> tuple[Counter[str], Counter[str]]:
    """What a task has counted: rows of each kind, and what was dropped by reason."""
    found = read_json(folder / COUNTS)
    try:
        return Counter(found["counts"]), Counter(found["drops"])
    except (KeyError, TypeError) as error:
        raise IsoglossError(f"{folder / COUNTS}: damaged: {error!r}") from error

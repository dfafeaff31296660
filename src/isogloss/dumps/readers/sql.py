"""Rows of a table in an SQL dump of MediaWiki (``page``, ``redirect``, ``page_props``)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from isogloss.common.errors import IsoglossError
from isogloss.dumps.readers.compressed import Chunk, lines

_ROW = re.compile(rb"\(((?:'(?:[^'\\]|\\.)*'|[^'()])*)\)\s*([,;])", re.DOTALL)
_VALUE = re.compile(rb"('(?:[^'\\]|\\.)*'|[^',]+)(?:,|$)", re.DOTALL)
_ESCAPED = re.compile(rb"\\(.)", re.DOTALL)
_ESCAPES = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"0": b"\0", b"Z": b"\x1a"}


def read_table(path: Path, table: str, columns: Sequence[str], wiki: str) -> Iterator[tuple[str | None, ...]]:
    """The values of some columns, row by row; None for NULL.

    Args:
        path: The dump of a table, ``*.sql`` or ``*.sql.gz``.
        table: The table that it must be of.
        columns: Names of the columns, in the order wanted.
        wiki: The database that it must be of, such as ``ukwiki``.

    Raises:
        IsoglossError: The file is cut off or damaged, or of another table or wiki, or lacks a column.
    """
    places: list[int] | None = None
    names: list[str] = []
    ended = True
    for line, _ in lines(Chunk(path)):
        if places is None:
            _check_head(path, line, table, wiki)
            if found := re.match(rb"\s+`(\w+)`", line):
                names.append(found[1].decode())
            elif line.startswith(b")") and names:
                places = [_place(path, names, column) for column in columns]
        elif line.startswith(b"INSERT INTO") or not ended:
            ended = False
            for row in _ROW.finditer(line):
                yield _chosen(path, row[1], len(names), places)
                ended = row[2] == b";"
    if places is None:
        raise IsoglossError(f"{path}: no table {table!r} in it; expected an SQL dump of MediaWiki")
    if not ended:
        raise IsoglossError(f"{path}: ends in the middle of a statement; it is cut off")


def _check_head(path: Path, line: bytes, table: str, wiki: str) -> None:
    if found := re.match(rb"--.*Database:\s*(\S+)", line):
        database = found[1].decode("utf-8", "replace")
        if database != wiki:
            raise IsoglossError(f"{path}: the table is of {database}, not of {wiki} as the name says")
    if found := re.match(rb"CREATE TABLE `(\w+)`", line):
        held = found[1].decode()
        if held != table:
            raise IsoglossError(f"{path}: holds the table {held!r}, not {table!r} as the name says")


def _place(path: Path, names: Sequence[str], column: str) -> int:
    if column not in names:
        raise IsoglossError(f"{path}: the table has no column {column!r} (columns: {', '.join(names)})")
    return names.index(column)


def _chosen(path: Path, row: bytes, width: int, places: Sequence[int]) -> tuple[str | None, ...]:
    values = [found[1] for found in _VALUE.finditer(row)]
    if len(values) != width:
        raise IsoglossError(f"{path}: a row of {len(values)} values in a table of {width} columns")
    return tuple(_value(path, values[place]) for place in places)


def _value(path: Path, value: bytes) -> str | None:
    if value == b"NULL":
        return None
    if value.startswith(b"'"):
        value = _ESCAPED.sub(lambda found: _ESCAPES.get(found[1], found[1]), value[1:-1])
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError:
        raise IsoglossError(f"{path}: not UTF-8: {value[:40]!r}") from None

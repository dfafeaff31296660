"""Linked sentences, descriptions, text and facts that are the user's own.

JSON lines hold a sentence each (``text``, ``language``, ``mentions`` with ``start``, ``end`` and ``entity``, ``page``)
or a description (``entity``, ``language``, ``text``, ``title``). Tables of facts hold subject, relation and object with
tabs between them; ``relations.uk.tsv`` a relation and its label in each line.
"""

from __future__ import annotations

import itertools
import json
import unicodedata
from collections.abc import Iterator
from typing import Any

from isogloss.common.errors import IsoglossError
from isogloss.dumps.plan import Piece
from isogloss.dumps.readers.compressed import lines
from isogloss.dumps.rows import Description, Fact, Label, Mention, Sentence


def read_rows(piece: Piece) -> Iterator[Sentence | Description]:
    """The sentences and descriptions of JSON lines.

    Raises:
        IsoglossError: A line is neither, or has a mention that is not a place in its text.
    """
    for where, line in _numbered(piece):
        try:
            found = json.loads(line)
        except ValueError as error:
            raise IsoglossError(f"{where}: not JSON: {error}") from None
        if not isinstance(found, dict):
            raise IsoglossError(f"{where}: an object expected, found {line[:60]!r}")
        if "entity" in found:
            yield Description(*(_string(found, key, where) for key in ("entity", "language", "text", "title")))
        else:
            yield _sentence(found, where)


def _sentence(found: dict[str, Any], where: str) -> Sentence:
    text, language = _string(found, "text", where), _string(found, "language", where)
    given = found.get("mentions") or []
    if not isinstance(given, list):
        raise IsoglossError(f"{where}: 'mentions' is a {type(given).__name__}, not a list")
    mentions = sorted((_mention(one, text, where) for one in given), key=lambda mention: mention.start)
    for one, other in itertools.pairwise(mentions):
        if other.start < one.end:
            raise IsoglossError(f"{where}: mentions {one.start}–{one.end} and {other.start}–{other.end} overlap")
    page = found.get("page") or ""
    if not isinstance(page, str):
        raise IsoglossError(f"{where}: 'page' is a {type(page).__name__}, not a string")
    if not unicodedata.is_normalized("NFC", text):
        raise IsoglossError(f"{where}: the text is not in NFC, to which the places of mentions count")
    return Sentence(text, language, tuple(mentions), page)


def _mention(found: object, text: str, where: str) -> Mention:
    if not isinstance(found, dict):
        raise IsoglossError(f"{where}: a mention is {found!r}, not {{start, end, entity}}")
    start, end = found.get("start"), found.get("end")
    if not (type(start) is int and type(end) is int and 0 <= start < end <= len(text)):
        raise IsoglossError(
            f"{where}: a mention from {start!r} to {end!r}, where the text has {len(text)} characters "
            "(0 <= start < end <= length, in code points)"
        )
    return Mention(start, end, _string(found, "entity", where))


def _string(found: dict[str, Any], key: str, where: str) -> str:
    value = found.get(key)
    if not isinstance(value, str) or not value.strip():
        has = ", ".join(found) or "nothing"
        raise IsoglossError(f"{where}: {key!r} must be a text, found {value!r} (the line has {has})")
    return value


def read_paragraphs(piece: Piece) -> Iterator[str]:
    """The lines of a text file that are not blank, in NFC."""
    for _, line in _numbered(piece):
        yield unicodedata.normalize("NFC", line.strip())


def read_facts(piece: Piece) -> Iterator[Fact]:
    """The facts of a table.

    Raises:
        IsoglossError: A line has not three ids.
    """
    for where, line in _numbered(piece):
        cells = line.split("\t")
        if len(cells) != 3 or not all(cell.strip() for cell in cells):
            raise IsoglossError(
                f"{where}: expected subject, relation and object with tabs between, found {line[:80]!r}"
            )
        yield Fact(*(cell.strip() for cell in cells))


def read_labels(piece: Piece) -> Iterator[Label]:
    """The labels of relations; columns behind the second are left aside.

    Raises:
        IsoglossError: A line has no two columns.
    """
    for where, line in _numbered(piece):
        cells = line.split("\t")
        if len(cells) < 2 or not all(cell.strip() for cell in cells[:2]):
            raise IsoglossError(f"{where}: expected a relation and its label with a tab between, found {line[:80]!r}")
        yield Label(cells[0].strip(), piece.language, cells[1].strip())


def _numbered(piece: Piece) -> Iterator[tuple[str, str]]:
    """Where each line of a piece that is not blank stands, and the line.

    In a later piece of a large file the place is counted from the piece's beginning, since nobody has counted the lines
    before.
    """
    behind = f" behind byte {piece.start}" if piece.start else ""
    for number, (line, inside) in enumerate(lines(piece.chunk), start=1):
        if not inside:
            return
        where = f"{piece.path}:{number}{behind}"
        try:
            text = line.decode("utf-8").removesuffix("\n").removesuffix("\r").removeprefix("\ufeff")
        except UnicodeDecodeError as error:
            raise IsoglossError(f"{where}: not UTF-8: {error}") from None
        if text.strip():
            yield where, text

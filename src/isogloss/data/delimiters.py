"""How the rows of a table stand in its lines: without quoting (TSV) or with it (CSV)."""

from __future__ import annotations

import csv
import itertools
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from isogloss.common.errors import IsoglossError
from isogloss.data.problems import Problems

LONGEST_FIELD = 2**31 - 1
"""In characters: the largest limit that the csv module takes on every system."""


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a table.

    Attributes:
        first: Its first line, from 1.
        last: Its last line; a quoted field may hold line breaks.
        fields: Its values.
    """

    first: int
    last: int
    fields: list[str]


class Delimiter(Protocol):
    """How rows are cut into fields."""

    def rows(self, lines: Sequence[str], path: Path, problems: Problems) -> Iterator[Row]:
        """The rows that can be read, blank lines left out."""

    def join(self, fields: Sequence[str]) -> str:
        """The row with these fields."""

    def replace(self, text: str, position: int | None, value: str) -> str:
        """The row ``text`` with ``value`` in the field at ``position``, or in a new last field (None)."""


@dataclass(frozen=True, slots=True)
class Unquoted:
    """Every separator separates, and quotation marks are text.

    Args:
        separator: One character.
    """

    separator: str

    def rows(self, lines: Sequence[str], path: Path, problems: Problems) -> Iterator[Row]:
        """One row per line."""
        for number, text in enumerate(lines, start=1):
            if text.strip() or self.separator in text:
                yield Row(number, number, text.split(self.separator))
            else:
                problems.warning(path, number, "blank line skipped")

    def join(self, fields: Sequence[str]) -> str:
        """The row with these fields.

        Raises:
            IsoglossError: One holds the separator or a line feed, which this format cannot express.
        """
        for field in fields:
            if self.separator in field or "\n" in field:
                raise IsoglossError(f"{field!r} holds a line break or the separator {self.separator!r}")
        return self.separator.join(fields)

    def replace(self, text: str, position: int | None, value: str) -> str:
        """The row with one field replaced or added.

        Raises:
            IsoglossError: The value holds the separator, which this format cannot express.
        """
        if self.separator in value:
            raise IsoglossError(f"label {value!r} holds the separator {self.separator!r}")
        return self.separator.join(_replaced(text.split(self.separator), position, value))


@dataclass(frozen=True, slots=True)
class Quoted:
    """Standard quoting: a field in quotation marks may hold separators, line breaks and doubled quotation marks.

    Args:
        separator: One character.
    """

    separator: str

    def rows(self, lines: Sequence[str], path: Path, problems: Problems) -> Iterator[Row]:
        """The rows; one with malformed quoting is an error."""
        # The module's limit is 131,072 characters a field, for the whole process; texts may be longer.
        csv.field_size_limit(max(csv.field_size_limit(), LONGEST_FIELD))
        reader = csv.reader((f"{line}\n" for line in lines), delimiter=self.separator, strict=True)
        while True:
            first = reader.line_num + 1
            try:
                fields = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                hint = "; is a quotation mark never closed?" if reader.line_num == len(lines) else ""
                problems.error(path, first, f"malformed row: {error}{hint}")
                continue
            if len(fields) > 1 or "".join(fields).strip():
                yield Row(first, reader.line_num, fields)
            else:
                problems.warning(path, first, "blank line skipped")

    def join(self, fields: Sequence[str]) -> str:
        """The row with these fields, those in quotation marks that need them."""
        return self.separator.join(map(self._quoted, fields))

    def replace(self, text: str, position: int | None, value: str) -> str:
        """The row with one field replaced, quoted as it was, or added."""
        separator = re.escape(self.separator)
        # The row was read, so its quoting is sound and each field, with its quotation marks, can be cut out.
        field = re.compile(rf'"(?:[^"]|"")*"|(?:[^"{separator}][^{separator}]*)?')
        fields = [field.match(text)[0]]  # type: ignore[index]  # it matches the empty field too
        end = len(fields[0])
        while end < len(text):
            fields.append(field.match(text, end + 1)[0])  # type: ignore[index]
            end += 1 + len(fields[-1])
        was_quoted = position is not None and fields[position].startswith('"')
        return self.separator.join(_replaced(fields, position, self._quoted(value, always=was_quoted)))

    def _quoted(self, value: str, *, always: bool = False) -> str:
        needed = always or any(mark in value for mark in f'{self.separator}"\r\n')
        return '"' + value.replace('"', '""') + '"' if needed else value


def _replaced(fields: list[str], position: int | None, value: str) -> list[str]:
    """The fields with ``value`` at ``position``, or added (None)."""
    return [*fields, value] if position is None else [*fields[:position], value, *fields[position + 1 :]]


TAB = Unquoted("\t")
COMMA = Quoted(",")
USUAL: Mapping[str, Delimiter] = {"\t": TAB, ",": COMMA, ";": Quoted(";"), "|": Quoted("|")}
"""What most often separates columns."""


def found_separator(lines: Sequence[str]) -> tuple[str, list[str]] | None:
    """The usual separator that cuts the first rows into equally many columns, more than one, and the first row so cut.

    Example:
        >>> found_separator(["text;label", "yes, or no;a"])
        (';', ['text', 'label'])
    """
    for separator, delimiter in USUAL.items():
        rows = [row.fields for row in itertools.islice(delimiter.rows(lines, Path(), Problems()), 20)]
        if len({len(fields) for fields in rows}) == 1 and len(rows[0]) > 1:
            return separator, rows[0]
    return None

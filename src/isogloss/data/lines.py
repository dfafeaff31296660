"""The lines of a text file: read strictly, written, and written back with some of them changed."""

from __future__ import annotations

import codecs
import string
from collections.abc import Iterable, Mapping
from pathlib import Path

from isogloss.common.errors import IsoglossError
from isogloss.common.packing import unpacked
from isogloss.common.writing import write_text
from isogloss.data.problems import Problems

_BEGINNINGS = {
    codecs.BOM_UTF16_LE: "; the file is UTF-16, save it as UTF-8",
    codecs.BOM_UTF16_BE: "; the file is UTF-16, save it as UTF-8",
    b"\x1f\x8b": "; the file is packed by gzip, which is read if its name ends in .gz",
    b"BZh": "; the file is packed by bzip2, unpack it (or pack it by gzip, as *.gz)",
    b"\xfd7zXZ": "; the file is packed by xz, unpack it (or pack it by gzip, as *.gz)",
    b"(\xb5/\xfd": "; the file is packed by zstd, unpack it (or pack it by gzip, as *.gz)",
    b"PK\x03\x04": "; the file is a ZIP archive (a spreadsheet is one too), save it as text",
    b"PAR1": "; the file is Parquet, which is format: parquet",
}


def read_lines(path: Path, problems: Problems) -> list[str]:
    """The lines of a UTF-8 file, without byte order mark and line ends (LF or CRLF); ``*.gz`` is unpacked.

    Only a line feed ends a line: `str.splitlines` would also cut at characters that occur inside of real sentences
    (U+0085, U+2028).

    Args:
        path: The file.
        problems: Takes the error if the file cannot be read, is not UTF-8, holds a NUL, or has line ends of old Macs (a
            CR alone); there are no lines then.
    """
    try:
        content = unpacked(path, path.read_bytes())
    except FileNotFoundError:
        problems.error(path, None, "no such file")
        return []
    except IsADirectoryError:
        problems.error(path, None, "is a directory, not a file")
        return []
    except OSError as error:
        problems.error(path, None, f"cannot be read: {error.strerror}")
        return []
    except IsoglossError as error:
        problems.error(path, None, str(error))
        return []
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        found = f"not UTF-8: byte 0x{content[error.start]:02x} at byte offset {error.start}"
        hint = next((hint for beginning, hint in _BEGINNINGS.items() if content.startswith(beginning)), "")
        problems.error(path, content.count(b"\n", 0, error.start) + 1, found + hint)
        return []
    if "\0" in text:
        problems.error(path, text.count("\n", 0, text.index("\0")) + 1, "NUL character; is this a text file?")
        return []
    if "\r" in text and "\n" not in text:
        problems.error(path, 1, "line ends are carriage returns (CR), as of old Macs; save the file with LF or CRLF")
        return []
    lines = text.removeprefix("\ufeff").split("\n")
    return [line.removesuffix("\r") for line in (lines if lines[-1] else lines[:-1])]


def to_bytes(lines: Iterable[str]) -> bytes:
    """The content of a file of which `read_lines` reads these lines.

    Raises:
        IsoglossError: A line holds a line feed or a NUL, or ends in a carriage return, so it would not come back.
    """
    lines = list(lines)
    for line in lines:
        if "\n" in line or "\0" in line or line.endswith("\r"):
            raise IsoglossError(f"no line of a text file: {line!r} holds a line end or a NUL")
    text = "".join(f"{line}\n" for line in lines)
    # A mark at the beginning is taken for the file's own, not for a character of its first line.
    return ("\ufeff" * text.startswith("\ufeff") + text).encode()


def is_blank(text: str) -> bool:
    """Whether there is nothing, or only white space of ASCII: a no-break or ideographic space may be a token."""
    return not text.strip(string.whitespace)


def rewrite(source: Path, destination: Path, replacements: Mapping[int, str]) -> None:
    """Write the lines of ``source`` to ``destination`` with some replaced; every other byte stays.

    Args:
        source: A file that `read_lines` accepts; ``*.gz`` is unpacked.
        destination: File to write, as a whole, packed if it is called ``*.gz``; may be ``source`` itself.
        replacements: New text, without line end, by line number from 1.

    Raises:
        IsoglossError: ``destination`` cannot be written; the message gives the reason.
    """
    # Not `read_text`, which would turn CRLF into LF.
    text = unpacked(source, source.read_bytes()).decode("utf-8")
    mark = "\ufeff" if text.startswith("\ufeff") else ""
    lines = text.removeprefix(mark).split("\n")
    for number, line in replacements.items():
        lines[number - 1] = line + ("\r" if lines[number - 1].endswith("\r") else "")
    write_text(destination, mark + "\n".join(lines))

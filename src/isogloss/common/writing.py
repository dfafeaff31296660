"""Files that are either whole or not there."""

from __future__ import annotations

import fcntl
import json
import os
import secrets
import stat
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from glob import escape
from pathlib import Path
from typing import Any

import msgspec
from safetensors import SafetensorError

from isogloss.common.errors import IsoglossError
from isogloss.common.packing import packed


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Turn a failed write inside into one error that names ``path`` and the reason.

    Raises:
        IsoglossError: The disk is full, the folder cannot be written to, and the like.
    """
    try:
        yield
    except OSError as error:
        raise IsoglossError(f"cannot write {path}: {error.strerror or error}. {_ADVICE}") from error
    except (RuntimeError, SafetensorError) as error:
        # torch and safetensors wrap the system's reason in errors of their own.
        raise IsoglossError(f"cannot write {path}: {str(error).splitlines()[0]}. {_ADVICE}") from error


_ADVICE = "Is the disk full, or the folder read-only? Whatever had been written completely is intact"


def write_text(path: Path, text: str) -> None:
    """Write a text file as a whole, in UTF-8; see `write_bytes`."""
    write_bytes(path, text.encode("utf-8"))


def write_bytes(path: Path, content: bytes) -> None:
    """Write a file as a whole, packed if it is called ``*.gz``: a reader, or a crash, never sees half of it.

    Raises:
        IsoglossError: The file cannot be written; an earlier version of it is intact.
    """
    partial = hidden(path)
    with writing(path):
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with partial.open("wb") as file:
                file.write(packed(path, content))
                file.flush()
                os.fsync(file.fileno())
            partial.replace(path)
        except BaseException:
            partial.unlink(missing_ok=True)
            raise


def hidden(path: Path) -> Path:
    """A hidden name beside ``path`` that no other process uses, to write to before it is renamed."""
    return path.with_name(f".{path.name}.{secrets.token_hex(4)}.partial")


def remove_partials(path: Path) -> None:
    """Remove what killed processes have left of a file; only where no other process writes it, as under a lock."""
    for left in path.parent.glob(f".{escape(path.name)}.*.partial"):
        left.unlink(missing_ok=True)


def write_json(path: Path, value: Any) -> None:  # noqa: ANN401 - anything JSON can hold
    """Write ``value`` as JSON, as a whole."""
    write_text(path, json.dumps(value, indent=2, ensure_ascii=False, sort_keys=True) + "\n")


def read_json(path: Path, kind: type = dict) -> Any:  # noqa: ANN401 - anything JSON can hold
    """What a JSON file holds.

    Raises:
        IsoglossError: It cannot be read, is no JSON or holds something else than a ``kind``.
    """
    try:
        value = _value(path.read_bytes())
    except (OSError, ValueError) as error:
        raise IsoglossError(f"{path}: damaged: {error}") from error
    if not isinstance(value, kind):
        raise IsoglossError(f"{path}: damaged: a {kind.__name__} expected, found a {type(value).__name__}")
    return value


def append_lines(path: Path, rows: list[dict[str, Any]]) -> None:
    """Append rows as JSON, one a line, in one write, in place of a last line that a crash cut short.

    Raises:
        IsoglossError: They cannot be written; all earlier rows are intact.
    """
    added = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    with writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a+b") as file:
            # What another process appends between the reading and the cutting would be cut off.
            with suppress(OSError):  # not every file system has locks
                fcntl.flock(file, fcntl.LOCK_EX)
            file.seek(0)
            file.truncate(file.read().rfind(b"\n") + 1)
            file.write(added.encode())


def write_lines(path: Path, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write rows as JSON, one a line, as a whole; see `write_bytes`."""
    write_text(path, "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows))


def read_lines(path: Path) -> list[dict[str, Any]]:
    """The rows of a file of JSON lines; none if it does not exist. A last line cut short by a crash is left out."""
    if not path.exists():
        return []
    # Only a line feed ends a line (texts hold other line breaks), and only a line with its end is whole.
    lines = path.read_bytes().split(b"\n")[:-1]
    rows = []
    for number, line in enumerate(lines, start=1):
        try:
            rows.append(_value(line))
        except ValueError as error:
            raise IsoglossError(f"{path}:{number}: not a line of JSON: {error}") from error
    return rows


_DECODER = msgspec.json.Decoder()


def _value(content: bytes) -> Any:  # noqa: ANN401 - anything JSON can hold
    """What JSON says, read twice as fast as by `json`, which reads what this refuses: NaN, infinity, half a surrogate.

    Whatever msgspec takes, `json` takes too, and as the same value; so both together read what `json` alone does.
    """
    try:
        return _DECODER.decode(content)
    except ValueError:
        return json.loads(content)


def publish(partial: Path, folder: Path) -> None:
    """Give a folder that has been written its name, which nothing or an empty folder has, for all to read.

    Raises:
        IsoglossError: The disk or its permissions do not let it.
    """
    with writing(folder):
        open_as_usual(partial)
        if folder.exists():
            folder.rmdir()
        partial.replace(folder)


def open_as_usual(folder: Path) -> None:
    """Give the files of a folder the mode of any new file there: safetensors lets nobody but the owner read its own."""
    usual = hidden(folder / "mode")
    usual.touch()
    mode = stat.S_IMODE(usual.stat().st_mode)
    usual.unlink()
    for path in folder.rglob("*"):
        if path.is_file():
            path.chmod(mode)

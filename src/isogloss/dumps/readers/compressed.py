"""The lines of a large file, packed by bzip2 or gzip or not at all, also of a part of it only.

A bzip2 file of several streams, as the multistream dumps and those of parallel packers are, can be entered at any
stream, and a plain file anywhere; so such files are cut into chunks that are read by processes of their own. A line
belongs to the chunk that holds the byte before it, the first line of a file to the first chunk. So every line is read
once, wherever the cuts are.
"""

from __future__ import annotations

import bz2
import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from isogloss.common.errors import IsoglossError

_BLOCK, _UNPACKED = 1 << 18, 1 << 20
# A stream of bzip2 begins with its magic and the level, then the magic of the first block.
_STREAM = re.compile(rb"BZh[1-9]1AY&SY")
_STREAM_SIZE = 10


@dataclass(frozen=True, slots=True)
class Chunk:
    """A part of a file.

    Attributes:
        path: The file.
        start: First byte, of the file as it is stored.
        stop: One behind the last byte; None: to the end.
    """

    path: Path
    start: int = 0
    stop: int | None = None


def cut(path: Path, size: int) -> list[Chunk]:
    """The chunks of a file, of about ``size`` bytes each, as it is stored; one for gzip, which cannot be entered.

    Raises:
        IsoglossError: There is no such file, or it cannot be read.
    """
    try:
        length = path.stat().st_size
        if path.suffix == ".gz":
            return [Chunk(path)]
        with path.open("rb") as file:
            starts = [0]
            while (wanted := starts[-1] + size) < length:
                found = _next_stream(file, wanted) if path.suffix == ".bz2" else wanted
                if found is None:
                    break
                starts.append(found)
    except OSError as error:
        raise IsoglossError(f"{path}: cannot be read: {error.strerror}") from error
    return [Chunk(path, start, stop) for start, stop in zip(starts, [*starts[1:], None], strict=True)]


def _next_stream(file: BinaryIO, position: int) -> int | None:
    """Where the first stream at or behind a position begins."""
    file.seek(position)
    kept = b""
    while block := file.read(_BLOCK):
        kept += block
        if found := _STREAM.search(kept):
            return position + found.start()
        position += max(0, len(kept) - _STREAM_SIZE)
        kept = kept[-_STREAM_SIZE:]
    return None


def lines(chunk: Chunk) -> Iterator[tuple[bytes, bool]]:
    """Each line with its end, and whether it belongs to the chunk; those behind the chunk follow, for who needs them.

    Raises:
        IsoglossError: The file cannot be read, or is damaged or cut off.
    """
    skips, rest, rest_is_inside = chunk.start > 0, b"", True
    for block, inside in _blocks(chunk):
        parts = (rest + block).split(b"\n")
        for part in parts[:-1]:
            if not skips:
                yield part + b"\n", rest_is_inside
            # What begins now follows a byte of this block.
            skips, rest_is_inside = False, inside
        rest = parts[-1]
    if rest and not skips:
        yield rest, rest_is_inside


def _blocks(chunk: Chunk) -> Iterator[tuple[bytes, bool]]:
    """The content from the beginning of the chunk to the end of the file, each block inside the chunk or behind it."""
    read = {".bz2": _bzip2, ".gz": _gzip}.get(chunk.path.suffix, _plain)
    try:
        with chunk.path.open("rb") as file:
            file.seek(chunk.start)
            yield from read(file, chunk)
    except (OSError, EOFError, zlib.error) as error:
        reason = getattr(error, "strerror", None) or error
        raise IsoglossError(f"{chunk.path}: cannot be read: {reason}. Is the file whole?") from error


def _plain(file: BinaryIO, chunk: Chunk) -> Iterator[tuple[bytes, bool]]:
    left = None if chunk.stop is None else chunk.stop - chunk.start
    while block := file.read(_BLOCK if left is None or left <= 0 else min(_BLOCK, left)):
        yield block, left is None or left > 0
        if left is not None:
            left -= len(block)


def _bzip2(file: BinaryIO, chunk: Chunk) -> Iterator[tuple[bytes, bool]]:
    position, pending = chunk.start, b""
    while pending := pending or file.read(_BLOCK):
        inside, unpacker = chunk.stop is None or position < chunk.stop, bz2.BZ2Decompressor()
        while not unpacker.eof:
            if unpacker.needs_input and not pending and not (pending := file.read(_BLOCK)):
                raise EOFError("the file ends in the middle of a bzip2 stream")
            position += len(pending)
            if block := unpacker.decompress(pending, _UNPACKED):
                yield block, inside
            pending = b""
        pending = unpacker.unused_data
        position -= len(pending)


def _gzip(file: BinaryIO, chunk: Chunk) -> Iterator[tuple[bytes, bool]]:
    pending = b""
    while pending := pending or file.read(_BLOCK):
        unpacker = zlib.decompressobj(wbits=31)
        while not unpacker.eof:
            if not pending and not (pending := file.read(_BLOCK)):
                raise EOFError("the file ends in the middle of a gzip stream")
            if block := unpacker.decompress(pending, _UNPACKED):
                yield block, True
            pending = unpacker.unconsumed_tail
        pending = unpacker.unused_data

"""Files that gzip packs, as their names say: ``*.gz``."""

from __future__ import annotations

import gzip
import zlib
from pathlib import Path

from isogloss.common.errors import IsoglossError

ENDING = ".gz"
"""The ending of a packed file's name."""


def packed(path: Path, content: bytes) -> bytes:
    """What a file called ``path`` has to hold so that its content is ``content``: the same bytes at any time."""
    # A gzip file holds the time of writing, which would make every copy another one.
    return gzip.compress(content, mtime=0) if path.suffix == ENDING else content


def unpacked(path: Path, stored: bytes) -> bytes:
    """The content of a file called ``path`` that holds ``stored``.

    Raises:
        IsoglossError: The name ends in ``.gz``, but the file is no whole gzip file; the message begins without the
            path.

    Example:
        >>> unpacked(Path("a.txt.gz"), packed(Path("a.txt.gz"), b"text"))
        b'text'
    """
    if path.suffix != ENDING:
        return stored
    try:
        return gzip.decompress(stored)
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise IsoglossError(f"not a whole gzip file, as its name says: {error}") from error


def with_name_before_ending(path: Path, added: str) -> Path:
    """The path with ``added`` before its ending.

    Example:
        >>> print(with_name_before_ending(Path("de/dev.conllu.gz"), ".predicted"))
        de/dev.predicted.conllu.gz
    """
    packing = ENDING if path.suffix == ENDING else ""
    inner = Path(path.name.removesuffix(packing))
    return path.with_name(f"{inner.stem}{added}{inner.suffix}{packing}")

"""Paths in which ``*`` stands for any part of the name of a file or folder, and the one file that is meant."""

from __future__ import annotations

import glob
import re
from pathlib import Path

from isogloss.common.errors import IsoglossError


def escaped(pattern: str) -> str:
    """The pattern for `glob`, in which only ``*`` has a meaning."""
    return "*".join(glob.escape(part) for part in pattern.split("*"))


def expression(pattern: str) -> str:
    """The pattern as a regular expression."""
    return r"[^/\\]*".join(re.escape(part) for part in pattern.split("*"))


def one_file(pattern: str, meant: str) -> Path:
    """The one path that a pattern matches; the pattern itself where there is none, or where it has no ``*``.

    Args:
        pattern: A path.
        meant: What the file is to be, for the message.

    Raises:
        IsoglossError: It matches several; the message lists them.
    """
    if "*" not in pattern:
        return Path(pattern)
    matches = sorted(glob.iglob(escaped(pattern)))
    if len(matches) > 1:
        shown = ", ".join([*matches[:8], *(["..."] if len(matches) > 8 else [])])
        raise IsoglossError(
            f"{pattern!r} matches {len(matches)} files, and {meant} is one file: {shown}; write out more of the name, "
            "or give languages: [...]"
        )
    return Path(matches[0] if matches else pattern)

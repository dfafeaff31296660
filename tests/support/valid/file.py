"""A valid file, and how its lines are stored."""

from __future__ import annotations

import gzip
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from hypothesis import strategies as some

from isogloss.data import Format


@dataclass(frozen=True)
class Valid:
    """A file without a fault.

    Attributes:
        reader: The format.
        name: Its name.
        content: Its bytes.
        examples: What an example must come out as, without its language and path.
        predictions: A prediction per example.
        labelled: The bytes with the predictions in place of the labels; None where they may be laid out otherwise.
        warnings: What must be warned of, as the messages begin.
        again: The format of the labelled file, where its columns have one more; None: the same. `Lines` and `Squad`
            write what they do not read.
    """

    reader: Format
    name: str
    content: bytes
    examples: list[tuple[Any, ...]]
    predictions: list[Any]
    labelled: bytes | None
    warnings: list[str] = field(default_factory=list)
    again: Format | None = None


@dataclass(frozen=True)
class Layout:
    """How lines become a file."""

    end: str
    final: bool
    mark: bool
    packed: bool

    def name(self, name: str) -> str:
        return f"{name}.gz" if self.packed else name

    def stored(self, lines: Sequence[str]) -> bytes:
        """The lines as bytes; a line may hold line breaks, which are then as the others."""
        text = self.end.join("\n".join(lines).split("\n")) + (self.end if self.final else "")
        # A file that begins with a byte order mark is taken to have one.
        mark = "\ufeff" if self.mark or text.startswith("\ufeff") else ""
        return self.pack((mark + text).encode())

    def pack(self, content: bytes) -> bytes:
        return gzip.compress(content, mtime=0) if self.packed else content


LAYOUTS = some.builds(Layout, some.sampled_from(["\n", "\r\n"]), *[some.booleans()] * 3)


IN_LINES = "\0\n\r"
"""What no line holds."""


def unlabelled(labels: Sequence[Any]) -> list[str]:
    """The warning where some of a file have no label."""
    return ["no gold label: "] if 0 < sum(label is None for label in labels) < len(labels) else []

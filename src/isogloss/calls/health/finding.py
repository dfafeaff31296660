"""One thing that was looked at, and what to do about it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

State = Literal["good", "note", "broken"]


@dataclass(frozen=True)
class Finding:
    """What was found.

    Attributes:
        what: What was looked at.
        state: ``good``; ``note``, could be better, or is not there and need not be; ``broken``, must be mended.
        said: What was found, in a sentence.
        advice: What to install or change; empty: nothing.
    """

    what: str
    state: State
    said: str
    advice: str = ""

    def __str__(self) -> str:
        """The finding as a line, and its advice below it."""
        line = f"{self.state:6}  {self.what}: {self.said}"
        return f"{line}\n        -> {self.advice}" if self.advice else line


Check = Callable[[], Iterable[Finding]]
"""Looks at something."""


def guarded(what: str, check: Check) -> Iterator[Finding]:
    """The findings of a check; one that fails is a finding itself, since the others are still wanted.

    Example:
        >>> print(*guarded("world", lambda: 1 / 0))
        broken  world: ZeroDivisionError: division by zero
    """
    try:
        yield from check()
    except Exception as error:  # whatever a broken installation raises
        said = " ".join(str(error).split())
        yield Finding(what, "broken", f"{type(error).__name__}: {said}")

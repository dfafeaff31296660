"""What is wrong with the data, collected so that the user sees all of it at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from isogloss.common.errors import IsoglossError


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong, and where.

    Attributes:
        path: The file, or the template of a collection.
        line: The line, from 1; None where the whole file is meant.
        severity: An error stops a run, a warning is said; a note is said too, but nothing is wrong.
        message: Which rule, what was found and what would be valid.
        key: The key of the recipe that is at fault, and not the file, such as columns; None: the file is.
    """

    path: str
    line: int | None
    severity: Literal["error", "warning", "note"]
    message: str
    key: str | None = None

    def __str__(self) -> str:
        """The problem as a compiler would print it, ``file:line: severity: message``."""
        place = self.path if self.line is None else f"{self.path}:{self.line}"
        return f"{place}: {self.severity}: {self.message}"


class FoundErrors(IsoglossError):
    """Data are wrong; the message shows the first five errors.

    Attributes:
        errors: All errors.
    """

    def __init__(self, errors: Sequence[Problem]) -> None:
        self.errors = tuple(errors)
        shown = [str(problem) for problem in errors[:5]]
        if len(errors) > len(shown):
            shown.append(f"(+{len(errors) - len(shown)} more; `isogloss data validate` lists them all)")
        super().__init__("\n".join(shown))


MOST_NAMED = 3
"""How many other files an error names that is the same in them."""

Counted = dict[tuple[str, str], tuple[int | None, int]]
"""By file and message, the first line and how often."""


class Problems:
    """Collects problems in the order in which they are met.

    Example:
        >>> problems = Problems()
        >>> for line in (3, 8):
        ...     problems.warning("en.tsv", line, "blank line skipped")
        >>> print(problems.warnings[0])
        en.tsv:3: warning: blank line skipped (2 times, first here)
    """

    def __init__(self) -> None:
        self._errors: list[Problem] = []
        self._warnings: Counted = {}
        self._notes: Counted = {}

    def error(self, path: Path | str, line: int | None, message: str, *, key: str | None = None) -> None:
        """Add an error; where a ``key`` of the recipe is at fault, the same message for other files is one error."""
        self._errors.append(Problem(str(path), line, "error", message, key))

    def warning(self, path: Path | str, line: int | None, message: str) -> None:
        """Add a warning; the same message for the same file is summed up in one warning with its first line."""
        _count(self._warnings, path, message, line)

    def note(self, path: Path | str, line: int | None, message: str) -> None:
        """Add what is worth knowing although nothing is wrong, summed up as warnings are."""
        _count(self._notes, path, message, line)

    @property
    def errors(self) -> list[Problem]:
        """All errors, of a key of the recipe one for all files."""
        found: dict[object, list[Problem]] = {}
        for place, problem in enumerate(self._errors):
            found.setdefault(place if problem.key is None else (problem.key, problem.message), []).append(problem)
        return [_for_all(same) for same in found.values()]

    @property
    def warnings(self) -> list[Problem]:
        """All warnings, one per kind and file."""
        return _summed(self._warnings, "warning")

    @property
    def told(self) -> list[Problem]:
        """All that is said without stopping a run: the warnings, then the notes."""
        return [*self.warnings, *_summed(self._notes, "note")]

    def summary(self) -> list[list[Any]]:
        """All warnings and notes in a form that `add_summary` takes and JSON can hold."""
        return [
            [path, message, line, times, severity]
            for severity, found in (("warning", self._warnings), ("note", self._notes))
            for (path, message), (line, times) in found.items()
        ]

    def add_summary(self, summary: Sequence[Sequence[Any]]) -> None:
        """Add warnings and notes that were met elsewhere; earlier versions knew no notes."""
        for path, message, line, times, *severity in summary:
            _count(self._notes if severity == ["note"] else self._warnings, path, message, line, times)

    def spoils(self, path: Path | str) -> bool:
        """Whether there is an error in the file ``path``."""
        return any(problem.path == str(path) for problem in self._errors)

    def raise_errors(self) -> None:
        """Stop if there is an error.

        Raises:
            FoundErrors: There are errors.
        """
        if self._errors:
            raise FoundErrors(self.errors)


def _for_all(same: Sequence[Problem]) -> Problem:
    """The first of errors that differ in their files, with the other files."""
    first, *others = same
    paths = [path for path in dict.fromkeys(problem.path for problem in others) if path != first.path]
    if not paths:
        return first
    left = len(paths) - MOST_NAMED
    listed = ", ".join(paths[:MOST_NAMED]) + (f" and {left} more" if left > 0 else "")
    return replace(first, message=f"{first.message}; so in {listed}")


def _count(
    found: Counted,
    path: Path | str,
    message: str,
    line: int | None,
    times: int = 1,
) -> None:
    first, before = found.get((str(path), message), (line, 0))
    found[str(path), message] = (first, before + times)


def _summed(found: Counted, severity: Literal["warning", "note"]) -> list[Problem]:
    return [
        Problem(path, line, severity, message if times == 1 else f"{message} ({times} times, first here)")
        for (path, message), (line, times) in found.items()
    ]

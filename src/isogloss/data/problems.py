"""What is wrong with the data, collected so that the user sees all of it at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from isogloss.common.errors import IsoglossError


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong, and where.

    Attributes:
        path: The file, or the template of a collection.
        line: The line, from 1; None where the whole file is meant.
        severity: An error stops a run, a warning is said.
        message: Which rule, what was found and what would be valid.
    """

    path: str
    line: int | None
    severity: Literal["error", "warning"]
    message: str

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
        # First line and number of times of each kind of warning in each file.
        self._warnings: dict[tuple[str, str], tuple[int | None, int]] = {}

    def error(self, path: Path | str, line: int | None, message: str) -> None:
        """Add an error."""
        self._errors.append(Problem(str(path), line, "error", message))

    def warning(self, path: Path | str, line: int | None, message: str) -> None:
        """Add a warning; the same message for the same file is summed up in one warning with its first line."""
        first, times = self._warnings.get((str(path), message), (line, 0))
        self._warnings[str(path), message] = (first, times + 1)

    @property
    def errors(self) -> list[Problem]:
        """All errors."""
        return list(self._errors)

    @property
    def warnings(self) -> list[Problem]:
        """All warnings, one per kind and file."""
        return [
            Problem(path, line, "warning", message if times == 1 else f"{message} ({times} times, first here)")
            for (path, message), (line, times) in self._warnings.items()
        ]

    def summary(self) -> list[list[Any]]:
        """All warnings in a form that `add_summary` takes and JSON can hold."""
        return [[path, message, line, times] for (path, message), (line, times) in self._warnings.items()]

    def add_summary(self, summary: Sequence[Sequence[Any]]) -> None:
        """Add warnings that were met elsewhere."""
        for path, message, line, times in summary:
            first, before = self._warnings.get((path, message), (line, 0))
            self._warnings[path, message] = (first, before + times)

    def spoils(self, path: Path | str) -> bool:
        """Whether there is an error in the file ``path``."""
        return any(problem.path == str(path) for problem in self._errors)

    def raise_errors(self) -> None:
        """Stop if there is an error.

        Raises:
            FoundErrors: There are errors.
        """
        if self._errors:
            raise FoundErrors(self._errors)

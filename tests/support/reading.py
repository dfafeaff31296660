"""What the tests of the formats share."""

from __future__ import annotations

from pathlib import Path

from isogloss.data import Format, Problems
from isogloss.examples import Example


def read(file_format: Format, path: Path, content: str | bytes) -> tuple[list[Example], list[str]]:
    """The examples of a file with this content, and the problems without their folder."""
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    problems = Problems()
    examples = file_format.read(path, "en", problems)
    return list(examples), [str(p).replace(str(path), "file") for p in (*problems.errors, *problems.warnings)]

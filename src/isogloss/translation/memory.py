"""What has been translated already: a file of JSON lines that only grows."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path

from isogloss.common.writing import read_lines, writing


class Memory:
    """Translations by the text that was translated, kept in a file.

    A batch is written at once and is on the disk before the next one begins; a line that a crash cut short is taken off
    when the file is opened. One process at a time may have it open.

    Args:
        path: The file, made when there is something to keep.

    Raises:
        IsoglossError: A line in the file is no JSON, or the file cannot be written.

    Example:
        >>> import tempfile
        >>> path = Path(tempfile.mkdtemp()) / "en-de.jsonl"
        >>> Memory(path).add(["Yes."], ["Ja."])
        >>> Memory(path).known
        {'Yes.': 'Ja.'}
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.known = {row["text"]: row["translation"] for row in read_lines(path)}
        if path.exists():
            whole = path.read_bytes().rfind(b"\n") + 1
            with writing(path):
                os.truncate(path, whole)

    def add(self, texts: Sequence[str], translations: Sequence[str]) -> None:
        """Keep the translation of each text.

        Raises:
            IsoglossError: They cannot be written; all earlier ones are intact.
        """
        pairs = list(zip(texts, translations, strict=True))
        lines = (json.dumps({"text": text, "translation": found}, ensure_ascii=False) + "\n" for text, found in pairs)
        with writing(self.path):
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with self.path.open("ab") as file:
                file.write("".join(lines).encode())
                file.flush()
                os.fsync(file.fileno())
        self.known.update(pairs)

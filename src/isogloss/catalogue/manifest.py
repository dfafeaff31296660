"""What lies in the local copy of a public data set, and where it came from."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from isogloss.catalogue.hub import sha256
from isogloss.common.errors import IsoglossError
from isogloss.common.writing import read_json, write_bytes, write_json

NAME = "manifest.json"


@dataclass
class Manifest:
    """The files that `get` has written to a folder.

    Attributes:
        folder: The folder.
        head: What holds for all files: name, repository, revision, licence.
        files: By path in the folder: SHA-256, rows, commit, sources, and what was changed.
    """

    folder: Path
    head: dict[str, Any]
    files: dict[str, dict[str, Any]]

    @classmethod
    def of(cls, folder: Path, head: dict[str, Any]) -> Manifest:
        """The manifest of a folder; an empty one where there is none yet.

        Raises:
            IsoglossError: It is damaged, or that of another data set.
        """
        path = folder / NAME
        if not path.exists():
            return cls(folder, head, {})
        found = read_json(path)
        files = found.pop("files", None)
        if not isinstance(files, dict) or found.get("name") != head["name"]:
            raise IsoglossError(
                f"{path}: expected the manifest of {head['name']!r}, found that of {found.get('name')!r}; "
                "--output names another folder"
            )
        return cls(folder, head, files)

    def holds(self, name: str) -> bool:
        """Whether a file is there as it was written.

        Raises:
            IsoglossError: It was changed since, or something else wrote it.
        """
        path = self.folder / name
        if not path.exists():
            return False
        if name not in self.files:
            raise IsoglossError(f"{path}: not written by `isogloss data get`; move it away, or give another --output")
        if sha256(path) != self.files[name].get("sha256"):
            raise IsoglossError(
                f"{path}: changed since it was written (its SHA-256 is not the one in {NAME}); delete it to fetch it "
                "anew"
            )
        return True

    def write(self, name: str, content: bytes, entry: dict[str, Any]) -> None:
        """Write a file and note it.

        The manifest goes first: broken off in between, it knows a file that is not there, which is fetched again. The
        other way round there would be a file that nobody seems to have written.
        """
        self.files[name] = {"sha256": hashlib.sha256(content).hexdigest(), **entry}
        write_json(self.folder / NAME, {**self.head, "files": self.files})
        write_bytes(self.folder / name, content)

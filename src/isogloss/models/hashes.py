"""The SHA-256 of the files that a model's weights are read from."""

from __future__ import annotations

import hashlib
from pathlib import Path

from isogloss.common.errors import IsoglossError
from isogloss.models.weight_files import WHOLE, weight_files

# Beside them, see `isogloss.models.extensions`.
_EXTENSIONS = "extensions.safetensors"


def hashes_of_weights(folder: Path) -> dict[str, str]:
    """The SHA-256 of the files that the weights are read from, by name.

    Raises:
        IsoglossError: The folder has no weights, or its index names a file that is not there.
    """
    files = weight_files(folder)
    if not files:
        raise IsoglossError(f"model folder {str(folder)!r} has no weights: neither {' nor '.join(WHOLE)}, nor an index")
    hashes = {}
    for path in [*files, *folder.glob(_EXTENSIONS)]:
        if not path.is_file():
            raise IsoglossError(f"model folder {str(folder)!r} has no {path.name}, which its index of weights names")
        with path.open("rb") as file:
            hashes[path.name] = hashlib.file_digest(file, "sha256").hexdigest()
    return hashes

"""The SHA-256 of the files that a model's weights are read from."""

from __future__ import annotations

import hashlib
from pathlib import Path

from isogloss.common.errors import IsoglossError

# In the order in which transformers looks for them.
_WEIGHTS = ("model*.safetensors", "pytorch_model*.bin")
# Beside them, see `isogloss.models.extensions`.
_EXTENSIONS = "extensions.safetensors"


def hashes_of_weights(folder: Path) -> dict[str, str]:
    """The SHA-256 of the files that the weights are read from, by name: safetensors where there are any.

    Raises:
        IsoglossError: The folder has no weights.
    """
    for pattern in _WEIGHTS:
        hashes = {}
        found = sorted(folder.glob(pattern))
        for path in [*found, *(folder.glob(_EXTENSIONS) if found else ())]:
            with path.open("rb") as file:
                hashes[path.name] = hashlib.file_digest(file, "sha256").hexdigest()
        if hashes:
            return hashes
    raise IsoglossError(f"model folder {str(folder)!r} has no weights: neither {' nor '.join(_WEIGHTS)}")

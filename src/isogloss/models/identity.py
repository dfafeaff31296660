"""What identifies the weights that a run starts from."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from transformers.utils.hub import cached_file, extract_commit_hash

from isogloss.common.errors import IsoglossError
from isogloss.models.hashes import hashes_of_weights
from isogloss.models.hub import reachable
from isogloss.models.shipped import located, shipped_models
from isogloss.models.sources import require_source


def identify(source: str | Path, *, weights: bool) -> dict[str, Any]:
    """Where a model comes from, as plain values for JSON.

    Args:
        source: Local folder, or id of a model on the hub.
        weights: Whether its weights are wanted, and not only its configuration.

    Returns:
        ``source``, and ``commit`` for a hub id (the newest, or without a network the one in the local cache) or
        ``sha256`` by file name for the weights in a folder.

    Raises:
        IsoglossError: The folder lacks files or is that of a run, or the hub cannot be reached and the cache does not
            have the model.
    """
    require_source(source)
    folder = Path(located(source))
    if folder.is_dir():
        if not (folder / "config.json").is_file():
            raise IsoglossError(f"model folder {str(source)!r} has no config.json")
        return {"source": str(source), **({"sha256": hashes_of_weights(folder)} if weights else {})}
    try:
        # Without a network, the hub would be asked six times for what is not in the cache.
        path = cached_file(str(source), "config.json", local_files_only=not reachable())
        commit = extract_commit_hash(path, None)
    except OSError as error:
        raise IsoglossError(
            f"model {str(source)!r} is neither a local folder nor to be had from the hub: {error}\n"
            "Without a network, fetch it elsewhere (`hf download NAME --local-dir FOLDER`) and name the folder; "
            f"{' or '.join(shipped_models())} comes with the package"
        ) from error
    return {"source": str(source), "commit": commit}

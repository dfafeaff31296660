"""Where an adapter's folder is: on this machine, or on the Hugging Face hub and then in its cache."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from typing import Any

from huggingface_hub import HfApi, snapshot_download

from isogloss.common.errors import IsoglossError
from isogloss.models.extensions.adapters.hub_files import DESCRIPTION, FILES

TIMEOUT = 10.0
"""Seconds to wait for the hub's first answer."""


def adapter_folder(source: str | Path) -> tuple[Path, dict[str, Any]]:
    """The folder of an adapter, fetched from the hub where it is not on this machine.

    Args:
        source: A folder, or an id on the hub such as ``AdapterHub/xlm-roberta-base-en-wiki_pfeiffer``.

    Returns:
        The folder, and what identifies the adapter, as plain values for JSON: ``source``, and ``commit`` for an id on
        the hub (the newest, or without a network the one in the cache) or ``sha256`` by file name for a folder.

    Raises:
        IsoglossError: There is no such folder or id, or the hub cannot be reached and its cache does not have it.
    """
    if Path(source).is_dir():
        if not (Path(source) / DESCRIPTION).is_file():
            raise IsoglossError(f"adapter folder {str(source)!r} has no {DESCRIPTION}")
        return Path(source), {"source": str(source), "sha256": _hashes(Path(source))}
    identifier = str(source)
    former = re.fullmatch(r"(?P<task>[^/@]+)/(?P<set>[^/@]+)@(?P<owner>[^/@]+)", identifier)
    if former:
        raise IsoglossError(
            f"adapter {identifier!r}: an id of the former AdapterHub, which leaves out the model; on the hub it is "
            f"'AdapterHub/MODEL-{former['task']}-{former['set']}_pfeiffer', such as "
            f"'AdapterHub/xlm-roberta-base-{former['task']}-{former['set']}_pfeiffer'"
        )
    if isinstance(source, Path) or not re.fullmatch(r"[\w.-]+/[\w.-]+", identifier):
        raise IsoglossError(f"adapter {identifier!r}: neither a folder nor an id on the hub (OWNER/NAME)")
    folder = _fetched(identifier)
    return folder, {"source": identifier, "commit": folder.name}


def _hashes(folder: Path) -> dict[str, str]:
    found = [folder / name for name in FILES if (folder / name).is_file()]
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in found}


def _fetched(identifier: str) -> Path:
    commit, reason = None, ""
    try:
        # Asked for by itself, with a limit on time, since `snapshot_download` would wait for long.
        commit = HfApi().model_info(identifier, timeout=TIMEOUT).sha
    except Exception as error:  # whatever the HTTP library of the day raises
        reason = _reason(error)
    try:
        folder = Path(
            snapshot_download(identifier, revision=commit, allow_patterns=list(FILES), local_files_only=commit is None)
        )
    except Exception as error:  # as above, or that the cache does not have it
        raise IsoglossError(
            f"adapter {identifier!r} is neither a local folder nor to be had from the hub: {reason or _reason(error)}. "
            "Without a network, fetch it elsewhere (`hf download NAME --local-dir FOLDER`) and name the folder"
        ) from error
    if not (folder / DESCRIPTION).is_file():
        raise IsoglossError(f"adapter {identifier!r}: the hub has no {DESCRIPTION} under this id")
    return folder


def _reason(error: BaseException) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return f"{type(error).__name__}: {lines[0] if lines else 'no reason given'}"

"""The encoders that a run began with by name, where their names have come to mean others since."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from isogloss.common.writing import read_json
from isogloss.models.renewed import renewed
from isogloss.run.folder import RunFolder


def renewed_of(folder: RunFolder) -> dict[str, str]:
    """By name what each was that a run began with, or learned from, and what it is now; empty where all are the same.

    Args:
        folder: The run; a folder that holds none has none.
    """
    found = {str(identity["source"]): renewed(identity) for identity in beginnings(folder)}
    return {name: said for name, said in found.items() if said is not None}


def beginnings(folder: RunFolder) -> list[Mapping[str, Any]]:
    """What identifies the encoders that a run began with, or learned from, as far as they had a name."""
    fingerprint = read_json(folder.fingerprint) if folder.fingerprint.exists() else {}
    identities = (fingerprint.get("starting_weights"), fingerprint.get("teacher"))
    return [identity for identity in identities if isinstance(identity, Mapping) and "source" in identity]

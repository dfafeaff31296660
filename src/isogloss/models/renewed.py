"""Shipped encoders that were replaced under their names: what there is to say of whatever began with a former one."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from isogloss.common.writing import read_json
from isogloss.models.hashes import hashes_of_weights
from isogloss.models.shipped import located, shipped_models

FORMER = "former.yaml"
"""In the folder of a shipped encoder: what has had its name, by the SHA-256 of its weights."""


def renewed(identity: Mapping[str, Any]) -> str | None:
    """What a shipped encoder was when something began with it, and what it is now; None where it has stayed the same.

    Args:
        identity: What identified the model then, as `isogloss.models.identity.identify` returns it.

    Example:
        >>> first = "76041363f94701f9e5495aff1ae36b31e575dcde294a743d63efe907e37e30a7"
        >>> said = renewed({"source": "isogloss-small", "sha256": {"model.safetensors": first}})
        >>> print(str(said).split(";")[0])
        isogloss-small was another encoder then (modernbert, 4 layers of 256, 16,000 sub-words, before 0.1.0)
        >>> renewed({"source": "FacebookAI/xlm-roberta-base", "commit": "e73636d"}) is None
        True
    """
    was = former(identity)
    # A folder of that name in the current directory goes first, and may hold the former one.
    now = Path(located(str(identity.get("source"))))
    if was is None or identity["sha256"] == _hashes(now.resolve()):
        return None
    return f"{identity['source']} was another encoder then ({was}); now it is {described(now)}"


def former(identity: Mapping[str, Any]) -> str | None:
    """What an encoder was that has or had a shipped one's name; None where we know of none with these weights."""
    folder, hashes = shipped_models().get(str(identity.get("source"))), identity.get("sha256")
    if folder is None or not isinstance(hashes, Mapping) or not (folder / FORMER).is_file():
        return None
    known = yaml.safe_load((folder / FORMER).read_text(encoding="utf-8"))
    found = known.get(next(iter(hashes.values()), None))
    return None if found is None else str(found)


@cache
def _hashes(folder: Path) -> dict[str, str]:
    """The hashes of what comes with the package, which hundreds of runs may be held beside."""
    return hashes_of_weights(folder)


def described(folder: Path) -> str:
    """Architecture and sizes of a model in a folder, in a line."""
    config = read_json(folder / "config.json")
    sizes = f"{config['num_hidden_layers']} layers of {config['hidden_size']}, {config['vocab_size']:,} sub-words"
    return f"{config['model_type']}, {sizes}"

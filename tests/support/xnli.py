"""Files of XNLI as they lie on the hub, and the manifest of a copy."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from isogloss.catalogue import SETS
from tests.support.hub import parquet

INFERENCE = ["entailment", "neutral", "contradiction"]


XNLI = SETS["xnli"].repository


def pairs(number: int, language: str = "en", **changes: Any) -> bytes:
    """A file of XNLI."""
    columns: dict[str, list[Any]] = {
        "premise": [f"{language} premise {n}\twith a tab" for n in range(number)],
        "hypothesis": [f"hypothesis {n}" for n in range(number)],
        "label": [n % 3 for n in range(number)],
    }
    names = changes.pop("names", INFERENCE)
    return parquet({**columns, **changes}, {"label": names} if names else None)


def manifest(folder: str = "data/xnli") -> dict[str, Any]:
    return json.loads(Path(folder, "manifest.json").read_text("utf-8"))

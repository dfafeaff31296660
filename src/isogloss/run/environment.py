"""Where a run took place: versions, hardware and command of a process."""

from __future__ import annotations

import platform
import sys
from functools import cache
from importlib import metadata
from typing import Any

import torch

PACKAGES = (
    "isogloss",
    "torch",
    "transformers",
    "tokenizers",
    "accelerate",
    "safetensors",
    "numpy",
    "seqeval",
    "scikit-learn",
)


def environment(world_size: int) -> dict[str, Any]:
    """Versions, hardware and command of this process."""
    return {
        "command": sys.argv,
        "python": platform.python_version(),
        "platform": platform.platform(),
        "packages": {name: _version(name) for name in PACKAGES},
        "processes": world_size,
        "threads": torch.get_num_threads(),
        "devices": [torch.cuda.get_device_name(index) for index in range(torch.cuda.device_count())]
        or [platform.processor() or "cpu"],
    }


@cache  # each start of a run asks for them, and the answer lies in a file per package
def _version(package: str) -> str | None:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None

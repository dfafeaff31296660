"""What a benchmark leaves behind: one JSON file with everything that was measured, and on which machine."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import time
from collections.abc import Mapping
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch

from benchmarks.workload import Workload
from isogloss.common.writing import write_text

PACKAGES = ("isogloss", "torch", "transformers", "accelerate", "tokenizers", "numpy")


def machine() -> dict[str, Any]:
    """Where and with what the numbers were made."""
    return {
        "processor": _processor(),
        "cores": os.cpu_count(),
        "threads": torch.get_num_threads(),
        "bfloat16_instructions": has_bfloat16(),
        "load_average_at_start": list(os.getloadavg()),
        "system": platform.platform(),
        "python": platform.python_version(),
        "packages": {name: version(name) for name in PACKAGES},
        "commit": _commit(),
        "date": time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime()),
    }


def has_bfloat16() -> bool:
    """Whether the processor multiplies bfloat16 itself; without that, bf16 is emulated and no gain."""
    info = Path("/proc/cpuinfo")
    words = info.read_text(encoding="utf-8").split() if info.exists() else []
    return "avx512_bf16" in words or "amx_bf16" in words


def workload_entry(workload: Workload) -> dict[str, Any]:
    """The workload for the JSON."""
    parameters = sum(parameter.numel() for parameter in workload.new_model().parameters())
    return {**asdict(workload.size), "features": workload.sizes, "parameters": parameters}


def claim(figure: Mapping[str, Any], what: str, *, at_least: float | None = None, at_most: float | None = None) -> Any:  # noqa: ANN401 - JSON
    """A ratio with what it is of and, where we promised something, the bound and whether its median keeps it."""
    entry: dict[str, Any] = {"what": what, **figure}
    if at_least is not None:
        entry |= {"at_least": at_least, "kept": figure["median"] >= at_least}
    if at_most is not None:
        entry |= {"at_most": at_most, "kept": figure["median"] <= at_most}
    return entry


def save(folder: Path, name: str, result: Mapping[str, Any]) -> Path:
    """Write ``folder/name.json``."""
    path = folder / f"{name}.json"
    write_text(path, json.dumps(result, indent=1, ensure_ascii=False) + "\n")
    return path


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    if info.exists():
        for line in info.read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def _commit() -> str | None:
    """The commit, with a plus if tracked files differ from it."""
    here = Path(__file__).parent
    try:
        commit = subprocess.run(["git", "rev-parse", "HEAD"], cwd=here, capture_output=True, text=True, check=True)
        changed = subprocess.run(["git", "diff", "--quiet", "HEAD", "--", "../src", "."], cwd=here, check=False)
    except (OSError, subprocess.CalledProcessError):
        return None
    return commit.stdout.strip() + ("+" if changed.returncode else "")

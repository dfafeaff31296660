"""Processor, accelerators, memory, disk and caches."""

from __future__ import annotations

import os
import platform
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import torch
from huggingface_hub import constants

from isogloss.calls.health.finding import Finding
from isogloss.store.cache import cache_of_environment

CHECKPOINT = 4 * 2**30
"""Bytes that one checkpoint of an encoder of 280 million parameters with AdamW takes, 12 a parameter, with room."""

_FLAGS = {
    "avx2": "AVX2",
    "avx512f": "AVX-512",
    "avx512_vnni": "VNNI",
    "avx_vnni": "VNNI",
    "avx512_bf16": "bf16",
    "amx_bf16": "AMX bf16",
    "amx_int8": "AMX int8",
    "asimd": "NEON",
    "bf16": "bf16",
    "i8mm": "int8 products",
}
"""What the kernel calls the instructions that matter here."""


def processor() -> Iterator[Finding]:
    """Which precisions the processor computes by itself."""
    lines = _lines("/proc/cpuinfo")
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    words = next(
        (line.partition(":")[2].split() for line in lines if line.lower().startswith(("flags", "features"))), []
    )
    found = list(dict.fromkeys(told for flag, told in _FLAGS.items() if flag in words))
    name = names[0] if names else platform.processor() or platform.machine()
    told = f"{name}; {', '.join(found) or 'instructions are not told by this system'}"
    if any("bf16" in one for one in found):
        yield Finding(
            "processor", "good", f"{told}; computes in bf16 by itself, so precision: bf16 may be faster than fp32"
        )
    elif words:
        yield Finding("processor", "note", f"{told}; bf16 is imitated", "leave precision: fp32 where there is no GPU")
    else:
        yield Finding("processor", "good", told)


def threads() -> Iterator[Finding]:
    """Threads against the cores that this process may use."""
    own = torch.get_num_threads()
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    asked = os.environ.get("OMP_NUM_THREADS")
    told = f"{own} of {cores} core(s)" + (f", by OMP_NUM_THREADS={asked}" if asked else "")
    if hasattr(os, "getloadavg"):
        told += f"; load {os.getloadavg()[0]:.1f}"
    if own > cores:
        yield Finding("threads", "note", told, f"OMP_NUM_THREADS={cores}: threads beyond the cores wait for each other")
    else:
        yield Finding("threads", "good", told)


def accelerators() -> Iterator[Finding]:
    """GPUs and what they compute in."""
    for number in range(torch.cuda.device_count()):
        known = torch.cuda.get_device_properties(number)
        bf16 = torch.cuda.is_bf16_supported(including_emulation=False)
        told = f"{known.name}, {known.total_memory / 2**30:.0f} GiB, {'bf16' if bf16 else 'no bf16: fp16 or fp32'}"
        yield Finding(f"GPU {number}", "good", told)
    if torch.cuda.device_count() == 0:
        if torch.backends.mps.is_available():
            yield Finding("GPU", "good", "Apple's (mps)")
        elif shutil.which("nvidia-smi") is not None:
            advice = "install a torch for CUDA: https://pytorch.org/get-started, or update the driver"
            yield Finding("GPU", "note", f"there is a driver, but torch {torch.__version__} sees no GPU", advice)
        else:
            yield Finding("GPU", "good", f"none; torch {torch.__version__} computes on the processor")


def memory() -> Iterator[Finding]:
    """Memory of the machine."""
    values = {line.split(":")[0]: int(line.split()[1]) * 1024 for line in _lines("/proc/meminfo") if ":" in line}
    if "MemTotal" in values:
        free = values.get("MemAvailable", 0)
        told = f"{values['MemTotal'] / 2**30:.0f} GiB, of which {free / 2**30:.1f} are free"
        low = free < CHECKPOINT
        advice = "fewer runs at once, or a smaller batch_size with gradient_accumulation_steps" if low else ""
        yield Finding("memory", "note" if low else "good", told, advice)


def disk() -> Iterator[Finding]:
    """Room here and where temporary files go."""
    for what, place in (("disk here", Path.cwd()), ("disk for temporary files", Path(tempfile.gettempdir()))):
        free = shutil.disk_usage(place).free
        told = f"{free / 2**30:.1f} GiB free in {place}"
        if not os.access(place, os.W_OK):
            yield Finding(what, "note", f"{place} cannot be written to", "name other folders by --output and TMPDIR")
        elif free < CHECKPOINT:
            advice = "a checkpoint of a base-sized encoder takes 3 to 4 GB; --output names a folder on another disk"
            yield Finding(what, "note", told, advice)
        else:
            yield Finding(what, "good", told)


def caches() -> Iterator[Finding]:
    """How much lies in the caches, and whether they can be written to."""
    own = cache_of_environment()
    places = {"cache of models (HF_HOME)": Path(constants.HF_HUB_CACHE)}
    if own is None:
        yield Finding("cache of read data (ISOGLOSS_CACHE)", "note", "off: files are read and tokenised in every run")
    else:
        places["cache of read data (ISOGLOSS_CACHE)"] = own.folder
    for what, place in places.items():
        above = next(folder for folder in (place, *place.absolute().parents) if folder.exists())
        told = f"{_size(place) / 2**30:.2f} GiB in {place}; may be deleted at any time"
        if os.access(above, os.W_OK):
            yield Finding(what, "good", told)
        else:
            variable = what.partition("(")[2].rstrip(")")
            yield Finding(what, "note", f"{place} cannot be written to", f"let {variable} name another folder")


def _size(folder: Path) -> int:
    """Bytes of the files below a folder; what vanishes meanwhile, or is a link to another of them, counts nothing."""
    total = 0
    for where, _, names in os.walk(folder):
        for name in names:
            path = Path(where) / name
            if not path.is_symlink() and path.exists():
                total += path.stat().st_size
    return total


def _lines(path: str) -> list[str]:
    """The lines of a file of the kernel; none where there is none."""
    place = Path(path)
    return place.read_text(encoding="utf-8", errors="replace").splitlines() if place.exists() else []

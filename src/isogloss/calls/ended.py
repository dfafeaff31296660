"""What is said of a run that has ended."""

from __future__ import annotations

import sys
from typing import Any

from isogloss.models.extensions.adapters import trained_adapters
from isogloss.models.extensions.lora import FOLDER as PEFT
from isogloss.run.experiment import Experiment


def print_doubts(experiment: Experiment, final: list[dict[str, Any]]) -> None:
    """Warn, on one process, where the end of a run says that it has not learned."""
    for doubt in experiment.doubts(final):
        print(doubt, file=sys.stderr)


def print_adapters(experiment: Experiment) -> None:
    """Name the adapters that the run has written, on one process."""
    for name in trained_adapters(experiment.loaded.model):
        folder = experiment.folder.adapters / name
        if folder.is_dir():
            megabytes = sum(path.stat().st_size for path in folder.iterdir()) / 1e6
            print(f"{folder}: adapter {name!r} as AdapterHub has them, {megabytes:.3g} MB", file=sys.stderr)
    folder = experiment.folder.model / PEFT
    if folder.is_dir():
        megabytes = sum(path.stat().st_size for path in folder.iterdir()) / 1e6
        print(f"{folder}: LoRA as peft has it, {megabytes:.3g} MB", file=sys.stderr)

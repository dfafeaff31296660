"""Checkpoints: all that remembers something, written so that a crash leaves the last good one intact.

``checkpoint-N`` is a plain Hugging Face folder (the weights to ship, the tokenizer) plus ``memory.pt``, what all parts
of the training remember, ``selection.pt``, and for people ``progress.json``. One that a stop has asked for, at any
step, has ``losses.json`` besides, the losses since the last log, and goes when the next one is there. It is written
under a hidden name and renamed when complete.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

import torch
from torch import nn

from isogloss.common.distributed import Communicator
from isogloss.common.errors import IsoglossError
from isogloss.common.writing import write_json, writing
from isogloss.models.stored import read_weights, save_model
from isogloss.optim.lookahead import evaluation_weights
from isogloss.run.folder import checkpoints
from isogloss.run.selection import Selection
from isogloss.step.loop import Training

LOSSES = "losses.json"


def save_checkpoint(
    folder: Path,
    training: Training,
    selection: Selection,
    *,
    tokenizer: Any,  # noqa: ANN401 - any tokenizer with save_pretrained
    trainer_state: Mapping[str, Any],
    cost: Mapping[str, Any],
    ranks: Communicator,
    keep: int | None,
    losses: list[dict[str, Any]] | None = None,
) -> Path:
    """Write ``checkpoint-N`` for the training's step N, then drop the oldest beyond ``keep``.

    Where the processes of a run walk apart (``training.group`` is not ``ranks``), each writes a memory of its own.
    ``losses`` are what the meter holds where a stop has asked for the checkpoint, else None.

    Raises:
        IsoglossError: It cannot be written; earlier checkpoints are intact.
    """
    path = folder / f"checkpoint-{training.progress.step}"
    partial = folder / f".checkpoint-{training.progress.step}.partial"
    is_main = ranks.rank == 0
    _require_finite(training, folder)
    with writing(path):
        try:
            if is_main:
                shutil.rmtree(partial, ignore_errors=True)
                partial.mkdir(parents=True)
                with evaluation_weights(training.optimizer):
                    save_model(partial, training.model, tokenizer)
                torch.save(selection.state_dict(), partial / "selection.pt")
                write_json(partial / "trainer_state.json", trainer_state)
                write_json(partial / "cost.json", cost)
                if losses is not None:
                    write_json(partial / LOSSES, losses)
            ranks.wait()
            if is_main or training.group is not ranks:
                memory = {name: part.state_dict() for name, part in training.memory().items()}
                torch.save(memory, partial / _of_rank("memory.pt", ranks.rank))
                apart = {"world_size": ranks.world_size, "apart": training.group is not ranks}
                progress = {**training.progress.state_dict(), **apart}
                write_json(partial / _of_rank("progress.json", ranks.rank), progress)
            ranks.wait()
            if is_main:
                _make_durable(partial)
                shutil.rmtree(path, ignore_errors=True)
                partial.replace(path)
        except BaseException:
            if is_main:
                shutil.rmtree(partial, ignore_errors=True)
            raise
    if is_main:
        for _, old in checkpoints(folder):
            if old != path and (old / LOSSES).exists():
                shutil.rmtree(old)
        for _, old in checkpoints(folder)[: -keep if keep is not None else 0]:
            shutil.rmtree(old)
    ranks.wait()
    return path


def _require_finite(training: Training, folder: Path) -> None:
    """A checkpoint of broken weights must not take the place of a good one."""
    if not all(bool(torch.isfinite(parameter).all()) for parameter in training.model.parameters()):
        raise IsoglossError(
            f"step {training.progress.step}: weights are not finite, so no checkpoint was written; the last good is "
            f"{next((str(path) for _, path in reversed(checkpoints(folder))), 'none')}. A lower learning_rate, more "
            "warmup_steps or clipping (max_grad_norm) usually help"
        )


def load_checkpoint(path: Path, training: Training, selection: Selection, *, ranks: Communicator) -> None:
    """Put everything back as it was.

    Raises:
        IsoglossError: The processes walk apart and their number has changed, or a file is missing or damaged.
    """
    try:
        apart = training.group is not ranks
        progress = json.loads((path / "progress.json").read_text(encoding="utf-8"))
        if (apart or progress["apart"]) and progress["world_size"] != ranks.world_size:
            raise IsoglossError(
                f"{path}: written by {progress['world_size']} averaged workers, resumed by {ranks.world_size}; each "
                "worker's own state is needed, so start the same number of processes"
            )
        _read_weights(path, training.model)
        if (path / "optimizer.pt").exists() and not (path / "memory.pt").exists():
            raise IsoglossError(
                f"{path}: written by an earlier version of isogloss, which kept other files; finish the run with that "
                "version, or start it anew under another --output"
            )
        stored = _load(path / _of_rank("memory.pt", ranks.rank if apart else 0))
        memory = training.memory()
        if stored.keys() != memory.keys():
            raise IsoglossError(
                f"{path}: cannot resume from this checkpoint: it holds what {', '.join(stored)} remember, this run "
                f"needs {', '.join(memory)}"
            )
        for name, part in memory.items():
            part.load_state_dict(stored[name])
        selection.load_state_dict(_load(path / "selection.pt"))
        if (path / LOSSES).exists():
            training.meter.hold(json.loads((path / LOSSES).read_text(encoding="utf-8")), ranks)
    except (OSError, ValueError, KeyError, RuntimeError, EOFError, UnpicklingError) as error:
        raise IsoglossError(f"{path}: cannot resume from this checkpoint: {error}") from error


def _read_weights(path: Path, model: nn.Module) -> None:
    try:
        read_weights(path, model)
    except IsoglossError as error:
        raise IsoglossError(f"{path}: cannot resume from this checkpoint: {error}") from error


def _of_rank(name: str, rank: int) -> str:
    """The name of a file that each rank has its own of: ``memory.pt``, ``memory-1.pt``, ..."""
    path = Path(name)
    return name if rank == 0 else f"{path.stem}-{rank}{path.suffix}"


def _load(path: Path) -> Any:  # noqa: ANN401 - whatever was saved
    return torch.load(path, map_location="cpu", weights_only=True)


def _make_durable(folder: Path) -> None:
    """Wait until the files are on the disk: a rename must not overtake what it names."""
    for path in [*folder.rglob("*"), folder]:
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

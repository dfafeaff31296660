"""Checkpoints: all that remembers something, written so that a crash leaves the last good one intact.

``checkpoint-N`` is a plain Hugging Face folder (the weights to ship, the tokenizer) plus the optimizer's state, the
learning rate schedule, the selection and the progress. It is written under a hidden name and renamed when complete.
"""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Mapping
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_model

from isogloss.common.distributed import Communicator
from isogloss.common.errors import IsoglossError
from isogloss.common.writing import save_model, write_json, writing
from isogloss.optim.lookahead import evaluation_weights
from isogloss.run.selection import Selection
from isogloss.step.loop import Training


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
) -> Path:
    """Write ``checkpoint-N`` for the training's step N, then drop the oldest beyond ``keep``.

    Where the processes of a run walk apart (``training.group`` is not ``ranks``), each writes its own progress
    and state of optimizer and weighting.

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
                torch.save(training.schedule.state_dict(), partial / "scheduler.pt")  # type: ignore[attr-defined]
                torch.save(selection.state_dict(), partial / "selection.pt")
                write_json(partial / "trainer_state.json", trainer_state)
                write_json(partial / "cost.json", cost)
            ranks.wait()
            if is_main or training.group is not ranks:
                torch.save(training.optimizer.state_dict(), partial / _of_rank("optimizer.pt", ranks.rank))  # type: ignore[attr-defined]
                torch.save(_state(training.weighting), partial / _of_rank("weighting.pt", ranks.rank))
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
    if is_main and keep is not None:
        for _, old in checkpoints(folder)[:-keep]:
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


def checkpoints(folder: Path) -> list[tuple[int, Path]]:
    """The complete checkpoints of a run, (step, path), oldest first."""
    found = [
        (int(match[1]), path) for path in folder.iterdir() if (match := re.fullmatch(r"checkpoint-(\d+)", path.name))
    ]
    return sorted(found)


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
        load_model(
            training.model, str(path / "model.safetensors"), device=str(next(training.model.parameters()).device)
        )
        own = ranks.rank if apart else 0
        if own:
            progress = json.loads((path / _of_rank("progress.json", own)).read_text(encoding="utf-8"))
        training.optimizer.load_state_dict(_load(path / _of_rank("optimizer.pt", own)))  # type: ignore[attr-defined]
        training.schedule.load_state_dict(_load(path / "scheduler.pt"))  # type: ignore[attr-defined]
        selection.load_state_dict(_load(path / "selection.pt"))
        if training.weighting is not None and hasattr(training.weighting, "load_state_dict"):
            training.weighting.load_state_dict(_load(path / _of_rank("weighting.pt", own)))
        training.progress.load_state_dict(progress)
    except (OSError, ValueError, KeyError, RuntimeError, EOFError, SafetensorError, UnpicklingError) as error:
        raise IsoglossError(f"{path}: cannot resume from this checkpoint: {error}") from error


def _of_rank(name: str, rank: int) -> str:
    """The name of a file that each rank has its own of: ``optimizer.pt``, ``optimizer-1.pt``, ..."""
    path = Path(name)
    return name if rank == 0 else f"{path.stem}-{rank}{path.suffix}"


def _state(part: Any) -> Any:  # noqa: ANN401 - whatever a part remembers
    return part.state_dict() if hasattr(part, "state_dict") else {}


def _load(path: Path) -> Any:  # noqa: ANN401 - whatever was saved
    return torch.load(path, map_location="cpu", weights_only=True)


def _make_durable(folder: Path) -> None:
    """Wait until the files are on the disk: a rename must not overtake what it names."""
    for path in [*folder.iterdir(), folder]:
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

"""A model in memory where a recipe names one: it is written into the run folder, and opened from there."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import torch
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from isogloss.calls.objects import AT_ROOT
from isogloss.common.distributed import processes
from isogloss.common.errors import IsoglossError
from isogloss.models.stored import write_model
from isogloss.tasks.encoding import tokenizer_digest

_OF_SAVING = frozenset(("architectures", "dtype", "torch_dtype", "transformers_version", "_name_or_path"))
"""Keys of a configuration that ``save_pretrained`` sets."""


def name_of(model: Any, tokenizer: Any) -> str:  # noqa: ANN401 - the caller's own
    """The folder that a model of the caller's own gets, named by its weights, its configuration and its tokenizer.

    So a resume with another one is refused as one with another recipe is.

    Args:
        model: A model of transformers, with or without a head. A class of the caller's own must be known to
            ``AutoConfig`` and ``AutoModel`` under its ``model_type`` (``register``), in this process and in each that
            opens the run later.
        tokenizer: Its fast tokenizer.

    Raises:
        IsoglossError: One of them is something else.
    """
    if not isinstance(model, PreTrainedModel):
        raise IsoglossError(f"model: a model of transformers, found {type(model).__name__}; a recipe names all others")
    if not isinstance(tokenizer, PreTrainedTokenizerBase):
        raise IsoglossError(
            f"tokenizer: a model in memory needs its tokenizer (tokenizer=...), found {type(tokenizer).__name__}"
        )
    return f"{AT_ROOT}model-{_digest(model, tokenizer)[:12]}"


def write_own(model: Any, tokenizer: Any, folder: Path) -> None:  # noqa: ANN401
    """Write a model to its folder, if it is not there, from one of the processes; see `name_of`."""
    ranks = processes()
    if ranks.rank == 0 and not folder.exists():
        write_model(folder, model, tokenizer)
    ranks.wait()


def _digest(model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase) -> str:
    """What tells a model from others, before and after it has been saved."""
    config = {key: value for key, value in model.config.to_dict().items() if key not in _OF_SAVING}
    found = hashlib.sha256(f"{sorted(config.items(), key=str)}{tokenizer_digest(tokenizer)}".encode())
    for name, tensor in sorted(model.state_dict().items()):
        found.update(name.encode())
        found.update(tensor.detach().cpu().contiguous().flatten().view(torch.uint8).numpy())
    return found.hexdigest()

"""A model in memory where a recipe names one: it is written into the run folder, and opened from there."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import torch
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from isogloss.calls.objects import AT_ROOT
from isogloss.common.errors import IsoglossError
from isogloss.models.stored import write_model


def name_of(model: Any, tokenizer: Any) -> str:  # noqa: ANN401 - the caller's own
    """The folder that a model of the caller's own gets, named by its weights and configuration.

    So a resume with another model is refused as one with another recipe is.

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
    return f"{AT_ROOT}model-{_digest(model)[:12]}"


def write_own(model: Any, tokenizer: Any, folder: Path) -> None:  # noqa: ANN401
    """Write a model to its folder, if it is not there; see `name_of`."""
    if not folder.exists():
        write_model(folder, model, tokenizer)


def _digest(model: PreTrainedModel) -> str:
    """What tells a model from others: its configuration and weights."""
    found = hashlib.sha256(model.config.to_json_string().encode())
    for name, tensor in sorted(model.state_dict().items()):
        found.update(name.encode())
        found.update(tensor.detach().cpu().contiguous().flatten().view(torch.uint8).numpy())
    return found.hexdigest()

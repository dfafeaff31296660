"""An encoder without a head, opened to look at its states."""

from __future__ import annotations

from pathlib import Path

import torch
from transformers import AutoModel

from isogloss.common.distributed import device
from isogloss.common.errors import IsoglossError
from isogloss.models.kinds import KINDS
from isogloss.models.open import Loaded, open_model
from isogloss.run.folder import RunFolder


def open_encoder(model: str | Path, *, trust_remote_code: bool) -> Loaded:
    """The encoder of a run folder, a local folder, a shipped model or one on the hub, with its tokenizer.

    Raises:
        IsoglossError: There is no such model, or the run has not ended.
    """
    folder = RunFolder(Path(model))
    is_run = folder.fingerprint.exists()
    if is_run and not folder.model.is_dir():
        raise IsoglossError(f"{model} has no final model: its training has not ended")
    source = folder.model if is_run else model
    loaded = open_model(source, AutoModel, None, seed=0, trust_remote_code=trust_remote_code, kinds=KINDS)
    torch.nn.Module.to(loaded.model, device())
    return loaded

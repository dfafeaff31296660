"""An encoder without a head, opened to look at its states."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from transformers import AutoModel

from isogloss.calls.required import model_of
from isogloss.common.distributed import device
from isogloss.models.kinds import KINDS
from isogloss.models.open import Loaded, open_model


def open_encoder(
    model: str | Path,
    *,
    trust_remote_code: bool,
    auto_class: Any = AutoModel,  # noqa: ANN401 - the auto classes of transformers have no common public type
) -> Loaded:
    """The encoder of a run folder, a local folder, a shipped model or one on the hub, with its tokenizer.

    Args:
        model: Where it is.
        trust_remote_code: Whether to run Python code that comes with it.
        auto_class: Class of transformers that opens it; another one adds a head.

    Raises:
        IsoglossError: There is no such model, or the run has not ended.
    """
    source = model_of(model)
    loaded = open_model(source, auto_class, None, seed=0, trust_remote_code=trust_remote_code, kinds=KINDS)
    torch.nn.Module.to(loaded.model, device())
    return loaded

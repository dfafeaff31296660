"""What a run's model is as a model of transformers alone."""

from __future__ import annotations

import torch
from transformers import PreTrainedModel

from isogloss.models.extensions import extensions_of, plain
from isogloss.models.extensions.lora import NAME as LORA
from isogloss.models.extensions.lora import Lora
from isogloss.models.holding import holding
from isogloss.models.open import Loaded


def lora_of(model: PreTrainedModel) -> Lora | None:
    """The LoRA of a model, if it has any."""
    found = extensions_of(model).get(LORA)
    return found if isinstance(found, Lora) else None


def plain_copy(loaded: Loaded, *, merge: bool = True) -> PreTrainedModel:
    """A model of transformers without modules of ours, on the CPU and without dropout.

    Adapters are left out, and so are mixing and fusion, which change nothing where a text goes alone.

    Args:
        loaded: The model.
        merge: Whether the change that LoRA makes, (α / r) · B A, is added to the weights; else it is left out.
    """
    model, lora = loaded.model, lora_of(loaded.model)
    with torch.random.fork_rng(devices=[]):  # its first weights are drawn, and then written over
        copy: PreTrainedModel = type(model)(model.config)
    changed = lora.changes() if lora is not None and merge else {}
    weights = {own: own + changed[own] for own in model.parameters() if own in changed}
    with holding(weights), plain(model):
        copy.load_state_dict(model.state_dict())
    torch.nn.Module.eval(copy)
    return copy

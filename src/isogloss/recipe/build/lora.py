"""From a recipe to LoRA in a model."""

from __future__ import annotations

from dataclasses import replace

from isogloss.models.extensions import attach
from isogloss.models.extensions.lora import NAME, Lora, told
from isogloss.models.open import Loaded, names_of
from isogloss.recipe.spec import lora as spec


def with_lora(loaded: Loaded, asked: spec.Lora, seed: int) -> Loaded:
    """A model with fresh LoRA in it.

    Args:
        loaded: The model.
        asked: Where it is put.
        seed: Seed of its weights.

    Raises:
        IsoglossError: A target names no linear module of the model's layers.
    """
    notes = told(loaded.model, asked.targets)
    lora = Lora(
        loaded.model, rank=asked.rank, alpha=asked.alpha, targets=asked.targets, dropout=asked.dropout, seed=seed
    )
    attach(loaded.model, NAME, lora)
    return replace(loaded, fresh=loaded.fresh | names_of(loaded.model, lora), notes=(*loaded.notes, *notes))

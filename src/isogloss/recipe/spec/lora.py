"""The part of a typed recipe that says where LoRA is put."""

from __future__ import annotations

from pydantic import Field

from isogloss.recipe.spec.base import Spec


class Lora(Spec):
    """A change of low rank in linear modules of each layer; the encoder itself stays as it is."""

    rank: int = Field(8, ge=1, description="size between the two matrices (FUN: 8)")
    alpha: float = Field(8.0, gt=0, description="the change is multiplied by alpha / rank (FUN: 8)")
    targets: tuple[str, ...] = Field(
        ("query", "value"),
        min_length=1,
        description="linear modules: query, key, value, output (of attention), whatever the encoder calls them, or "
        "names of modules as in peft, such as intermediate.dense (FUN: query, value)",
    )
    dropout: float = Field(0.0, ge=0, lt=1, description="on what the first matrix reads (ours: 0)")

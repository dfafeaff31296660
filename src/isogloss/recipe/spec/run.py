"""The keys that all recipes share."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from isogloss.recipe.spec.budget import Budget
from isogloss.recipe.spec.model import Model
from isogloss.recipe.spec.text import Text
from isogloss.recipe.spec.unfreezing import Everything, Unfreezing


class Run(Model, Text, Budget):
    """What can be said of any run."""

    name: str | None = Field(None, description="name of the run folder; default: that of the recipe")
    limit: int | None = Field(
        None, ge=1, description="examples read per language and split, sentences per file of text; default: all"
    )
    unfreezing: Unfreezing = Field(default_factory=Everything, description="what may move?")
    precision: Literal["fp32", "bf16"] = Field("fp32", description="bf16: autocast; weights stay float32")
    report_to: Literal["none", "tensorboard", "wandb"] = Field(
        "tensorboard", description="where the history goes besides trainer_state.json"
    )

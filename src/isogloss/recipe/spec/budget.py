"""The part of a typed recipe that says how often a run is measured, logged and saved, and how its batches are cut."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from isogloss.recipe.spec.base import Spec


class Budget(Spec):
    """Numbers that every run has."""

    gradient_accumulation_steps: int = Field(1, ge=1, description="parts that each process cuts its batch into")
    evaluation_steps: Annotated[int, Field(ge=1)] | Annotated[float, Field(gt=0, lt=1)] | None = Field(
        None,
        description="steps between evaluations on dev or held-out data; below 1 a share of all; default: 0.1",
    )
    evaluation_batch_size: int = Field(64, ge=1, description="pieces of text per forward pass in evaluation")
    logging_steps: int | None = Field(
        None, ge=1, description="steps between logged losses; default: a hundredth of all"
    )
    save_steps: int | None = Field(None, ge=1, description="steps between checkpoints; default: as evaluation_steps")
    save_total_limit: int = Field(1, ge=1, description="checkpoints kept")

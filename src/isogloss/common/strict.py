"""What a data file of the package holds, typed."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Strict(BaseModel):
    """A part of a data file: unknown keys are errors, and nothing changes after it has been checked."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

"""What all parts of a typed recipe share."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict


class Spec(BaseModel):
    """A part of a recipe: unknown keys are errors, and nothing changes after it has been checked."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


def codes_as_text(value: Any) -> Any:  # noqa: ANN401 - raw input
    """YAML 1.1 reads an unquoted ``no`` (Norwegian) as False."""
    return ["no" if code is False else code for code in value] if isinstance(value, list | tuple) else value

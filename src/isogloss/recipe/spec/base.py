"""What all parts of a typed recipe share."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol, TypeVar

from pydantic import BaseModel, ConfigDict


class Spec(BaseModel):
    """A part of a recipe: unknown keys are errors, and nothing changes after it has been checked."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Kind(Protocol):
    """A part that says which of several it is."""

    @property
    def kind(self) -> str:
        """Its name in recipes."""


Parts = TypeVar("Parts", bound=Sequence[Kind])


def each_kind_once(what: str, parts: Parts) -> Parts:
    """The parts, of which no two may be of a kind."""
    kinds = [part.kind for part in parts]
    if len(set(kinds)) < len(kinds):
        raise ValueError(f"one {what} of each kind")
    return parts


def codes_as_text(value: Any) -> Any:  # noqa: ANN401 - raw input
    """YAML 1.1 reads an unquoted ``no`` (Norwegian) as False."""
    return ["no" if code is False else code for code in value] if isinstance(value, list | tuple) else value

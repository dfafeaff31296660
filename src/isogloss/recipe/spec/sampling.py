"""The typed answers to: which data does this step see?"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from isogloss.recipe.spec.base import Spec


class Mixed(Spec):
    """Batches mixed from all languages; an epoch holds the share N^(1/temperature) of each."""

    kind: Literal["mixed"] = "mixed"
    temperature: float = Field(1.0, gt=0, description="1: proportional to size; larger: flatter")


class Joint(Spec):
    """One batch per language in every step, their losses added up."""

    kind: Literal["joint"] = "joint"


class Temperature(Spec):
    """One language per step, drawn with probability proportional to N^(1/temperature)."""

    kind: Literal["temperature"] = "temperature"
    temperature: float = Field(1.0, gt=0, description="1: proportional to size; larger: flatter")


class RoundRobin(Spec):
    """One language per step, in turn."""

    kind: Literal["round_robin"] = "round_robin"


class Permuted(Spec):
    """Passes over the languages in random order, one per step; a language comes once a pass."""

    kind: Literal["permuted"] = "permuted"
    length: int | None = Field(
        None, ge=1, description="languages per pass, drawn anew for each; null: all (Fish calls them meta steps)"
    )


class Blocks(Spec):
    """One language for a whole block of steps; languages in turn."""

    kind: Literal["blocks"] = "blocks"
    length: int | None = Field(None, ge=1, description="steps per block; null: the optimizer's inner_steps")


Sampling = Annotated[Mixed | Joint | Temperature | RoundRobin | Permuted | Blocks, Field(discriminator="kind")]

"""The typed answers to: how much of its source does a text take where the two are mixed inside the encoder?"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from isogloss.recipe.spec.base import Spec


class EntropyRatio(Spec):
    """λ = λ₀ · σ(w · H + b), with H the entropy of attention between the two texts."""

    kind: Literal["entropy"] = "entropy"
    ceiling: float = Field(0.5, gt=0, le=1, description="λ₀ (released code: 0.5)")
    learned: bool = Field(True, description="whether w and b are learned; in the released code they stay at 1 and 0")
    released: bool = Field(False, description="the entropy as the released code computes it, padding included")


class ConstantRatio(Spec):
    """The same λ for all pairs."""

    kind: Literal["constant"] = "constant"
    value: float = Field(ge=0, le=1, description="λ")


Ratio = Annotated[EntropyRatio | ConstantRatio, Field(discriminator="kind")]

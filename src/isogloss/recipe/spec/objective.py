"""The typed answers to: what is the loss of labelled data? And the penalties beside it."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from isogloss.recipe.spec.base import Spec


class Supervised(Spec):
    """Cross-entropy with the gold labels."""

    kind: Literal["supervised"] = "supervised"


Objective = Supervised
"""A union by ``kind``, of one member so far."""


class L2SP(Spec):
    """The distance from the pre-trained weights: λ/2 · ‖θ − θ*‖² over the parameters with a pre-trained value θ*."""

    kind: Literal["l2_sp"] = "l2_sp"
    strength: float = Field(0.01, gt=0, description="λ (default: ours)")


Penalty = L2SP
"""A union by ``kind``, of one member so far."""

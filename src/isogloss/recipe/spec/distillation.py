"""The part of a typed recipe that says what a student learns from its teacher on text."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from isogloss.recipe.spec.base import Spec


class Relations(Spec):
    """Relations of queries, keys and values between places, as MiniLMv2 compares them."""

    weight: float = Field(1.0, gt=0, description="what each of the three losses is multiplied by (MiniLMv2: 1)")
    heads: int | None = Field(
        None,
        ge=1,
        description="relation heads, whatever the heads of attention; null: the most up to 48 that divide the hidden "
        "sizes of both",
    )
    layer: int | None = Field(
        None,
        ge=1,
        description="layer of the teacher, from 1; null: the last one",
    )


class States(Spec):
    """The student's last hidden states, projected where the teacher's have another size."""

    weight: float = Field(1.0, gt=0, description="what the loss is multiplied by")
    distance: Literal["mse", "cosine"] = Field("mse", description="mean squared difference, or 1 - cosine")
    layer: int | None = Field(
        None, ge=1, description="layer of the teacher whose states are taken, from 1; null: the last one"
    )


class Distil(Spec):
    """What a teacher makes of running text of one language a row."""

    kind: Literal["distil"] = "distil"
    share: float = Field(1.0, gt=0, le=1, description="share of all steps")
    temperature: float = Field(2.0, gt=0, description="rows are drawn from languages with N^(1/temperature)")
    relations: Relations | None = Field(
        default_factory=Relations, description="attention relations, of the same sub-words only; null: none"
    )
    states: States | None = Field(None, description="last hidden states against the teacher's; null: none")
    sentence: States | None = Field(
        None,
        description="last hidden state of the first place, where most heads of classification read, against the mean "
        "of the teacher's over all places; `states` leave this place out then; null: none",
    )

    @model_validator(mode="after")
    def _something(self) -> Distil:
        if self.relations is None and self.states is None and self.sentence is None:
            raise ValueError("relations, states or sentence: at least one of them; found none")
        return self

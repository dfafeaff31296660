"""The part of a typed recipe that says what a student is like, and what it learns from its teacher on text."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field, model_validator

from isogloss.recipe.spec.base import Spec


class Student(Spec):
    """A smaller encoder of the teacher's architecture."""

    layers: int | None = Field(None, ge=1, description="number of layers; null: as many as `from_layers` names")
    hidden: int | None = Field(None, ge=1, description="units of a hidden state; null: the teacher's")
    intermediate: int | None = Field(
        None, ge=1, description="units inside a feed-forward block; null: in the teacher's proportion to hidden"
    )
    heads: int | None = Field(
        None,
        ge=1,
        description="heads of attention; null: of the teacher's size, or of the nearest larger one that divides hidden",
    )
    embedding: int | None = Field(
        None,
        ge=2,
        description="units of a row of the table of sub-words, which a linear map leads to a hidden state: the "
        "architecture is ELECTRA then; null: as many as a hidden state",
    )
    from_layers: tuple[int, ...] | None = Field(
        None,
        description="layers of the teacher that its layers begin as, from 0, with the teacher's embeddings, or the "
        "nearest to them that `embedding` has room for; all other sizes must be the teacher's; null: random weights",
    )
    tokenizer: str | None = Field(
        None, description="folder or hub id of a model whose tokenizer it has, as a trimmed one; null: the teacher's"
    )
    config: dict[str, Any] = Field(
        default_factory=dict,
        description="more keys of a Hugging Face config; another model_type is another architecture",
    )

    @model_validator(mode="after")
    def _one_depth(self) -> Student:
        if self.layers is None and not self.from_layers:
            raise ValueError("layers: is missing, and there is no from_layers that would say how many")
        if self.from_layers is not None and self.layers not in (None, len(self.from_layers)):
            raise ValueError(
                f"layers: {self.layers} beside from_layers: {list(self.from_layers)}, which are "
                f"{len(self.from_layers)}; give one of the two"
            )
        if self.from_layers is not None and "model_type" in self.config:
            raise ValueError(
                f"from_layers: layers of the teacher fit no other architecture; leave out model_type, found "
                f"{self.config['model_type']!r}"
            )
        given = sorted({"model_type", "embedding_size"} & self.config.keys())
        if self.embedding is not None and given:
            raise ValueError(
                f"embedding: makes an ELECTRA with as many units, so leave out config.{given[0]}, found "
                f"{self.config[given[0]]!r}"
            )
        return self

    @property
    def depth(self) -> int:
        """Number of layers."""
        return self.layers or len(self.from_layers or ())


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
    """Last hidden states, the student's projected where it has another size."""

    weight: float = Field(1.0, gt=0, description="what the loss is multiplied by")
    distance: Literal["mse", "cosine"] = Field("mse", description="mean squared difference, or 1 - cosine")


class Distil(Spec):
    """What a teacher makes of running text of one language a row."""

    kind: Literal["distil"] = "distil"
    share: float = Field(1.0, gt=0, le=1, description="share of all steps")
    temperature: float = Field(2.0, gt=0, description="rows are drawn from languages with N^(1/temperature)")
    relations: Relations | None = Field(
        default_factory=Relations, description="attention relations, of the same sub-words only; null: none"
    )
    states: States | None = Field(None, description="last hidden states; null: none")

    @model_validator(mode="after")
    def _something(self) -> Distil:
        if self.relations is None and self.states is None:
            raise ValueError("relations or states: one of them, or both; found neither")
        return self

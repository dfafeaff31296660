"""The part of a typed recipe that says what a student is like."""

from __future__ import annotations

from typing import Any

from pydantic import Field, model_validator

from isogloss.recipe.spec.base import Spec


class Student(Spec):
    """A smaller encoder of the teacher's architecture."""

    layers: int | None = Field(None, ge=1, description="number of layers; null: as many as `from_layers` names")
    hidden: int | None = Field(None, ge=1, description="units of a hidden state; null: the teacher's")
    intermediate: int | None = Field(
        None,
        ge=1,
        description="units inside a feed-forward block; with `from_layers` those of the teacher's that matter most on "
        "the text; null: in the teacher's proportion to hidden",
    )
    heads: int | None = Field(
        None,
        ge=1,
        description="heads of attention; null: of the teacher's size, or of the nearest larger one that divides "
        "hidden, and is even where positions rotate pairs of units (ModernBERT)",
    )
    embedding: int | None = Field(
        None,
        ge=2,
        description="units of a row of the table of sub-words, which a linear map leads to a hidden state: the "
        "architecture is ELECTRA then; null: as many as a hidden state, or as the teacher's where its own is narrower, "
        "as that of an ELECTRA may be",
    )
    from_layers: tuple[int, ...] | None = Field(
        None,
        description="layers of the teacher that its layers begin as, from 0, with the teacher's embeddings, or the "
        "nearest to them that `embedding` has room for; other sizes than `embedding` and `intermediate` must be the "
        "teacher's; null: random weights",
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
        if None not in (self.from_layers, self.intermediate) and "intermediate_size" in self.config:
            raise ValueError(
                f"intermediate: {self.intermediate} beside config.intermediate_size, found "
                f"{self.config['intermediate_size']!r}; leave out config.intermediate_size"
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

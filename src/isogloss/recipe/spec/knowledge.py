"""The part of a typed recipe that says where knowledge of entities is, and how it is learned (XLM-K)."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field, model_validator

from isogloss.recipe.spec.base import Spec

SMALL_WORLD = "small-world"
"""The knowledge that comes with the package."""

RELEASED: dict[str, Any] = {
    "norm": "batch",
    "mask_same_entity": False,
    "momentum": 0.0,
    "across_ranks": False,
    "bidirectional": True,
}
"""What the released code does."""


class MEP(Spec):
    """Masked entity prediction: a hidden mention finds the description of its entity, among candidates."""

    kind: Literal["mep"] = "mep"
    share: float = Field(gt=0, le=1, description="share of all steps")
    weight: float = Field(1.0, ge=0, description="a, what the loss is multiplied by")
    temperature: float = Field(3.3, gt=0, description="rows are drawn from languages with N^(1/temperature)")
    masking: float = Field(
        0.15, ge=0, lt=1, description="share of the other sub-words to predict besides; 0: none, without logits"
    )
    mask: Literal["per_piece", "one"] = Field(
        "per_piece", description="a mention is hidden by as many masks as it has sub-words, or by one"
    )
    hide_repeats: bool = Field(
        False,
        description="hide in the description its title, and the mention, so that comparing letters is of no use",
    )
    one_language: bool = Field(
        True,
        description="sentences of a micro-batch are in one language; false: each in its own, and telling languages "
        "apart finds most of the right descriptions",
    )
    length: int = Field(256, ge=16, description="most sub-words of the sentence, if the stage's rows are longer")
    description_length: int = Field(256, ge=16, description="most sub-words of the description")


class OE(Spec):
    """Object entailment: what a subject is and a relation find the description of the object, among candidates."""

    kind: Literal["oe"] = "oe"
    share: float = Field(gt=0, le=1, description="share of all steps")
    weight: float = Field(1.0, ge=0, description="b, what the loss is multiplied by")
    temperature: float = Field(3.3, gt=0, description="subjects are drawn from languages with N^(1/temperature)")
    masking: float = Field(
        0.0, ge=0, lt=1, description="share of sub-words to predict besides; 0: none, without logits"
    )
    length: int = Field(
        256, ge=16, description="most sub-words of subject and relation, if the stage's rows are longer"
    )
    description_length: int = Field(256, ge=16, description="most sub-words of the object's description")


class Knowledge(Spec):
    """Where knowledge is, and how texts are compared with descriptions."""

    corpus: str = Field(
        description="folder with sentences, descriptions, facts and relations, or small-world, which comes with the "
        "package"
    )
    same_language: float = Field(
        0.5, ge=0, le=1, description="share of descriptions, and names, in the language of the text that they stand by"
    )
    layer: int | None = Field(None, ge=1, description="layer whose states are compared, from 1; null: the last one")
    temperature: float = Field(
        0.05, gt=0, description="T that similarities are divided by (ours; the paper's is unknown)"
    )
    normalise: bool = Field(True, description="compare directions only; false: inner products, and temperature: 1")
    queue: int = Field(32768, ge=0, description="K, descriptions seen before that are candidates too (XLM-K: 32k)")
    shared_queue: bool = Field(True, description="one queue for mep and oe; false: one each")
    momentum: float = Field(
        0.0, ge=0, lt=1, description="m of a lagging copy that encodes candidates; 0: there is none (XLM-K)"
    )
    bidirectional: bool = Field(True, description="descriptions have to find their texts too (XLM-K: yes)")
    norm: Literal["batch", "layer"] = Field(
        "batch", description="norm in the projection heads (XLM-K: batch); layer: a micro-batch may be a single row"
    )
    mask_same_entity: bool = Field(
        True, description="leave out candidates that are no wrong answers, all true objects among them (XLM-K: no)"
    )
    across_ranks: bool = Field(
        False, description="candidates are those of all processes, with gradient (XLM-K: each process's own)"
    )
    leave_out: str | None = Field(
        None,
        description="file of entities and facts to keep apart from training, to measure on: an id a line, or subject, "
        "relation and object with tabs between; null: none",
    )
    entities_apart: float = Field(
        0.0, ge=0, lt=1, description="share of entities to keep apart: no mention and no fact of them is learned from"
    )
    facts_apart: float = Field(0.0, ge=0, lt=1, description="share of facts to keep apart")
    faithful: bool = Field(
        False,
        description="the released code's arithmetic: batch norm, no masking of the same entity, a queue that begins "
        "with random vectors, losses weighed by masked sub-words",
    )

    @model_validator(mode="before")
    @classmethod
    def _as_released(cls, value: Any) -> Any:  # noqa: ANN401 - raw input
        return {**RELEASED, **value} if isinstance(value, dict) and value.get("faithful") is True else value

    @model_validator(mode="after")
    def _is_as_released(self) -> Knowledge:
        for key, released in RELEASED.items() if self.faithful else ():
            if getattr(self, key) != released:
                raise ValueError(f"faithful: the released code has {key}: {released}, found {getattr(self, key)}")
        return self

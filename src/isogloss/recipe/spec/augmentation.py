"""The typed answers to: which other form of a text says the same?"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, field_validator

from isogloss.recipe.spec.base import Spec, codes_as_text


class SubwordSampling(Spec):
    """Words cut into other sub-words of the model's unigram vocabulary, drawn with probability P(segmentation)^α."""

    kind: Literal["subwords"] = "subwords"
    alpha: float = Field(0.3, ge=0, description="α (xTune: 0.3); 0: all segmentations alike")
    ratio: float = Field(0.3, ge=0, le=1, description="probability that a word is cut anew (xTune: 0.3)")


class EmbeddingNoise(Spec):
    """Gaussian noise on the embeddings of sub-words."""

    kind: Literal["noise"] = "noise"
    size: float = Field(
        0.1, gt=0, description="its standard deviation, in units of the root mean square of a sub-word's vector (ours)"
    )


class CodeSwitching(Spec):
    """Words replaced by their translations from bilingual dictionaries."""

    kind: Literal["code_switch"] = "code_switch"
    dictionaries: dict[str, str | Annotated[tuple[str, ...], Field(min_length=1)]] = Field(
        min_length=1,
        description="files of a word and its translation a line (as MUSE has them), by the language of the texts, such "
        "as {en: [en-de.txt, en-sw.txt]}",
    )
    ratio: float = Field(
        0.3, ge=0, le=1, description="probability that a word that a dictionary has is replaced (xTune: 0.3)"
    )

    @field_validator("dictionaries", mode="before")
    @classmethod
    def _codes(cls, value: Any) -> Any:  # noqa: ANN401 - raw input
        return dict(zip(codes_as_text(list(value)), value.values(), strict=True)) if isinstance(value, dict) else value


class ParallelText(Spec):
    """The text that says the same in the first training language, found by id; where texts have one label."""

    kind: Literal["translation"] = "translation"


Augment = Annotated[SubwordSampling | EmbeddingNoise | CodeSwitching | ParallelText, Field(discriminator="kind")]
"""A union by ``kind``."""

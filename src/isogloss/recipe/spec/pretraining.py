"""The typed recipe of `isogloss pretrain`: every key, its type, default and meaning."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field, field_validator, model_validator

from isogloss.recipe.spec.base import codes_as_text
from isogloss.recipe.spec.model import NewEncoder, NewTokenizer
from isogloss.recipe.spec.optimizer import AdamW, StableRate
from isogloss.recipe.spec.run import Run
from isogloss.recipe.spec.text import MLM, TLM, Stage, TextEntry, TextSource


class Pretraining(Run, StableRate):
    """A pre-training run, fully described."""

    model: str | NewEncoder = Field(description="hub id or folder of a masked-LM encoder to go on with, or a new one")
    tokenizer: NewTokenizer | None = Field(None, description="of a new encoder; one to go on with keeps its own")
    attention: Literal["eager", "sdpa"] | None = Field(
        None, description="implementation of attention; null: as transformers chooses. On CPUs eager may be faster"
    )
    compile: bool = Field(False, description="compile the layers with torch.compile, for fixed lengths")

    text: tuple[TextEntry, ...] = Field(description="what to read; a single entry needs no list")
    sources: tuple[TextSource, ...] = Field(
        (MLM(share=0.5), TLM(share=0.5)),
        description="what is learned from it, and in which share of the steps; a single one needs no list",
    )
    languages: tuple[str, ...] | None = Field(None, description="default: all with text")
    held_out: int = Field(200, ge=0, description="most sentences per language kept apart to measure on")
    stages: tuple[Stage, ...] = Field(
        (Stage(length=128, batch_size=32, share=1.0),), description="lengths, one after the other"
    )

    optimizer: AdamW = Field(AdamW(betas=(0.9, 0.98)), description="how it moves")
    steps: int = Field(ge=1, description="optimizer steps")
    seed: int = Field(0, description="seed of everything")

    selection: Literal["last"] = Field("last", description="which weights a run ends with")

    @field_validator("languages", mode="before")
    @classmethod
    def _languages_as_text(cls, value: Any) -> Any:  # noqa: ANN401 - raw input
        return codes_as_text(value)

    @model_validator(mode="after")
    def _fits_together(self) -> Pretraining:
        if isinstance(self.model, NewEncoder) != (self.tokenizer is not None):
            raise ValueError("tokenizer: needed for a new encoder (model: {config: ...}), and only for one")
        if abs(sum(stage.share for stage in self.stages) - 1) > 1e-6:
            raise ValueError(f"stages: the shares must add up to 1, found {[stage.share for stage in self.stages]}")
        if abs(sum(source.share for source in self.sources) - 1) > 1e-6:
            raise ValueError(f"sources: the shares must add up to 1, found {[own.share for own in self.sources]}")
        aligned = isinstance(self.model, NewEncoder) and self.model.embeddings == "parallel"
        if aligned and not any(entry.parallel for entry in self.text):
            raise ValueError("model.embeddings: parallel needs an entry of text with `parallel`")
        return self

    @property
    def seeds(self) -> tuple[int, ...]:
        """The one seed, as recipes of `isogloss train` have it."""
        return (self.seed,)

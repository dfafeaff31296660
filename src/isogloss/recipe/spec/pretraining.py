"""The typed recipe of `isogloss pretrain`: every key, its type, default and meaning."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field, field_validator, model_validator

from isogloss.recipe.spec.base import Spec, codes_as_text
from isogloss.recipe.spec.optimizer import AdamW
from isogloss.recipe.spec.recipe import Everything, Unfreezing
from isogloss.recipe.spec.text import TextEntry


class NewEncoder(Spec):
    """An encoder from random weights."""

    config: dict[str, Any] = Field(description="a Hugging Face config: model_type and its sizes")
    embeddings: Literal["random", "parallel"] = Field(
        "random",
        description="how embeddings start; parallel: near sub-words of the same parallel sentences and with the same "
        "neighbours, and the output bias with the frequencies",
    )


class NewTokenizer(Spec):
    """A unigram vocabulary learned from the text."""

    vocabulary_size: int = Field(16000, ge=16, description="sub-words")
    temperature: float = Field(2.0, gt=0, description="languages are sampled with N^(1/temperature); XLM-R: 3.3")


class Stage(Spec):
    """A part of the run with rows of one length."""

    length: int = Field(ge=16, description="sub-words per row")
    batch_size: int = Field(ge=1, description="rows per step, over all processes")
    share: float = Field(gt=0, le=1, description="share of all steps; the shares add up to 1")


class Pretraining(Spec):
    """A pre-training run, fully described."""

    name: str | None = Field(None, description="name of the run folder; default: that of the recipe")
    model: str | NewEncoder = Field(description="hub id or folder of a masked-LM encoder to go on with, or a new one")
    tokenizer: NewTokenizer | None = Field(None, description="of a new encoder; one to go on with keeps its own")
    trust_remote_code: bool = Field(False, description="run code that comes with the model")
    dropout: float | None = Field(None, ge=0, lt=1, description="default: as the model's config says")
    attention: Literal["eager", "sdpa"] | None = Field(
        None, description="implementation of attention; null: as transformers chooses. On CPUs eager may be faster"
    )
    compile: bool = Field(False, description="compile the layers with torch.compile, for fixed lengths")

    text: tuple[TextEntry, ...] = Field(description="what to read; a single entry needs no list")
    languages: tuple[str, ...] | None = Field(None, description="default: all with text")
    exclude: tuple[str, ...] = Field((), description="patterns of files whose sentences must not be trained on")
    held_out: int = Field(200, ge=0, description="most sentences per language kept apart to measure on")
    limit: int | None = Field(None, ge=1, description="sentences read per file; default: all")

    temperature: float = Field(2.0, gt=0, description="rows are drawn from languages with N^(1/temperature)")
    translation_share: float = Field(
        0.5, ge=0, le=1, description="share of steps on pairs of translations (TLM); the others are MLM"
    )
    masking: float = Field(0.15, gt=0, lt=1, description="share of sub-words to predict (BERT: 0.15)")
    stages: tuple[Stage, ...] = Field(
        (Stage(length=128, batch_size=32, share=1.0),), description="lengths, one after the other"
    )

    unfreezing: Unfreezing = Field(default_factory=Everything, description="what may move?")
    optimizer: AdamW = Field(AdamW(betas=(0.9, 0.98)), description="how it moves")
    steps: int = Field(ge=1, description="optimizer steps")
    gradient_accumulation_steps: int = Field(1, ge=1, description="parts that each process cuts its batch into")
    learning_rate: float = Field(1e-3, gt=0, description="peak rate")
    schedule: Literal["constant", "constant_with_warmup", "linear", "cosine", "warmup_stable_decay"] = Field(
        "warmup_stable_decay", description="how the learning rate moves, as in transformers"
    )
    warmup_steps: float = Field(0.03, ge=0, description="steps, or below 1 a share of all steps")
    decay_steps: float = Field(0.25, ge=0, description="of warmup_stable_decay: steps, or below 1 a share, at the end")
    weight_decay: float = Field(0.01, ge=0, description="decay of matrices")
    max_grad_norm: float | None = Field(1.0, gt=0, description="null: no clipping")
    precision: Literal["fp32", "bf16"] = Field("fp32", description="bf16: autocast; weights stay float32")
    seed: int = Field(0, description="seed of everything")

    selection: Literal["last"] = Field("last", description="which weights a run ends with")
    evaluation_steps: int | None = Field(None, ge=1, description="steps between evaluations; default: a tenth of all")
    evaluation_batch_size: int = Field(64, ge=1, description="sentences per forward pass in evaluation")
    logging_steps: int | None = Field(None, ge=1, description="steps between logged losses; default: a hundredth")
    save_steps: int | None = Field(None, ge=1, description="steps between checkpoints; default: as evaluation_steps")
    save_total_limit: int = Field(1, ge=1, description="checkpoints kept")
    report_to: Literal["none", "tensorboard", "wandb"] = Field(
        "tensorboard", description="where the history goes besides"
    )

    @field_validator("languages", mode="before")
    @classmethod
    def _languages_as_text(cls, value: Any) -> Any:  # noqa: ANN401 - raw input
        return codes_as_text(value)

    @field_validator("text", mode="before")
    @classmethod
    def _one_entry(cls, value: Any) -> Any:  # noqa: ANN401 - raw input
        return [value] if isinstance(value, dict) else value

    @model_validator(mode="after")
    def _fits_together(self) -> Pretraining:
        if isinstance(self.model, NewEncoder) != (self.tokenizer is not None):
            raise ValueError("tokenizer: needed for a new encoder (model: {config: ...}), and only for one")
        if abs(sum(stage.share for stage in self.stages) - 1) > 1e-6:
            raise ValueError(f"stages: the shares must add up to 1, found {[stage.share for stage in self.stages]}")
        if not any(entry.parallel for entry in self.text):
            if self.translation_share:
                raise ValueError("translation_share: TLM needs an entry of text with `parallel`; 0 is without TLM")
            if isinstance(self.model, NewEncoder) and self.model.embeddings == "parallel":
                raise ValueError("model.embeddings: parallel needs an entry of text with `parallel`")
        return self

    @property
    def seeds(self) -> tuple[int, ...]:
        """The one seed, as recipes of `isogloss train` have it."""
        return (self.seed,)

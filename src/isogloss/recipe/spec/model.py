"""The part of a typed recipe that says which model is trained, and what a new one is like."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from isogloss.recipe.spec.base import Spec


class Model(Spec):
    """How a model is opened, wherever it comes from."""

    trust_remote_code: bool = Field(False, description="run code that comes with the model")
    dropout: float | None = Field(None, ge=0, lt=1, description="default: as the model's config says")
    attention: Literal["eager", "sdpa"] | None = Field(
        None, description="implementation of attention; null: as transformers chooses. On CPUs eager may be faster"
    )
    random_weights: bool = Field(False, description="keep the model's architecture and tokenizer, forget its weights")


class RandomModel(Spec):
    """An encoder with random weights, and a tokenizer trained on the training text."""

    config: dict[str, Any] = Field(description="a Hugging Face config: model_type and its sizes")
    vocabulary_size: int = Field(8000, ge=16, description="sub-words of the tokenizer, at most")


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

"""The part of a typed recipe that says how labelled examples become the model's input, and its output an answer."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from isogloss.recipe.spec.base import Spec

SPACING: Literal["words", "text"] = "text"
"""The spacing of tagging where a recipe says nothing."""


class Task(Spec):
    """How a task reads and answers."""

    aggregation: Literal["first", "average", "sum"] = Field(
        "first",
        description="outputs of a tagged token: those at its first sub-word, the average over its sub-words, or what "
        "the last layer makes of the sum of their states (X-Mixup's released code)",
    )
    spacing: Literal["words", "text"] | None = Field(
        None,
        description="tagging: spaces as before every word (words: XTREME), or as the sentence is written (text); "
        f"default: {SPACING}",
    )
    max_length: int = Field(
        128,
        ge=8,
        description="sub-words per sentence or window; longer tagged sentences are cut, texts truncated, contexts of "
        "questions read in several windows",
    )
    stride: int | None = Field(
        None,
        ge=1,
        description="tagging: long sentences are read in windows that overlap, each as many sub-words after the one "
        "before, at most; null: in pieces that do not overlap",
    )
    doc_stride: int | None = Field(
        None, ge=1, description="questions: sub-words from window to window; default: a third of max_length"
    )
    max_answer_length: int | None = Field(
        None, ge=1, description="questions: sub-words of an answer, at most; default: 30 (BERT, XTREME)"
    )

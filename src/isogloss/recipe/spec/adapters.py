"""The part of a typed recipe that says which adapters are trained, and which are there."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field, field_validator, model_validator

from isogloss.recipe.spec.base import Spec

AtTest = Literal["swap", "keep", "both"]


class TaskAdapter(Spec):
    """A bottleneck in each layer, learned for the task; the encoder itself stays as it is."""

    placement: Literal["pfeiffer", "houlsby", "parallel"] = Field(
        "pfeiffer",
        description="after each feed-forward block; after attention too; or beside each feed-forward block",
    )
    reduction: float = Field(16, gt=0, description="size of the hidden states over that of the bottleneck (paper: 16)")
    non_linearity: str | None = Field(None, description="default: relu; houlsby: swish, as AdapterHub has it")
    dropout: float = Field(0.0, ge=0, lt=1, description="on what the bottleneck gives")
    leave_out: tuple[int, ...] = Field((), description="layers without one, from 0 as AdapterHub numbers them")
    start: str | None = Field(
        None,
        description="adapter to go on from, a folder of AdapterHub's such as RUN/adapters/task or an id on the hub; it "
        "brings its shape, so the other keys are left out. null: a fresh one",
    )

    @model_validator(mode="after")
    def _one_shape(self) -> TaskAdapter:
        others = sorted(self.model_fields_set - {"start"})
        if self.start is not None and others:
            raise ValueError(f"start: the adapter to go on from brings its own {others[0]}; leave {others[0]} out")
        return self


class LanguageAdapters(Spec):
    """An adapter for each language of the text; the encoder itself stays as it is."""

    reduction: float = Field(2, gt=0, description="size of the hidden states over that of the bottleneck (MAD-X: 2)")
    non_linearity: str = Field("relu", description="of the bottleneck and the invertible part (MAD-X: relu)")
    invertible: bool = Field(True, description="with an invertible part after the embeddings, undone before the head")


class Adapters(Spec):
    """A task adapter, on top of the language adapter of each example; or, beside LoRA, language adapters alone."""

    task: TaskAdapter | None = Field(
        default_factory=TaskAdapter,
        description="the adapter that is trained, with the head; null, always so beside lora: none",
    )
    language: dict[str, str] = Field(
        default_factory=dict,
        description="language adapters by language code, each a folder of AdapterHub's or an id on the hub; they stay "
        "as they are. One for each training language, or none at all",
    )
    at_test: AtTest = Field(
        "swap",
        description="swap: a language is measured with its own adapter, or, where it has none, as in keep; keep: with "
        "that of the first training language; both: on the way as in swap, and the final model in both ways",
    )

    @field_validator("language", mode="before")
    @classmethod
    def _norwegian(cls, value: Any) -> Any:  # noqa: ANN401 - raw input
        """YAML 1.1 reads an unquoted ``no`` as False."""
        return (
            {"no" if code is False else code: own for code, own in value.items()} if isinstance(value, dict) else value
        )

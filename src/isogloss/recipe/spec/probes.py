"""Probes in a recipe: who looks at a run, when, and at what."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, field_validator

from isogloss.recipe.spec.base import Spec
from isogloss.recipe.spec.text import TextEntry
from isogloss.recipe.spec.unfreezing import ESTIMATOR, NORM, TRACE_LABELS, Estimator, Norm, TraceLabels

_EVERY = "steps between looks; null: at every checkpoint (save_steps). The end of the run is always looked at"


_BATCH_SIZE = "sentences per batch, whatever the run trains on; null: the task's default, 12, 16 or 32"


class Conflicts(Spec):
    """Cosines between the gradients of the training languages; those that a weighting takes anyway cost nothing."""

    kind: Literal["conflicts"] = "conflicts"
    every: int | None = Field(
        None, ge=1, description=f"{_EVERY}; so is every checkpoint, where the ceiling that noise leaves is measured too"
    )
    batches: int = Field(
        32, ge=2, multiple_of=2, description="n: fixed training batches per language, fewer where it has fewer"
    )
    batch_size: int | None = Field(None, ge=1, description=_BATCH_SIZE)
    per_layer: bool = Field(False, description="also for each part: embeddings, each layer, head")


class Forgetting(Spec):
    """Masked-LM loss and distributions of the encoder under the head it was pre-trained with, against the start."""

    kind: Literal["forgetting"] = "forgetting"
    every: int | None = Field(None, ge=1, description=_EVERY)
    text: tuple[TextEntry, ...] = Field(description="what to mask, of any languages; a single entry needs no list")
    limit: int = Field(200, ge=1, description="sentences per file")
    masking: float = Field(0.15, gt=0, lt=1, description="share of sub-words to predict (BERT: 0.15)")

    @field_validator("text", mode="before")
    @classmethod
    def _one_entry(cls, value: Any) -> Any:  # noqa: ANN401 - raw input
        return [value] if isinstance(value, dict) else value


class Flatness(Spec):
    """How much the loss of each training language rises when all weights are shaken a little."""

    kind: Literal["flatness"] = "flatness"
    every: int | None = Field(None, ge=1, description=_EVERY)
    batches: int = Field(8, ge=1, description="fixed training batches per language, fewer where it has fewer")
    batch_size: int | None = Field(None, ge=1, description=_BATCH_SIZE)
    radii: tuple[Annotated[float, Field(gt=0)], ...] = Field(
        (0.01, 0.05), min_length=1, description="length of the noise, as a share of that of the weights"
    )
    draws: int = Field(3, ge=1, description="directions of noise to average over")


class Fisher(Spec):
    """How much the predictions depend on each layer: the trace of its Fisher matrix, open or closed."""

    kind: Literal["fisher"] = "fisher"
    every: int | None = Field(None, ge=1, description=_EVERY)
    batches: int = Field(
        8, ge=1, description="n: fixed training batches, mixed from all languages; fewer where there are fewer"
    )
    batch_size: int | None = Field(None, ge=1, description=_BATCH_SIZE)
    labels: TraceLabels = Field("sampled", description=TRACE_LABELS)
    estimator: Estimator = Field("batch_trick", description=ESTIMATOR)
    norm: Norm = Field("sum", description=NORM)


class Representations(Spec):
    """How alike languages are represented: linear CKA and retrieval of parallel sentences, per layer."""

    kind: Literal["representations"] = "representations"
    every: int | None = Field(None, ge=1, description=_EVERY)
    text: tuple[TextEntry, ...] = Field(
        description="parallel text (with `parallel`), of at least two languages; a single entry needs no list"
    )
    limit: int = Field(200, ge=2, description="sentences per file; those count that all languages have")

    @field_validator("text", mode="before")
    @classmethod
    def _one_entry(cls, value: Any) -> Any:  # noqa: ANN401 - raw input
        return [value] if isinstance(value, dict) else value


Probe = Annotated[Conflicts | Forgetting | Flatness | Fisher | Representations, Field(discriminator="kind")]

"""The typed answers to: what is the loss of labelled data? And the penalties beside it."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from isogloss.recipe.spec.augmentation import Augment, ParallelText, SubwordSampling
from isogloss.recipe.spec.base import Spec
from isogloss.recipe.spec.class_weights import ClassWeights
from isogloss.recipe.spec.mixing import EntropyRatio, Ratio


class Supervised(Spec):
    """Cross-entropy with the gold labels."""

    kind: Literal["supervised"] = "supervised"
    class_weights: ClassWeights = Field(
        None,
        description="how much an example of each class counts, or in tagging a token with each tag: {label: weight}, "
        "1 for labels that are not named; balanced: by the inverse of how often each occurs in the training data; "
        "null: all alike",
    )


class XMixup(Spec):
    """The task on a text and on its translation into the source language, mixed inside the encoder, which must agree.

    What is null has the value of the released code for the task.
    """

    kind: Literal["x_mixup"] = "x_mixup"
    mix: bool = Field(True, description="whether texts are mixed at all; false: what is left is consistency")
    layer: float | None = Field(
        None,
        gt=0,
        description="where: a number from 1, or below 1 a share of the layers; null: 1 of 24 (classification), 4 of 24 "
        "(tagging), 16 of 24 (questions)",
    )
    ratio: Ratio = Field(default_factory=EntropyRatio, description="how much of the source a target takes")
    renormalise: bool = Field(
        True, description="whether the layer's norm is applied to the mixture too (released: yes)"
    )
    source_weight: float | None = Field(
        None,
        ge=0,
        le=1,
        description="α, weight of the source text's loss; null: 0.4 (classification), 0.8 (tagging), 0.2 (questions)",
    )
    kl: float = Field(1.0, ge=0, description="weight of the divergence of both predictions, where a text has one")
    mse: float = Field(1.0, ge=0, description="weight of the distance of both vectors")
    detach_source: bool = Field(False, description="whether consistency pulls the target alone")
    halving: float | None = Field(
        None,
        gt=0,
        description="k of the share k / (k + exp(t / k)) of steps t that see the original source and not its "
        "back-translation, where there is one; below 1 the share of all steps in which half of them do; null: 1000, "
        "for questions 2000",
    )
    compat: Literal["released"] | None = Field(
        None,
        description="released: as the released code does it, from the ratio, which is not trained and sees padding, to "
        "clipping (max_grad_norm is not used); null: as corrected",
    )


class ManifoldMixup(Spec):
    """The task on texts whose sentence states are mixed two by two, and their labels alike; for classes of texts."""

    kind: Literal["manifold_mixup"] = "manifold_mixup"
    partners: Literal["batch", "translations"] = Field(
        "batch",
        description="what a text is mixed with: another one of its batch (Verma et al.), or the text that says the "
        "same in the first training language, found by id",
    )
    alpha: float = Field(2.0, gt=0, description="α of λ ~ Beta(α, α), one λ for each batch (Verma et al.: 2)")
    layer: int | None = Field(
        None, ge=1, description="the layer whose output is mixed, from 1; null: the last one, so that the head reads it"
    )


class XTune(Spec):
    """The task, agreement with an augmented form of each text, and with an earlier run's model on that form."""

    kind: Literal["x_tune"] = "x_tune"
    augment: Augment = Field(default_factory=SubwordSampling, description="how a text is augmented")
    consistency: float = Field(
        5.0, ge=0, description="λ₁, weight of the agreement of both forms (xTune: 5, of a mean over classes)"
    )
    teacher: str | None = Field(
        None, description="run folder of stage 1, whose model this one is to agree with; null: this is stage 1"
    )
    model_consistency: float = Field(
        1.0, ge=0, description="λ₂, weight of the agreement with the teacher (xTune: 1 for XNLI and NER)"
    )
    hard_labels: bool = Field(False, description="whether only the teacher's best outcome counts (xTune: for NER)")


class Filter(Spec):
    """The task on a text and on its translation, which are one text in some layers, and on what an earlier run says."""

    kind: Literal["filter"] = "filter"
    local: int = Field(1, ge=0, description="m, layers that see each text for itself, before those that see both")
    fused: float | None = Field(
        None,
        gt=0,
        description="k, layers that see both: a number from 1, or below 1 a share of the layers; null: 1 of 24, for "
        "questions 20 of 24, as in the released scripts",
    )
    teacher: str | None = Field(
        None, description="run folder of phase 1, to learn from its predictions too; null: this is phase 1"
    )
    self_teaching: float = Field(
        0.5, ge=0, le=1, description="α, share of the teacher in what the target text loses (ours)"
    )
    temperature: float = Field(1.0, gt=0, description="T that both predictions are softened with (ours)")


Objective = Annotated[Supervised | XMixup | ManifoldMixup | XTune | Filter, Field(discriminator="kind")]
"""A union by ``kind``."""


def pairs_languages(asked: Objective) -> bool:
    """Whether each training text has the one beside it that says the same in the first language."""
    match asked:
        case XMixup() | Filter() | ManifoldMixup(partners="translations") | XTune(augment=ParallelText()):
            return True
    return False


def as_released(asked: Objective) -> bool:
    """Whether a run is to do everything as X-Mixup's released code does."""
    return isinstance(asked, XMixup) and asked.compat is not None


class L2SP(Spec):
    """The distance from the pre-trained weights: λ/2 · ‖θ − θ*‖² over the parameters with a pre-trained value θ*."""

    kind: Literal["l2_sp"] = "l2_sp"
    strength: float = Field(0.01, gt=0, description="λ (default: ours)")


Penalty = L2SP
"""A union by ``kind``, of one member so far."""

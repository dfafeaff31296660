"""The typed answers to: how does it move? The optimizer, the slow weights around it, and its learning rate."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from isogloss.recipe.spec.base import Spec


class Lookahead(Spec):
    """Slow weights around the optimizer: Lookahead and the Reptile family."""

    inner_steps: Annotated[int, Field(ge=1)] | Literal["languages"] | None = Field(
        None,
        description="K: optimizer steps per inner loop; languages: as many as there are, or as a pass of sampling: "
        "permuted is long; default: 1000 (Sequential Reptile paper), or so many that at most a tenth of the initial "
        "weights is left at the end of the run",
    )
    outer_learning_rate: float = Field(
        0.1, gt=0, le=1, description="eta: share of the way the slow weights move (paper: 0.1)"
    )
    head_outer_learning_rate: float | None = Field(
        None, gt=0, le=1, description="eta of a fresh task head; null: as outer_learning_rate"
    )
    restarts: Annotated[int, Field(ge=1)] | Literal["languages"] = Field(
        1,
        description="inner loops averaged per outer step, each from the same slow weights; languages: one per language",
    )
    reset: Literal["none", "momentum", "all"] = Field("none", description="what Adam forgets after each inner loop")
    workers: Literal["shared", "averaged"] = Field(
        "shared",
        description="several processes: share every batch, or each walk its own inner loop and average the drift",
    )


Decay = Annotated[float, Field(ge=0, lt=1)]


class AdamW(Spec):
    """AdamW, alone or with slow weights around it."""

    kind: Literal["adamw"] = "adamw"
    betas: tuple[Decay, Decay] = Field((0.9, 0.999), description="decay of Adam's two moments")
    eps: float = Field(1e-8, gt=0, description="added to the root of Adam's second moment")
    lookahead: Lookahead | None = Field(None, description="slow weights around the optimizer; null: none")


class Sigmoid(Spec):
    """The share of the task rises as 1 / (1 + exp(−rate · (step − middle)))."""

    kind: Literal["sigmoid"] = "sigmoid"
    rate: float = Field(0.5, gt=0, description="steepness (0.5: scripts of RecAdam)")
    middle: float = Field(250, ge=0, description="step at which the share is a half (250: scripts of RecAdam)")


class Linear(Spec):
    """The share of the task rises evenly."""

    kind: Literal["linear"] = "linear"
    steps: float = Field(250, gt=0, description="step from which on there is the task alone")


class Constant(Spec):
    """The share of the task is the same in all steps."""

    kind: Literal["constant"] = "constant"
    share: float = Field(0.5, gt=0, le=1, description="share of the task; 1: AdamW")


class RecAdam(Spec):
    """AdamW that is pulled back to the pre-trained weights, less and less, alone or with slow weights around it."""

    kind: Literal["recadam"] = "recadam"
    betas: tuple[Decay, Decay] = Field((0.9, 0.999), description="decay of Adam's two moments")
    eps: float = Field(1e-8, gt=0, description="added to the root of Adam's second moment")
    pull: float = Field(
        5000.0, ge=0, description="γ, at most 1 / learning_rate: of γ/2 · ‖θ − θ*‖² (5000: RecAdam's code)"
    )
    annealing: Annotated[Sigmoid | Linear | Constant, Field(discriminator="kind")] = Field(
        Sigmoid(), description="share λ of the task's loss, the pull having 1 − λ"
    )
    lookahead: Lookahead | None = Field(None, description="slow weights around the optimizer; null: none")


Optimizer = Annotated[AdamW | RecAdam, Field(discriminator="kind")]


class Rate(Spec):
    """How far the optimizer goes in a step."""

    learning_rate: float = Field(
        3e-5, gt=0, description="peak rate of the inner optimizer (3e-5: Sequential Reptile paper)"
    )
    schedule: Literal["constant", "constant_with_warmup", "linear", "cosine"] = Field(
        "constant_with_warmup", description="how the learning rate moves over all inner steps, as in transformers"
    )
    warmup_steps: float = Field(0.1, ge=0, description="steps, or below 1 a share of all steps")
    weight_decay: float = Field(
        0.01, ge=0, description="decay of matrices; vectors (biases, scales of norms) never decay"
    )
    max_grad_norm: float | None = Field(1.0, gt=0, description="null: no clipping")


class StableRate(Rate):
    """The same for long runs, whose rate may stay at its peak and fall at the end."""

    learning_rate: float = Field(1e-3, gt=0, description="peak rate")
    schedule: Literal["constant", "constant_with_warmup", "linear", "cosine", "warmup_stable_decay"] = Field(  # type: ignore[assignment]
        "warmup_stable_decay", description="how the learning rate moves, as in transformers"
    )
    warmup_steps: float = Field(0.03, ge=0, description="steps, or below 1 a share of all steps")
    decay_steps: float = Field(0.25, ge=0, description="of warmup_stable_decay: steps, or below 1 a share, at the end")

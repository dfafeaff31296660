"""The typed answers to: how do gradients meet?"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from isogloss.recipe.spec.base import Spec

Granularity = Literal["model", "layers"]
_GRANULARITY = (
    "model: one gradient of all parameters; layers: embeddings, each layer, the rest of the encoder and the head each "
    "for itself"
)


class Sum(Spec):
    """Gradients of a step's languages are added up."""

    kind: Literal["sum"] = "sum"


class PCGrad(Spec):
    """Each gradient loses the part that conflicts with another language's, then they are added up."""

    kind: Literal["pcgrad"] = "pcgrad"
    granularity: Granularity = Field("model", description=f"{_GRANULARITY} (default: ours)")


class GradVac(Spec):
    """Each gradient is bent towards the cosine that two languages usually have, then they are added up."""

    kind: Literal["gradvac"] = "gradvac"
    granularity: Granularity = Field("layers", description=f"{_GRANULARITY} (default: ours)")
    beta: float = Field(0.01, gt=0, le=1, description="weight of the newest cosine in the running mean (default: ours)")


class GradNorm(Spec):
    """Losses have weights, which learn to make all languages train at the same pace."""

    kind: Literal["gradnorm"] = "gradnorm"
    alpha: float = Field(
        1.5,
        ge=0,
        description="restoring force: the larger, the more slow languages gain; 0: equal lengths (1.5: LibMTL)",
    )
    learning_rate: float = Field(
        0.025, gt=0, description="rate of the weights, in parts of the mean length of gradients (default: ours)"
    )
    initial_batches: int = Field(
        50,
        ge=1,
        description="batches of each language whose mean loss is its initial one; until then weights are 1 "
        "(default: ours)",
    )


class CAGrad(Spec):
    """The step near the mean gradient along which the language that gains least gains most."""

    kind: Literal["cagrad"] = "cagrad"
    c: float = Field(0.5, ge=0, lt=1, description="how near: share of the mean gradient's length (default: ours)")


class IMTLG(Spec):
    """The sum has the same projection on the direction of every language's gradient; weights add up to 1."""

    kind: Literal["imtl_g"] = "imtl_g"


class AlignedMTL(Spec):
    """Gradients are made orthogonal and of one length before their mean is taken."""

    kind: Literal["aligned_mtl"] = "aligned_mtl"
    scale: Literal["min", "median", "rmse"] = Field(
        "min",
        description="that length, from the eigenvalues of the Gram matrix: root of the smallest, the median or the "
        "mean (default: TorchJD's)",
    )


class MGDA(Spec):
    """The shortest of all weighted means of the gradients."""

    kind: Literal["mgda"] = "mgda"
    epsilon: float = Field(0.001, gt=0, description="smallest step of the Frank-Wolfe solver (default: TorchJD's)")
    max_iterations: int = Field(100, ge=1, description="its steps, at most (default: TorchJD's)")


Weighting = Annotated[
    Sum | PCGrad | GradVac | GradNorm | CAGrad | IMTLG | AlignedMTL | MGDA, Field(discriminator="kind")
]


class Gradients(Spec):
    """How the gradients of a step's languages are kept until they meet; for any weighting but sum."""

    precision: Literal["fp32", "bf16"] = Field(
        "fp32", description="bf16: half the memory; they are added up over processes, and as weighted sums, in fp32"
    )
    device: Literal["same", "cpu"] = Field("same", description="cpu: spares memory of the accelerator, at some speed")

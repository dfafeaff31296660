"""The typed answers to: what may move?"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from isogloss.recipe.spec.base import Spec


class Everything(Spec):
    """All parameters move from the first step."""

    kind: Literal["everything"] = "everything"


class AllButEmbeddings(Spec):
    """The embeddings of sub-words, and an output layer tied to them, stay as they are; all else moves."""

    kind: Literal["all_but_embeddings"] = "all_but_embeddings"


Unfreezing = Annotated[Everything | AllButEmbeddings, Field(discriminator="kind")]

_EVERY = (
    "k: steps from one event to the next; below 1 a share of all steps; epoch: as many as a pass over the training "
    "data takes"
)
Every = Annotated[float, Field(gt=0)] | Literal["epoch"]
Timeline = Literal["paper", "released_gu", "released_fun"]
_TIMELINE = (
    "when event e takes place: paper: at step e·k; released_gu, released_fun: as in the released code, whose second "
    "event comes at step 2k − 1 or k − 1"
)
TraceLabels = Literal["sampled", "argmax", "gold", "exact"]
TRACE_LABELS = (
    "labels of which gradients are taken: drawn from the model (paper), its most likely ones (released code), those of "
    "the data, or the expectation over all (tasks with one label an example)"
)
Estimator = Literal["batch_trick", "per_example"]
ESTIMATOR = "one gradient a batch, or one an example: dearer, with less noise"
Norm = Literal["sum", "per_parameter"]
NORM = "per_parameter: a layer's trace is divided by the number of its parameters"
_TOP_FIRST = "whether the top layer opens at the first event, whatever the order (the released code: yes)"


class HeadFirst(Spec):
    """The head alone for k steps, then all layers (linear probing, then fine-tuning)."""

    kind: Literal["head_first"] = "head_first"
    every: Every = Field(0.1, description=f"{_EVERY} (default: ours; paper: 25 to 800 steps)")


class Gradual(Spec):
    """A layer every k steps, in a fixed order; the head from the start."""

    kind: Literal["gradual"] = "gradual"
    order: Literal["top_down", "bottom_up", "random"] | tuple[int, ...] = Field(
        "top_down", description="random: by the seed; or a list of all layers, 1 being the lowest"
    )
    every: Every = Field(0.025, description=f"{_EVERY} (default: ours; paper: 25 to 1000 steps)")
    timeline: Timeline = Field("paper", description=_TIMELINE)
    top_first: bool = Field(True, description=_TOP_FIRST)
    embeddings: bool = Field(False, description="whether the embeddings open too, after all layers")
    layer_rate_decay: float = Field(
        1.0, ge=1, description="each layer's learning rate is that of the layer above divided by it (ULMFiT: 2.6)"
    )


class Fun(Spec):
    """A layer every k steps: of those still closed the one with the largest trace of the Fisher matrix."""

    kind: Literal["fun"] = "fun"
    every: Every = Field(0.025, description=f"{_EVERY} (default: ours; paper: 25 to 1000 steps)")
    timeline: Timeline = Field("paper", description=_TIMELINE)
    top_first: bool = Field(True, description=_TOP_FIRST)
    labels: TraceLabels = Field("sampled", description=TRACE_LABELS)
    estimator: Estimator = Field("batch_trick", description=ESTIMATOR)
    batches: int = Field(
        41, ge=1, description="training batches that layers are scored on, other ones at each event (41)"
    )
    batch_size: int | None = Field(None, ge=1, description="examples of such a batch; null: the run's")
    norm: Norm = Field("sum", description=NORM)


Schedule = Annotated[Everything | AllButEmbeddings | HeadFirst | Gradual | Fun, Field(discriminator="kind")]
"""What may move in training on labels: that of any run, or layer after layer."""

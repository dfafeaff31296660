"""Methods: names for sets of answers to the five questions. Each answer can be overridden on its own in a recipe."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Method:
    """A preset.

    Attributes:
        summary: One line for `isogloss list methods`.
        answers: Recipe keys that it sets.
        one_run_per_language: Whether it trains a model for each language instead of one for all.
    """

    summary: str
    answers: dict[str, Any] = field(default_factory=dict)
    one_run_per_language: bool = False


def _weighted(kind: str) -> dict[str, Any]:
    return {"sampling": {"kind": "joint"}, "weighting": {"kind": kind}}


def _opening(unfreezing: dict[str, Any]) -> dict[str, Any]:
    return {"sampling": {"kind": "mixed"}, "unfreezing": unfreezing}


METHODS: dict[str, Method] = {
    "single": Method(
        "one model per training language, each evaluated everywhere",
        {"sampling": {"kind": "mixed"}},
        one_run_per_language=True,
    ),
    "multitask": Method("one model, batches mixed from all languages", {"sampling": {"kind": "mixed"}}),
    "multitask_summed": Method("one model, one batch per language and step, summed", {"sampling": {"kind": "joint"}}),
    "pcgrad": Method("summed after conflicting parts of gradients were projected away", _weighted("pcgrad")),
    "gradvac": Method("summed after gradients were bent towards their usual cosines", _weighted("gradvac")),
    "gradnorm": Method("summed with weights that learn to balance the pace of languages", _weighted("gradnorm")),
    "cagrad": Method("summed near their mean, where the worst-off language gains most", _weighted("cagrad")),
    "imtl_g": Method("summed with weights: equally far along the gradient of every language", _weighted("imtl_g")),
    "aligned_mtl": Method("summed after gradients were made orthogonal, of one length", _weighted("aligned_mtl")),
    "mgda": Method("summed with weights: the shortest mean of the gradients", _weighted("mgda")),
    "temperature_sampling": Method(
        "one model, one language per step, drawn with N^(1/temperature)", {"sampling": {"kind": "temperature"}}
    ),
    "reptile": Method(
        "inner loops on one language each, all from the same slow weights, averaged",
        {"sampling": {"kind": "blocks"}, "optimizer": {"kind": "adamw", "lookahead": {"restarts": "languages"}}},
    ),
    "sequential_reptile": Method(
        "inner loops that change language at every step, then a short step of the slow weights",
        {"sampling": {"kind": "temperature"}, "optimizer": {"kind": "adamw", "lookahead": {}}},
    ),
    "lookahead": Method(
        "control: mixed batches with the same slow weights as Sequential Reptile",
        {"sampling": {"kind": "mixed"}, "optimizer": {"kind": "adamw", "lookahead": {}}},
    ),
    "fish": Method(
        "control: inner loops of one pass over the languages in random order, then a tiny step of the slow weights",
        {
            "sampling": {"kind": "permuted"},
            "optimizer": {
                "kind": "adamw",
                "lookahead": {"inner_steps": "languages", "outer_learning_rate": 0.01},
            },
        },
    ),
    "recadam": Method(
        "control: multi-task training, pulled back to the pre-trained weights less and less",
        {"sampling": {"kind": "mixed"}, "optimizer": {"kind": "recadam"}},
    ),
    "l2_sp": Method(
        "control: multi-task training, its distance from the pre-trained weights added to the loss",
        {"sampling": {"kind": "mixed"}, "penalties": [{"kind": "l2_sp", "strength": 0.01}]},
    ),
    "x_mixup": Method(
        "texts and their translations learned together, mixed in one layer, and made to agree",
        {"sampling": {"kind": "mixed"}, "objective": {"kind": "x_mixup"}},
    ),
    "adapters": Method(
        "a small adapter in each layer, the encoder as it is", {"sampling": {"kind": "mixed"}, "adapters": {}}
    ),
    "lora": Method(
        "a change of low rank in each layer, the encoder as it is", {"sampling": {"kind": "mixed"}, "lora": {}}
    ),
    "gradual_unfreezing": Method(
        "the head and the top layer first, then a layer more at a time, downwards", _opening({"kind": "gradual"})
    ),
    "fun": Method(
        "the head and the top layer first, then whichever layer predictions depend on most (Fisher)",
        _opening({"kind": "fun"}),
    ),
    "lpft": Method("the head alone first, then all layers at once", _opening({"kind": "head_first"})),
    "random_unfreezing": Method(
        "control: a layer more at a time, in random order", _opening({"kind": "gradual", "order": "random"})
    ),
    "reverse_unfreezing": Method(
        "control: a layer more at a time, upwards", _opening({"kind": "gradual", "order": "bottom_up"})
    ),
    "ulmfit": Method(
        "a layer more every pass over the data, downwards, lower layers at lower rates",
        _opening({"kind": "gradual", "every": "epoch", "layer_rate_decay": 2.6, "embeddings": True}),
    ),
    "checkpoint_averaging": Method(
        "control: multi-task training, the mean of the weights at its evaluations",
        {"sampling": {"kind": "mixed"}, "selection": "average"},
    ),
}

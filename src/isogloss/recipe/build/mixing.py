"""From a recipe to the mixing of a model and the loss on pairs of texts; what a recipe leaves open is the task's."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import torch
from scipy.special import lambertw
from torch import nn

from isogloss.common.errors import IsoglossError
from isogloss.common.randomness import seed_torch
from isogloss.models.extensions import attach
from isogloss.models.extensions.mixing import NAME, ConstantRatio, EntropyRatio, Mixing, Ratio, mixing_of
from isogloss.models.open import Loaded
from isogloss.objectives.side_by_side import States, first_place, mean_of_places, released_mean
from isogloss.objectives.x_mixup import XMixup
from isogloss.recipe.build.site import Site
from isogloss.recipe.spec import mixing as ratios
from isogloss.recipe.spec import objective as spec
from isogloss.tasks.spans import Spans
from isogloss.tasks.tagging import Tagging
from isogloss.tasks.task import Task


@dataclass(frozen=True)
class Usual:
    """What the released code of X-Mixup has for a kind of task.

    Attributes:
        layer: The mixing layer, as a share of the depth; there of 24 layers.
        source_weight: α.
        halving: k of the share of original sources.
        states: Makes the vectors that must agree.
        released: Makes them as the released code does.
    """

    layer: float
    source_weight: float
    halving: float
    states: States
    released: States


CLASSES = Usual(1 / 24, 0.4, 1000, first_place, first_place)
TAGS = Usual(4 / 24, 0.8, 1000, mean_of_places, released_mean)
ANSWERS = Usual(16 / 24, 0.2, 2000, mean_of_places, released_mean)


def usual(task: Task) -> Usual:
    """What the released code has for a task; multiple choice, which it does not have, is taken for classification."""
    return TAGS if isinstance(task, Tagging) else ANSWERS if isinstance(task, Spans) else CLASSES


def with_mixing(loaded: Loaded, asked: spec.XMixup, task: Task, max_length: int) -> Loaded:
    """A model that mixes at a layer, if it is to.

    Args:
        loaded: The model.
        asked: The loss.
        task: The task.
        max_length: Longest input, in sub-words, which the released code pads all texts to.

    Raises:
        IsoglossError: Its attention cannot be read, or it has no such layer.
    """
    if not asked.mix:
        return loaded
    layers = int(loaded.model.config.num_hidden_layers)
    wanted = usual(task).layer if asked.layer is None else asked.layer
    if wanted >= 1 and wanted != int(wanted):
        raise IsoglossError(f"objective.layer: a whole number from 1, or a share below 1, found {wanted:g}")
    layer = int(wanted) if wanted >= 1 else max(1, round(wanted * layers))
    if layer > layers:
        raise IsoglossError(f"objective.layer: must be from 1 to {layers}, the layers of the model, found {layer}")
    module = Mixing(
        loaded.model, layer, _ratio(asked), renormalise=asked.renormalise, places=_places(asked, max_length)
    )
    attach(loaded.model, NAME, module)
    fresh = {f"extensions.{NAME}.{name}" for name, _ in module.named_parameters()}
    note = f"targets are mixed with their sources in layer {layer} of {layers}"
    return replace(loaded, fresh=loaded.fresh | fresh, notes=(*loaded.notes, note))


def build_x_mixup(asked: spec.XMixup, task: Task, site: Site, max_length: int) -> XMixup:
    """The loss on pairs."""
    own = usual(task)
    return XMixup(
        mixing_of(site.model),
        source_weight=own.source_weight if asked.source_weight is None else asked.source_weight,
        kl=asked.kl,
        mse=asked.mse,
        states=own.released if spec.as_released(asked) else own.states,
        detach_source=asked.detach_source,
        places=_places(asked, max_length),
    )


def max_grad_element(asked: spec.Objective, task: Task, batch_size: int) -> float | None:
    """What the released code clips each element of the gradient to, ±1, for losses that are means; None: it does not.

    It adds up the losses of texts and answers over a batch, here as if one graphics card had all of it, and takes the
    mean over tags. Adam does not see by which number all gradients are divided.

    Args:
        asked: The loss.
        task: The task.
        batch_size: Pairs in a step.
    """
    if not spec.as_released(asked):
        return None
    return 1.0 if isinstance(task, Tagging) else 1 / batch_size


def with_fresh_pooler(loaded: Loaded, seed: int) -> Loaded:
    """A model whose dense layer between the first state and the classes is fresh, as in the released code.

    So it is in all families but BERT, whose pooler has been pre-trained.
    """
    pooler = getattr(loaded.model.base_model, "pooler", None)
    dense = getattr(pooler, "dense", None)
    if dense is None:
        return loaded
    with torch.random.fork_rng():
        seed_torch(seed, "pooler")
        nn.init.normal_(dense.weight, std=loaded.model.config.initializer_range)
        nn.init.zeros_(dense.bias)
    fresh = {name for name, own in loaded.model.named_parameters() if own is dense.weight or own is dense.bias}
    note = "the pooler starts from random weights, as in the released code of X-Mixup"
    return replace(loaded, fresh=loaded.fresh | fresh, notes=(*loaded.notes, note))


def share_of_originals(asked: spec.XMixup, task: Task, steps: int) -> Callable[[float], float]:
    """The share k / (k + exp(t / k)) of step t that sees the original source and not its back-translation.

    Example:
        At k = 1000 half of the pairs do after 1000 · ln 1000 = 6,908 steps:

        >>> from isogloss.tasks.classification import Classification
        >>> share = share_of_originals(spec.XMixup(halving=1000), Classification("nli", ()), 10_000)
        >>> round(share(0), 3), round(share(6908), 3)
        (0.999, 0.5)
    """
    given = usual(task).halving if asked.halving is None else asked.halving
    k = math.exp(float(lambertw(given * steps).real)) if given < 1 else given
    # k / (k + exp(t / k)) without overflow
    return lambda t: 1 / (1 + math.exp(min(t / k - math.log(k), 700)))


def _places(asked: spec.XMixup, max_length: int) -> int | None:
    return max_length if spec.as_released(asked) else None


def _ratio(asked: spec.XMixup) -> Ratio:
    released = spec.as_released(asked)
    match asked.ratio:
        case ratios.EntropyRatio(ceiling=ceiling, learned=learned, released=own):
            return EntropyRatio(ceiling, learned and not released, own or released)
        case ratios.ConstantRatio(value=value):
            return ConstantRatio(value)

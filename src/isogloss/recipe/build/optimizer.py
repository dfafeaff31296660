"""From a recipe to the answer to: how does it move?"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import torch
from transformers import get_scheduler

from isogloss.common.distributed import average
from isogloss.models.weights import head
from isogloss.optim.groups import parameter_groups
from isogloss.optim.lookahead import Lookahead, carry, forget_all, forget_momentum
from isogloss.optim.recadam import Constant, Linear, RecAdam, Sigmoid
from isogloss.recipe.build.objective import require_pretrained
from isogloss.recipe.build.site import Site, Walk
from isogloss.recipe.spec import optimizer as spec
from isogloss.step.loop import Optimizer

PAPER_LOOP = 1000
"""K of the Sequential Reptile paper."""

FORGETS_LITTLE = 0.1
"""Share of initial weights left above which a warning is printed: a fresh head is then a tenth untrained."""

RESETS: Mapping[str, Callable[[torch.optim.Optimizer], None]] = {
    "none": carry,
    "momentum": forget_momentum,
    "all": forget_all,
}


def with_loops(asked: spec.Optimizer, steps: int, number: int) -> spec.Optimizer:
    """The optimizer with the length K of its inner loops where that was left open.

    It is `PAPER_LOOP`, or for a run too short for that the longest with which (1 - η)^M ≤ `FORGETS_LITTLE` for its
    M = steps / (K · restarts) outer steps.

    Args:
        asked: The optimizer.
        steps: Steps of the run.
        number: Number of sources.
    """
    slow = asked.lookahead
    if slow is None or slow.inner_steps is not None:
        return asked
    eta = slow.outer_learning_rate
    outer = 1 if eta == 1 else math.ceil(math.log(FORGETS_LITTLE) / math.log(1 - eta))
    fitting = steps // (outer * (number if slow.restarts == "languages" else slow.restarts))
    loops = slow.model_copy(update={"inner_steps": min(PAPER_LOOP, max(1, fitting))})
    return asked.model_copy(update={"lookahead": loops})


def build_walk(asked: spec.Optimizer, number: int, pass_length: int | None) -> Walk | None:
    """The inner loops of an optimizer with slow weights.

    Args:
        asked: The optimizer, the length of its loops not left open.
        number: Number of sources.
        pass_length: Steps in a pass of the sampler, if it goes by passes shorter than all sources.
    """
    slow = asked.lookahead
    if slow is None:
        return None
    steps = (pass_length or number) if slow.inner_steps == "languages" else slow.inner_steps
    assert steps is not None
    restarts = number if slow.restarts == "languages" else slow.restarts
    return Walk(steps, restarts, apart=slow.workers == "averaged")


def build_optimizer(
    asked: spec.Optimizer, rate: spec.Rate, site: Site
) -> tuple[Optimizer, torch.optim.lr_scheduler.LRScheduler]:
    """The answer to: how does it move? And its learning-rate schedule."""
    slow, fresh = asked.lookahead, site.fresh & site.moving
    own: dict[str, dict[str, float]] = {name: {} for name in fresh}
    for name, factor in site.rates.items():
        own.setdefault(name, {})["lr"] = factor * rate.learning_rate
    if slow is not None and slow.head_outer_learning_rate is not None:
        for name in fresh & head(site.model):
            own[name]["alpha"] = slow.head_outer_learning_rate
    if isinstance(asked, spec.RecAdam):
        require_pretrained(site, "optimizer.kind: recadam")
        for name in fresh:
            own[name]["pull"] = 0.0
    groups = parameter_groups(site.model, weight_decay=rate.weight_decay, own=own, names=site.moving)
    inner = _adam(asked, rate, groups)
    schedule = _schedule(rate, inner, site.budget.steps)
    if slow is None or site.walk is None:
        return inner, schedule
    averaged = {"average": partial(average, site.ranks)} if site.walk.apart else {}
    return (
        Lookahead(
            inner,
            period=site.walk.steps,
            alpha=slow.outer_learning_rate,
            restarts=site.walk.restarts,
            reset=RESETS[slow.reset],
            **averaged,
        ),
        schedule,
    )


def _adam(asked: spec.Optimizer, rate: spec.Rate, groups: list[dict[str, Any]]) -> torch.optim.AdamW:
    # Fused, as the Trainer of transformers has it: one pass over the parameters, not one per operation.
    match asked:
        case spec.RecAdam():
            return RecAdam(
                groups,
                lr=rate.learning_rate,
                betas=asked.betas,
                eps=asked.eps,
                pull=asked.pull,
                annealing=build_annealing(asked),
                fused=True,
            )
        case spec.AdamW():
            return torch.optim.AdamW(groups, lr=rate.learning_rate, betas=asked.betas, eps=asked.eps, fused=True)


def _schedule(rate: spec.Rate, inner: torch.optim.Optimizer, steps: int) -> torch.optim.lr_scheduler.LRScheduler:
    decay: dict[str, Any] | None = None
    if isinstance(rate, spec.StableRate) and rate.schedule == "warmup_stable_decay":
        decay = {"num_decay_steps": _steps(rate.decay_steps, steps), "decay_type": "linear"}
    schedule: torch.optim.lr_scheduler.LRScheduler = get_scheduler(
        rate.schedule,
        inner,
        num_warmup_steps=warmup_of(rate, steps),
        num_training_steps=steps,
        scheduler_specific_kwargs=decay,
    )
    return schedule


def warmup_of(rate: spec.Rate, steps: int) -> int:
    """Steps over which the learning rate rises, in a run of ``steps``."""
    return _steps(rate.warmup_steps, steps)


def _steps(asked: float, steps: int) -> int:
    """Steps as they are, or below 1 a share of all."""
    return math.ceil(asked * steps if asked < 1 else asked)


def build_annealing(asked: spec.RecAdam) -> Callable[[int], float]:
    """The share of the task in a step, by its number from 1."""
    match asked.annealing:
        case spec.Linear(steps=steps):
            return Linear(steps)
        case spec.Constant(share=share):
            return Constant(share)
        case spec.Sigmoid(rate=rate, middle=middle):
            return Sigmoid(rate, middle)

"""From a recipe to the answer to: how does it move?"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import torch
from torch import nn
from transformers import PreTrainedModel, get_scheduler

from isogloss.common.distributed import Communicator, average
from isogloss.common.errors import IsoglossError
from isogloss.models.weights import head
from isogloss.optim.groups import parameter_groups
from isogloss.optim.lookahead import Lookahead, carry, forget_all, forget_momentum
from isogloss.optim.recadam import Constant, Linear, RecAdam, Sigmoid
from isogloss.recipe.spec import optimizer as spec
from isogloss.recipe.spec import recipe as schema
from isogloss.recipe.spec.pretraining import Pretraining
from isogloss.step.loop import Optimizer

RESETS: Mapping[str, Callable[[torch.optim.Optimizer], None]] = {
    "none": carry,
    "momentum": forget_momentum,
    "all": forget_all,
}


def build_optimizer(
    recipe: schema.Recipe | Pretraining,
    model: PreTrainedModel,
    fresh: frozenset[str],
    languages: int,
    ranks: Communicator,
) -> tuple[Optimizer, torch.optim.lr_scheduler.LRScheduler]:
    """The answer to: how does it move? And its learning-rate schedule.

    Args:
        recipe: The recipe with nothing left open.
        model: The model, with the weights that training starts from.
        fresh: Names of the parameters that no checkpoint filled.
        languages: Number of sources.
        ranks: The processes.
    """
    asked, lookahead = recipe.optimizer, recipe.optimizer.lookahead
    own: dict[str, dict[str, float]] = {name: {} for name in fresh}
    if lookahead is not None and lookahead.head_outer_learning_rate is not None:
        for name in fresh & head(model):
            own[name]["alpha"] = lookahead.head_outer_learning_rate
    if isinstance(asked, spec.RecAdam):
        require_pretrained(model, fresh, "optimizer.kind: recadam")
        for name in fresh:
            own[name]["pull"] = 0.0
    groups = parameter_groups(model, weight_decay=recipe.weight_decay, own=own)
    # Fused, as the Trainer of transformers has it: one pass over the parameters, not one per operation.
    inner: torch.optim.AdamW
    if isinstance(asked, spec.RecAdam):
        inner = RecAdam(
            groups,
            lr=recipe.learning_rate,
            betas=asked.betas,
            eps=asked.eps,
            pull=asked.pull,
            annealing=_annealing(asked),
            fused=True,
        )
    else:
        inner = torch.optim.AdamW(groups, lr=recipe.learning_rate, betas=asked.betas, eps=asked.eps, fused=True)
    steps = recipe.steps or 0
    warmup = recipe.warmup_steps * steps if recipe.warmup_steps < 1 else recipe.warmup_steps
    schedule = get_scheduler(
        recipe.schedule,
        inner,
        num_warmup_steps=math.ceil(warmup),
        num_training_steps=steps,
        scheduler_specific_kwargs=_decay(recipe, steps),
    )
    if lookahead is None:
        return inner, schedule
    averaged = {"average": partial(average, ranks)} if walks_apart(recipe) else {}
    slow = Lookahead(
        inner,
        period=inner_steps(recipe, languages),
        alpha=lookahead.outer_learning_rate,
        restarts=restarts(lookahead, languages),
        reset=RESETS[lookahead.reset],
        **averaged,
    )
    return slow, schedule


def _annealing(asked: spec.RecAdam) -> Callable[[int], float]:
    match asked.annealing:
        case spec.Linear(steps=steps):
            return Linear(steps)
        case spec.Constant(share=share):
            return Constant(share)
        case spec.Sigmoid(rate=rate, middle=middle):
            return Sigmoid(rate, middle)


def require_pretrained(model: nn.Module, fresh: frozenset[str], key: str) -> None:
    """Stop where there is nothing to be pulled back to."""
    if fresh.issuperset(name for name, _ in model.named_parameters()):
        raise IsoglossError(f"{key}: pulls towards pre-trained weights, but all weights of this model are random")


def _decay(recipe: schema.Recipe | Pretraining, steps: int) -> dict[str, Any] | None:
    if not isinstance(recipe, Pretraining) or recipe.schedule != "warmup_stable_decay":
        return None
    decay = recipe.decay_steps * steps if recipe.decay_steps < 1 else recipe.decay_steps
    return {"num_decay_steps": math.ceil(decay), "decay_type": "linear"}


def inner_steps(recipe: schema.Recipe | Pretraining, languages: int) -> int:
    """Steps of an inner loop of a recipe with lookahead."""
    assert recipe.optimizer.lookahead is not None
    steps = recipe.optimizer.lookahead.inner_steps
    if steps != "languages":
        return steps
    sampler = recipe.sampling if isinstance(recipe, schema.Recipe) else None
    return (sampler.length if isinstance(sampler, schema.Permuted) else None) or languages


def restarts(lookahead: spec.Lookahead, languages: int) -> int:
    """Inner loops per outer step."""
    return languages if lookahead.restarts == "languages" else int(lookahead.restarts)


def walks_apart(recipe: schema.Recipe | Pretraining) -> bool:
    """Whether each process walks its own inner loop."""
    lookahead = recipe.optimizer.lookahead
    return lookahead is not None and lookahead.workers == "averaged"

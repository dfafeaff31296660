"""What a user should know before the first step."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import Any

import torch
from torch import nn

from isogloss.common.errors import IsoglossError
from isogloss.models.extensions import extensions_of
from isogloss.models.extensions.adapters import NAME, Adapters, trained_adapters, unshared
from isogloss.models.extensions.lora import NAME as LORA
from isogloss.models.extensions.lora import Lora
from isogloss.models.parts import layer_groups
from isogloss.protocols import Unfreezing
from isogloss.recipe.build.optimizer import FORGETS_LITTLE, PAPER_LOOP
from isogloss.recipe.build.site import Site
from isogloss.recipe.spec.optimizer import Lookahead, Optimizer
from isogloss.recipe.spec.recipe import Recipe
from isogloss.recipe.spec.weighting import GradNorm, Weighting
from isogloss.step.fun import Fun
from isogloss.step.unfreezing import Staged, never_opened

BYTES = 4
"""Of a weight in a file, which is float32 whatever the precision of the run."""


def announcements(recipe: Recipe, site: Site, sizes: Mapping[str, int]) -> list[str]:
    """Sizes of the run and, with slow weights, what its budget does to them.

    Args:
        recipe: The recipe with nothing left open.
        site: The run.
        sizes: Training examples by language.

    Raises:
        IsoglossError: The steps do not suffice for one outer step.
    """
    languages = ", ".join(f"{language} {size:,}" for language, size in sizes.items())
    steps, batch, world_size = site.budget.steps, site.budget.batch_size, site.ranks.world_size
    parameters = sum(parameter.numel() for parameter in site.model.parameters())
    lines = [f"{recipe.method}, seed {recipe.seeds[0]}: {parameters:,} parameters; training examples: {languages}"]
    if site.walk is not None and site.walk.apart:
        lines.append(f"{steps:,} steps on each of {world_size} workers, batch {batch} each")
    else:
        micro = site.budget.accumulation
        per_pass = batch / world_size / micro
        lines.append(
            f"{steps:,} steps, batch {batch} = {world_size} process(es) x {micro} micro-batch(es) x {per_pass:g}"
        )
    return lines + _learning_weights(recipe.weighting, steps) + _outer_steps(recipe.optimizer.lookahead, site)


def layer_rate_notes(site: Site, learning_rate: float) -> list[str]:
    """The learning rate of each layer that moves, where they have rates of their own, from the top."""
    if not site.rates:
        return []
    names = {id(parameter): name for name, parameter in site.model.named_parameters()}
    rates = {
        group: learning_rate * site.rates.get(moving[0], 1.0)
        for group, parameters in reversed(layer_groups(site.model).items())
        if (moving := [names[id(one)] for one in parameters if names[id(one)] in site.moving])
    }
    return [f"learning rates: {', '.join(f'{group} {rate:.3g}' for group, rate in rates.items())}"]


def adapter_notes(site: Site) -> list[str]:
    """How large LoRA or the trained adapters are, beside the encoder and as files, and whether these can be shared."""
    lora, adapters = extensions_of(site.model).get(LORA), extensions_of(site.model).get(NAME)
    if isinstance(lora, Lora):
        return [f"lora: {_size(lora, site)}"]
    names = trained_adapters(site.model)
    if not isinstance(adapters, Adapters) or not names:
        return []
    # All of a run have one configuration.
    adapter = adapters[names[0]]
    title = f"adapter {names[0]}" if len(names) == 1 else f"adapters {', '.join(names)}, each"
    reason = unshared(adapter.configuration, adapters.base)
    left = [] if reason is None else [f"warning: adapter {names[0]} is not written by itself; {reason}"]
    return [f"{title}: {_size(adapter, site)}", *left]


def _size(part: nn.Module, site: Site) -> str:
    own = sum(parameter.numel() for parameter in part.parameters())
    inside = {id(parameter) for extension in extensions_of(site.model).values() for parameter in extension.parameters()}
    encoder = sum(p.numel() for p in site.model.base_model.parameters() if id(p) not in inside)
    share = f"{own / encoder:.2%} of the encoder's {encoder:,}"
    return f"{own:,} parameters, {share}; {own * BYTES / 1e6:.3g} MB as a file"


def trainable(site: Site, groups: Mapping[Hashable, Sequence[nn.Parameter]]) -> list[str]:
    """How many parameters may move in some step, where not all may, by the group that they are in."""
    sizes = {name: parameter.numel() for name, parameter in site.model.named_parameters()}
    moving, every = sum(sizes[name] for name in site.moving), sum(sizes.values())
    if moving == every:
        return []
    own = {id(parameter) for name, parameter in site.model.named_parameters() if name in site.moving}
    of_groups = {
        str(name): sum(parameter.numel() for parameter in parameters if id(parameter) in own)
        for name, parameters in groups.items()
    }
    listed = ", ".join(f"{name} {size:,}" for name, size in of_groups.items() if size)
    return [f"{moving:,} of {every:,} parameters may move ({100 * moving / every:.1f} %): {listed}"]


def schedule_notes(rule: Unfreezing | None, steps: int) -> list[str]:
    """When groups open, and what the run ends before opening."""
    if isinstance(rule, Fun):
        events = ", ".join(f"{start:,}" for start in rule.starts)
        left = sum(start >= steps for start in rule.starts)
        lines = [f"unfreezing: a layer at each of the steps {events}"]
        closed = f"{left} of {len(rule.layers)} layers"
    elif isinstance(rule, Staged):
        stages = zip(rule.stages, rule.starts, strict=True)
        opens = (f"{' and '.join(sorted(map(str, own)))} at {start:,}" for own, start in stages)
        lines = [f"unfreezing: {'; '.join(opens)}"]
        never = never_opened(rule.stages, rule.starts, steps)
        left, closed = len(never), ", ".join(map(str, never))
    else:
        return []
    if left:
        lines.append(
            f"warning: the run has {steps:,} steps, so {closed} will never open; give more steps or a smaller "
            "unfreezing.every"
        )
    return lines


def precision_notes(precision: str, device: torch.device) -> list[str]:
    """A warning where bfloat16 is emulated: on x86 CPUs without instructions for it a step takes several times longer.

    Args:
        precision: fp32 or bf16.
        device: Where the model is.
    """
    # Older versions of torch do not say what the CPU can do; other architectures say it in other words.
    found: dict[str, Any] = getattr(torch.cpu, "get_capabilities", dict)()
    if precision != "bf16" or device.type != "cpu" or found.get("architecture") != "x86_64":
        return []
    if found.get("avx512_bf16") or found.get("amx_bf16"):
        return []
    return ["warning: precision: bf16, but this CPU has no bfloat16 instructions; fp32 is several times faster here"]


def loop_notes(asked: Optimizer, taken: Optimizer) -> list[str]:
    """How long the inner loops are, where that was left open and the run is too short for those of the paper.

    Args:
        asked: The optimizer as a user gave it.
        taken: The same with nothing left open.
    """
    if asked.lookahead is None or taken.lookahead is None or asked.lookahead.inner_steps is not None:
        return []
    if taken.lookahead.inner_steps == PAPER_LOOP:
        return []
    return [
        f"optimizer.lookahead.inner_steps: {taken.lookahead.inner_steps}, since the run is too short for loops of the "
        f"paper's {PAPER_LOOP:,} (its own default; --set optimizer.lookahead.inner_steps=... changes it)"
    ]


def _learning_weights(own: Weighting, steps: int) -> list[str]:
    """Under GradNorm the weights of losses learn only after the first losses have been measured."""
    if not isinstance(own, GradNorm) or steps > own.initial_batches + 1:
        return []
    return [
        f"warning: weighting: gradnorm measures losses over initial_batches = {own.initial_batches} steps, and there "
        f"are only {steps}, so all weights will be 1; give more steps or fewer initial_batches"
    ]


def _outer_steps(lookahead: Lookahead | None, site: Site) -> list[str]:
    """The budget trap: after M outer steps the share (1 - eta)^M of the initial weights, a fresh head too, is left."""
    if lookahead is None or site.walk is None:
        return []
    walks, steps, period = site.walk.restarts, site.budget.steps, site.walk.steps
    outer, rest = divmod(steps, period * walks)
    if outer == 0:
        raise IsoglossError(
            f"steps: {steps} is less than one outer step ({period} inner_steps x {walks} restarts), so "
            "the slow weights would never move; give more steps or a smaller optimizer.lookahead.inner_steps"
        )
    eta = lookahead.outer_learning_rate
    left = (1 - eta) ** outer
    lines = [
        f"M = {outer} outer steps of {walks} x {period} inner steps; share of initial weights left at "
        f"the end: (1 - {eta:g})^{outer} = {left:.3g}"
    ]
    if left > FORGETS_LITTLE:
        lines.append(
            f"warning: {left:.0%} of the initial weights, of a fresh head too, will be left; give more steps, fewer "
            "inner_steps, a larger outer_learning_rate, or the head its own head_outer_learning_rate"
        )
    if rest:
        lines.append(f"the last {rest} steps are a partial inner loop, which is dropped")
    return lines

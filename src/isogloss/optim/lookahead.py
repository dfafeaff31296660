"""Slow weights around any optimizer: Lookahead, Reptile and Sequential Reptile are one rule.

The inner optimizer walks ``period`` steps from the slow weights phi to theta; then phi moves the share alpha of that
way and the next walk starts there. Which data the walk sees is the sampler's business: mixed batches make it Lookahead,
one random language per step Sequential Reptile, one language per walk Reptile.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any

import torch
from torch import Tensor, nn

from isogloss.common.errors import IsoglossError
from isogloss.models.holding import holding


def carry(optimizer: torch.optim.Optimizer) -> None:
    """Between walks, keep the inner optimizer's moments (the default)."""


def forget_momentum(optimizer: torch.optim.Optimizer) -> None:
    """Between walks, set the momentum (Adam's first moment) to zero; all other state carries over."""
    for state in optimizer.state.values():
        for name in ("exp_avg", "momentum_buffer"):
            if state.get(name) is not None:
                state[name].zero_()


def forget_all(optimizer: torch.optim.Optimizer) -> None:
    """Between walks, drop the inner optimizer's state, as if it had just been made."""
    optimizer.state.clear()


def _keep_apart(tensors: Sequence[Tensor]) -> None:
    """One worker: nothing to average over."""


class Lookahead:
    """After every ``restarts`` walks of ``period`` inner steps, phi <- phi + alpha * (mean theta - phi); theta <- phi.

    The walks between two outer steps all start at the same phi. A closed parameter (``requires_grad`` false) does not
    move at an outer step, and has no slow copy: where it closes, theta is phi.

    Args:
        inner: The inner optimizer. A parameter group's own ``"alpha"`` wins over ``alpha`` (a fresh head may want 1).
        period: Inner steps K per walk, at least 1. The Sequential Reptile paper states 1000.
        alpha: Share of the way that phi moves per outer step, in (0, 1]. The paper states eta = 0.1.
        restarts: Walks m per outer step; Reptile over m tasks averages one walk per task. Default 1.
        reset: What happens to the inner optimizer's state after each walk: `carry`, `forget_momentum`, `forget_all`.
        average: Replaces tensors by their mean over workers, in place; given when each worker walks on its own.

    Raises:
        IsoglossError: ``period`` or ``restarts`` below 1, an alpha outside (0, 1], or an inner optimizer with an alpha
            of another meaning (RMSprop, ASGD).

    Example:
        Two steps of SGD from φ = 0 with gradient −1 lead to θ = 2; φ then goes half the way.

        >>> weight = nn.Parameter(torch.zeros(1))
        >>> slow = Lookahead(torch.optim.SGD([weight], lr=1.0), period=2, alpha=0.5)
        >>> for _ in range(2):
        ...     weight.grad = torch.full((1,), -1.0)
        ...     slow.step()
        >>> weight.item(), slow.outer_steps
        (1.0, 1)

    Reference:
        Zhang et al., *Lookahead Optimizer: k steps forward, 1 step back*, NeurIPS 2019; Nichol et al., *On First-Order
        Meta-Learning Algorithms*, 2018; Lee et al., *Sequential Reptile*, ICLR 2022. See ``docs/methods``.
    """

    def __init__(
        self,
        inner: torch.optim.Optimizer,
        *,
        period: int,
        alpha: float,
        restarts: int = 1,
        reset: Callable[[torch.optim.Optimizer], None] = carry,
        average: Callable[[Sequence[Tensor]], None] = _keep_apart,
    ) -> None:
        if period < 1 or restarts < 1:
            raise IsoglossError(f"period and restarts must be at least 1, found {period} and {restarts}")
        if "alpha" in inner.defaults:
            raise IsoglossError(f"{type(inner).__name__} cannot be an inner optimizer: it has an alpha of its own")
        for group in inner.param_groups:
            share = group.setdefault("alpha", alpha)
            if not 0 < share <= 1:
                raise IsoglossError(f"alpha must be in (0, 1], found {share}")
        self.inner, self.period, self.restarts = inner, period, restarts
        self._reset, self._average = reset, average
        self.steps = 0
        # Of the open parameters alone, from the step on in which they open.
        self._slow: dict[nn.Parameter, Tensor] = {}
        self._walked: dict[nn.Parameter, Tensor] = {}
        self._follow_opening()

    @property
    def param_groups(self) -> list[dict[str, Any]]:
        """The inner optimizer's parameter groups."""
        return self.inner.param_groups

    @property
    def outer_steps(self) -> int:
        """Outer steps taken."""
        return self.steps // (self.period * self.restarts)

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Drop all gradients."""
        self.inner.zero_grad(set_to_none=set_to_none)

    @torch.no_grad()
    def step(self) -> None:
        """One inner step and, where a walk ends, what follows it."""
        self._follow_opening()
        self.inner.step()
        self.steps += 1
        if self.steps % self.period == 0:
            self._end_walk()

    def _end_walk(self) -> None:
        walk = (self.steps // self.period - 1) % self.restarts  # from 0, within this outer step
        if self.restarts > 1:
            self._remember_walk(walk)
        if walk == self.restarts - 1:
            self._outer_step()
        else:
            for parameter, slow in self._open():
                parameter.copy_(slow)
        self._reset(self.inner)

    def _remember_walk(self, walk: int) -> None:
        for parameter, slow in self._open():
            if parameter not in self._walked:
                # In the walks before it opened, a parameter stood still at phi.
                self._walked[parameter] = slow * walk
            self._walked[parameter].add_(parameter)

    def _outer_step(self) -> None:
        if self.restarts > 1:
            for parameter, _ in self._open():
                parameter.copy_(self._walked[parameter].div_(self.restarts))
            self._walked.clear()
        self._average([parameter.data for parameter, _ in self._open()])
        for group in self.param_groups:
            for parameter in group["params"]:
                if parameter in self._slow:
                    # lerp, not phi + alpha * (theta - phi): at alpha = 1 it is theta to the last bit.
                    parameter.copy_(self._slow[parameter].lerp_(parameter, group["alpha"]))

    def _follow_opening(self) -> None:
        for parameter in self._parameters():
            if not parameter.requires_grad:
                self._slow.pop(parameter, None)
                self._walked.pop(parameter, None)
            elif parameter not in self._slow:
                self._slow[parameter] = parameter.detach().clone()

    @contextmanager
    def evaluation_weights(self) -> Iterator[None]:
        """Inside, the model holds the slow weights phi; after it, the fast ones again."""
        with holding(self._slow):
            yield

    def state_dict(self) -> dict[str, Any]:
        """Inner state, fast weights, unfinished walks and the count of steps.

        The slow weights are not in it: they are what a checkpoint holds as the model.
        """
        parameters = list(self._parameters())
        return {
            "inner": self.inner.state_dict(),
            "steps": self.steps,
            "fast": {n: p.detach().clone() for n, p in enumerate(parameters) if p in self._slow},
            "walked": {n: self._walked[p].clone() for n, p in enumerate(parameters) if p in self._walked},
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from ``state``: the model must hold the slow weights before, and holds the fast ones after."""
        parameters = list(self._parameters())
        self.inner.load_state_dict(state["inner"])
        self.steps = state["steps"]
        self._slow = {parameters[n]: parameters[n].detach().clone() for n in state["fast"]}
        with torch.no_grad():
            for n, fast in state["fast"].items():
                parameters[n].copy_(fast)
        self._walked = {
            parameters[n]: total.to(parameters[n].device, copy=True) for n, total in state["walked"].items()
        }

    def _parameters(self) -> Iterator[nn.Parameter]:
        for group in self.inner.param_groups:
            yield from group["params"]

    def _open(self) -> Iterator[tuple[nn.Parameter, Tensor]]:
        return ((parameter, self._slow[parameter]) for parameter in self._parameters() if parameter in self._slow)


def evaluation_weights(optimizer: object) -> AbstractContextManager[None]:
    """A context in which the model holds the weights to evaluate and to ship: the slow ones where there are any."""
    return optimizer.evaluation_weights() if isinstance(optimizer, Lookahead) else nullcontext()

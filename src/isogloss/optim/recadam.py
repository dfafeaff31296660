"""RecAdam: recall the pre-trained weights while learning the task, and hand over from one to the other."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from isogloss.common.errors import IsoglossError


@dataclass(frozen=True)
class Sigmoid:
    """λ(t) = 1 / (1 + exp(−k (t − t₀))).

    Args:
        rate: Steepness k > 0. The paper's code tries 0.05, 0.1, 0.2, 0.5 and 1; its scripts use 0.5.
        middle: The step t₀ at which λ is a half. The code tries 100, 250, 500 and 1000; its scripts use 250.

    Example:
        >>> [round(Sigmoid(rate=0.5, middle=250)(step), 3) for step in (240, 250, 260)]
        [0.007, 0.5, 0.993]
    """

    rate: float = 0.5
    middle: float = 250

    def __call__(self, step: int) -> float:
        """λ in (0, 1) at step ``step``, from 1."""
        # tanh, because exp overflows a thousand steps before the middle.
        return 0.5 * (1 + math.tanh(self.rate * (step - self.middle) / 2))


@dataclass(frozen=True)
class Linear:
    """λ(t) = min(1, t / t₀).

    Args:
        steps: The step t₀ > 0 from which on λ is 1.

    Example:
        >>> [Linear(steps=100)(step) for step in (25, 100, 400)]
        [0.25, 1.0, 1.0]
    """

    steps: float = 250

    def __call__(self, step: int) -> float:
        """λ in (0, 1] at step ``step``, from 1."""
        return min(1.0, step / self.steps)


@dataclass(frozen=True)
class Constant:
    """λ(t) = λ.

    Args:
        share: λ in (0, 1]; at 1 there is no pull, and RecAdam is AdamW.

    Example:
        >>> [Constant(0.5)(step) for step in (1, 1000)]
        [0.5, 0.5]
    """

    share: float = 1.0

    def __call__(self, step: int) -> float:
        """λ, whatever the step."""
        return self.share


class RecAdam(torch.optim.AdamW):
    """AdamW on λ(t) · L_task + (1 − λ(t)) · γ/2 · ‖θ − θ*‖², with the second term decoupled as weight decay is.

    With u the step direction of Adam, whose moments are those of the task's gradient alone, and r the learning rate:

        θ ← (1 − r · decay) θ;   θ ← θ − λ(t) r u;   θ ← θ − r (1 − λ(t)) γ (θ − θ*)

    t counts the steps of a group, also where its moments are forgotten between inner loops. θ* are the weights at
    construction; they are in the state, so they stay what they were when a run goes on from later weights. A parameter
    without gradient stands still.

    Args:
        params: Parameters or groups. A group's own ``"pull"`` wins over ``pull``; with 0, as for a fresh head that
            has nothing to recall, it is plain AdamW.
        lr: Learning rate r, at most 1/γ, beyond which a step overshoots θ*.
        betas: Decay of Adam's moments.
        eps: Added to the root of the second, bias-corrected moment.
        weight_decay: Decoupled decay towards zero.
        pull: γ ≥ 0, default 5000 (the paper's code).
        annealing: λ: from the step, counted from 1, to (0, 1]; default the sigmoid of the paper's scripts.
        fused: As for AdamW.

    Raises:
        IsoglossError: A pull is negative, or r · γ is above 1.

    Example:
        A weight that has gone from θ* = 0 to 1, where the task's gradient is zero, comes back by r (1 − λ) γ = 0.25:

        >>> weight = torch.nn.Parameter(torch.zeros(1))
        >>> optimizer = RecAdam([weight], lr=0.1, pull=5.0, annealing=Constant(0.5))
        >>> weight.data[0], weight.grad = 1.0, torch.zeros(1)
        >>> optimizer.step()
        >>> weight.data
        tensor([0.7500])

    Reference:
        Chen et al., *Recall and Learn: Fine-tuning Deep Pretrained Language Models with Less Forgetting*, EMNLP 2020.
    """

    def __init__(
        self,
        params: Iterable[Any],
        *,
        lr: float,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        pull: float = 5000.0,
        annealing: Callable[[int], float] = Sigmoid(),
        fused: bool | None = None,
    ) -> None:
        self._annealing, self._pull = annealing, pull
        self._starting: dict[Tensor, Tensor] = {}
        super().__init__(params, lr=lr, betas=betas, eps=eps, weight_decay=weight_decay, fused=fused)

    def add_param_group(self, param_group: dict[str, Any]) -> None:
        """Take in a group, whose θ* are its weights now and whose steps begin now.

        Raises:
            IsoglossError: As for the class.
        """
        pull, rate = param_group.get("pull", self._pull), param_group.get("lr", self.defaults["lr"])
        if pull < 0 or rate * pull > 1:
            raise IsoglossError(
                f"pull must be at least 0 and at most 1 / learning rate = {1 / rate if rate else math.inf:g}, beyond "
                f"which a step overshoots the pre-trained weights; found {pull:g}"
            )
        super().add_param_group({**param_group, "pull": pull, "steps": 0})
        if pull:
            own = self.param_groups[-1]["params"]
            self._starting |= {parameter: parameter.detach().clone() for parameter in own}

    def __getstate__(self) -> dict[str, Any]:
        """All of it, for copies; torch's own leaves out what it does not know."""
        own = {"_annealing": self._annealing, "_pull": self._pull, "_starting": self._starting}
        return {**super().__getstate__(), **own}

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> float | None:  # type: ignore[override]
        """Decay, take Adam's step scaled by λ, and go back towards θ*."""
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        options = [(group["lr"], group["weight_decay"]) for group in self.param_groups]
        shares = [self._next_share(group) for group in self.param_groups]
        for group, share in zip(self.param_groups, shares, strict=True):
            # AdamW would scale its decay by λ too.
            if moving := _moving(group):
                torch._foreach_mul_(moving, 1 - group["lr"] * group["weight_decay"])
            group["lr"], group["weight_decay"] = share * group["lr"], 0.0
        try:
            super().step()
        finally:
            for group, (rate, decay) in zip(self.param_groups, options, strict=True):
                group["lr"], group["weight_decay"] = rate, decay
        for group, share in zip(self.param_groups, shares, strict=True):
            if (moving := _moving(group)) and share < 1:
                starting = [self._starting[parameter] for parameter in moving]
                torch._foreach_lerp_(moving, starting, group["lr"] * (1 - share) * group["pull"])
        return loss

    def state_dict(self) -> dict[str, Any]:
        """AdamW's state, the counts of steps, and θ* by the number of the parameter."""
        starting = {n: self._starting[p] for n, p in enumerate(self._parameters()) if p in self._starting}
        return {**super().state_dict(), "starting": starting}

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Go on from the state; θ* becomes what it was there."""
        super().load_state_dict(dict(state_dict))
        parameters = self._parameters()
        self._starting = {
            parameters[n]: tensor.to(parameters[n].device, copy=True) for n, tensor in state_dict["starting"].items()
        }

    def _next_share(self, group: dict[str, Any]) -> float:
        group["steps"] += 1
        return self._annealing(group["steps"]) if group["pull"] else 1.0

    def _parameters(self) -> list[Tensor]:
        return [parameter for group in self.param_groups for parameter in group["params"]]


def _moving(group: Mapping[str, Any]) -> list[Tensor]:
    return [parameter for parameter in group["params"] if parameter.grad is not None]

"""A loss that grows with the distance from the pre-trained weights."""

from __future__ import annotations

import copy
from collections.abc import Collection, Mapping
from typing import Any

import torch
from torch import Tensor, nn

from isogloss.protocols import Batch, Objective, memory_of, recall


class L2SP:
    """Another objective and λ/2 · Σᵢ (θᵢ − θᵢ*)², as a term ``l2_sp``; implements `isogloss.protocols.Objective`.

    θ* are the weights at construction. In the loss, as in the paper: the gradient λ (θ − θ*) is clipped with that of
    the task and goes through Adam's moments, which RecAdam spares it. It is counted once per source of a step, so
    where the losses of m sources are added up λ counts m times. Closed parameters have no part in it.

    Args:
        objective: The loss of the task.
        model: The model, which holds θ* now.
        strength: λ > 0. The paper's α; its β, a decay of fresh parameters, is the optimizer's weight decay here.
        free: Names of parameters without a pre-trained value, which may go anywhere.

    Example:
        >>> from isogloss.objectives.supervised import Supervised
        >>> model = nn.Linear(2, 1, bias=False)
        >>> penalised = L2SP(Supervised(), model, strength=0.5)
        >>> with torch.no_grad():
        ...     _ = model.weight.add_(torch.tensor([[3.0, 4.0]]))
        >>> round(penalised.penalty(model).item(), 4)  # 0.5 / 2 · (3² + 4²)
        6.25

    Reference:
        Li, Grandvalet, Davoine, *Explicit Inductive Bias for Transfer Learning with Convolutional Networks*, ICML 2018.
    """

    def __init__(self, objective: Objective, model: nn.Module, *, strength: float, free: Collection[str] = ()) -> None:
        self.objective, self.strength = objective, strength
        self._starting = {name: p.detach().clone() for name, p in model.named_parameters() if name not in free}

    def around(self, objective: Objective) -> L2SP:
        """The same penalty beside another objective, with the same copy of θ*."""
        other = copy.copy(self)
        other.objective = objective
        return other

    def counts(self, batch: Batch) -> dict[str, Tensor]:
        """Those of the task, and one item per example ``[b]``, whose mean the penalty then is."""
        return {**self.objective.counts(batch), "l2_sp": torch.ones(len(batch), device=_device(batch))}

    def __call__(self, model: nn.Module, batch: Batch) -> dict[str, Tensor]:
        """Losses of the task, and the penalty for each example ``[b]``."""
        return {**self.objective(model, batch), "l2_sp": self.penalty(model).expand(len(batch))}

    def penalty(self, model: nn.Module) -> Tensor:
        """λ/2 · Σᵢ (θᵢ − θᵢ*)² over the open parameters, a scalar."""
        distances = [
            (parameter - self._starting[name]).square().sum()
            for name, parameter in model.named_parameters()
            if name in self._starting and parameter.requires_grad
        ]
        zero = torch.zeros((), device=next(model.parameters()).device)
        return self.strength / 2 * (torch.stack(distances).sum() if distances else zero)

    def state_dict(self) -> dict[str, Any]:
        """That of the objective; θ* is taken anew from the starting weights when a run is built."""
        return memory_of(self.objective)

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from ``state``."""
        recall(self.objective, state)


def _device(batch: Batch) -> torch.device:
    return next(iter(batch.inputs.values())).device

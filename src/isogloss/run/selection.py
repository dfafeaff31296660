"""Which weights a run ends with, and when. Part of the loop's memory; evaluation itself only returns rows."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Mapping
from typing import Any, Protocol

import torch
from torch import Tensor, nn


class Selection(Protocol):
    """Looks at the weights at every evaluation and says which to end with."""

    @property
    def step(self) -> int | None:
        """The step that the chosen weights are of."""

    @property
    def score(self) -> float | None:
        """Their dev score."""

    @property
    def is_over(self) -> bool:
        """Whether it has seen enough, so that the run ends here."""

    @property
    def may_end(self) -> bool:
        """Whether a run that ended here would have weights of the kind that is asked for."""

    def consider(self, model: nn.Module, step: int, score: float | None) -> None:
        """Look at ``model`` after ``step`` steps, with its dev score where one was taken (higher is better)."""

    def apply(self, model: nn.Module) -> None:
        """Give ``model`` the chosen weights."""

    def state_dict(self) -> dict[str, Any]:
        """Everything needed to go on."""

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from ``state``."""


class Last:
    """The weights at the end."""

    is_over = False
    may_end = True

    def __init__(self) -> None:
        self.step: int | None = None
        self.score: float | None = None

    def consider(self, model: nn.Module, step: int, score: float | None) -> None:
        """Note the step."""
        self.step, self.score = step, score

    def apply(self, model: nn.Module) -> None:
        """Leave the model as it is."""

    def state_dict(self) -> dict[str, Any]:
        """The step and score seen last."""
        return {"step": self.step, "score": self.score}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from ``state``."""
        self.step, self.score = state["step"], state["score"]


class _Stored:
    """A selection that keeps a copy of weights, on the CPU.

    Args:
        names: Parameters that may move in the run, and so are copied; None: all.
    """

    is_over = False

    def __init__(self, names: Collection[str] | None = None) -> None:
        self._names = names
        self.step: int | None = None
        self.score: float | None = None
        self._weights: dict[str, Tensor] = {}

    @property
    def may_end(self) -> bool:
        """Always; without any that were kept, the weights of the end are those asked for."""
        return True

    def _moving(self, model: nn.Module) -> Iterator[tuple[str, Tensor]]:
        for name, parameter in model.named_parameters():
            if self._names is None or name in self._names:
                yield name, parameter.detach()

    @torch.no_grad()
    def apply(self, model: nn.Module) -> None:
        """Give ``model`` the kept weights, if any were kept."""
        for name, parameter in model.named_parameters():
            if name in self._weights:
                parameter.copy_(self._weights[name])

    def state_dict(self) -> dict[str, Any]:
        """Step, score and kept weights."""
        return {"step": self.step, "score": self.score, "weights": dict(self._weights)}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from ``state``."""
        self.step, self.score, self._weights = state["step"], state["score"], dict(state["weights"])


class Best(_Stored):
    """The weights with the highest dev score so far, the earlier ones at a tie. Keeps a copy of them on the CPU.

    Args:
        names: Parameters that may move in the run, and so are copied; None: all.
    """

    def consider(self, model: nn.Module, step: int, score: float | None) -> None:
        """Keep the weights if ``score`` is the highest so far."""
        if score is None or math.isnan(score):
            return
        if self.score is None or score > self.score:
            self.step, self.score = step, score
            self._weights = {name: weights.to("cpu", copy=True) for name, weights in self._moving(model)}


class RunningAverage(_Stored):
    """The uniform mean of the weights at the evaluations from step ``start`` on. Keeps a copy of it on the CPU.

    A run may end when two have been taken, the fewest that make a mean.

    Args:
        start: First step whose weights count.
        names: Parameters that may move in the run, and so are copied; None: all.

    Reference:
        Schmidt, Vulić, Glavaš, *Free Lunch: Robust Cross-Lingual Transfer via Model Checkpoint Averaging*, ACL 2023.
    """

    def __init__(self, start: int, names: Collection[str] | None = None) -> None:
        super().__init__(names)
        self.start, self.taken = start, 0

    @property
    def may_end(self) -> bool:
        """Whether weights have been averaged."""
        return self.taken > 1

    @torch.no_grad()
    def consider(self, model: nn.Module, step: int, score: float | None) -> None:
        """Move the mean towards ``model`` by 1 / (number of weights taken)."""
        if step < self.start:
            return
        self.step, self.taken = step, self.taken + 1
        for name, own in self._moving(model):
            weights = own.cpu()
            if self.taken == 1:
                self._weights[name] = weights.clone()
            else:
                # Not in place: a state that was loaded or handed out stays as it was.
                self._weights[name] = self._weights[name].lerp(weights, 1 / self.taken)

    def state_dict(self) -> dict[str, Any]:
        """The mean and how many weights are in it."""
        return {**super().state_dict(), "taken": self.taken}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from ``state``."""
        super().load_state_dict(state)
        self.taken = state["taken"]

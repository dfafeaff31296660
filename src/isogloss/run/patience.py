"""Early stopping: a run ends when its dev score has not risen for some evaluations."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from torch import nn

from isogloss.run.selection import Selection


class Patient:
    """A selection that has seen enough when the score was not above the best so far for ``looks`` evaluations in a row.

    Which weights are taken is for the selection inside to say, and it is not over before that one has weights to end
    with: an average must have begun. An evaluation without a score counts as one without improvement.

    Args:
        selection: Chooses the weights.
        looks: Evaluations without improvement after which the run ends, at least 1.

    Example:
        >>> from isogloss.run.selection import Last
        >>> patient = Patient(Last(), looks=2)
        >>> for step, score in ((10, 0.5), (20, 0.7), (30, 0.7), (40, 0.6)):
        ...     patient.consider(nn.Linear(1, 1), step, score)
        >>> patient.is_over, patient.best
        (True, (20, 0.7))
    """

    def __init__(self, selection: Selection, looks: int) -> None:
        self.selection, self.looks = selection, looks
        self.best: tuple[int, float] | None = None
        self.waited = 0

    @property
    def step(self) -> int | None:
        """That of the selection inside."""
        return self.selection.step

    @property
    def score(self) -> float | None:
        """That of the selection inside."""
        return self.selection.score

    @property
    def is_over(self) -> bool:
        """Whether the score has not risen for too long, and the selection inside may end."""
        return self.waited >= self.looks and self.may_end

    @property
    def may_end(self) -> bool:
        """That of the selection inside."""
        return self.selection.may_end

    def consider(self, model: nn.Module, step: int, score: float | None) -> None:
        """Let the selection inside look, and note whether the score has risen."""
        self.selection.consider(model, step, score)
        if score is not None and not math.isnan(score) and (self.best is None or score > self.best[1]):
            self.best, self.waited = (step, score), 0
        else:
            self.waited += 1

    def apply(self, model: nn.Module) -> None:
        """Give ``model`` the weights that the selection inside has chosen."""
        self.selection.apply(model)

    def state_dict(self) -> dict[str, Any]:
        """What the selection inside remembers, the best score and its step, and the evaluations since."""
        return {**self.selection.state_dict(), "best": self.best, "waited": self.waited}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from ``state``."""
        self.selection.load_state_dict(state)
        self.best, self.waited = state["best"], state["waited"]

    def __str__(self) -> str:
        """Why the run has ended."""
        found = "there was none" if self.best is None else f"the best was {self.best[1]:.4f} at step {self.best[0]:,}"
        return f"the dev score has not risen for {self.waited} evaluations ({found}; patience {self.looks})"

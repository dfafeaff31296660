"""What a probe finds of a language, or of two: a score of each item, and what chance would give."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np


def as_it_is(mean: np.ndarray) -> np.ndarray:
    """The mean itself."""
    return mean


@dataclass(frozen=True)
class Finding:
    """A number over n items: ``of`` the weighed mean of their scores; and of what guessing gives each.

    Attributes:
        metric: What is measured.
        language: Language of the texts.
        view: Which items these are, such as ``seen``.
        ids: The items ``[n]``.
        units: What is drawn anew for an interval, such as the entity of each item ``[n]``.
        scores: Scores ``[n]``.
        guessed: The score of each that guessing gives, on average ``[n]``.
        constant: The score of each where the answer is always the most frequent one of its kind ``[n]``; None: there is
            no such answer.
        context_language: Language of what they are compared with; None: nothing, or the same.
        weights: Weights ``[n]``; None: all alike.
        of: From means to numbers.

    Example:
        >>> ids = ("1", "2")
        >>> Finding("accuracy", "en", "all", ids, ids, np.array([1.0, 0.0]), np.array([0.1, 0.3])).value
        0.5
    """

    metric: str
    language: str
    view: str
    ids: tuple[str, ...]
    units: tuple[str, ...]
    scores: np.ndarray
    guessed: np.ndarray
    context_language: str | None = None
    constant: np.ndarray | None = None
    weights: np.ndarray | None = None
    of: Callable[[np.ndarray], np.ndarray] = as_it_is

    @property
    def value(self) -> float:
        """The number."""
        return float(self.of(np.average(self.scores, weights=self.weights)))

    @property
    def chance(self) -> float:
        """The number that guessing gives."""
        return float(self.of(np.average(self.guessed, weights=self.weights)))

    @property
    def floor(self) -> float | None:
        """The number that always giving the most frequent answer gives."""
        return None if self.constant is None else float(self.of(np.average(self.constant, weights=self.weights)))

    def by_unit(self) -> tuple[tuple[str, ...], np.ndarray]:
        """The units in order, and of each the sum of its weighed scores and of its weights ``[u, 2]``."""
        weights = np.ones(len(self.scores)) if self.weights is None else self.weights
        units, places = np.unique(np.array(self.units, dtype=object).astype(str), return_inverse=True)
        sums = np.zeros((len(units), 2))
        np.add.at(sums, places, np.stack([self.scores * weights, weights], axis=1))
        return tuple(units.tolist()), sums

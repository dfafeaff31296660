"""Scores as functions of sums over examples.

What each example adds is kept apart from what the sums amount to, so that a score can be had of any draw from a test
set, and the score of the whole set is computed in the same way.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from isogloss.examples import Prediction


@dataclass(frozen=True, slots=True)
class Measure:
    """How one score is computed.

    Attributes:
        counts: From n gold and n predicted examples, what each adds ``[n, k]``.
        score: From sums over examples ``[..., k]`` the scores ``[...]``, fractions in [0, 1].
    """

    counts: Callable[[Sequence[Prediction], Sequence[Prediction]], np.ndarray]
    score: Callable[[np.ndarray], np.ndarray]


def scores(
    measures: Mapping[str, Measure], gold: Sequence[Prediction], predicted: Sequence[Prediction]
) -> dict[str, float]:
    """The score of all examples by each measure.

    Args:
        measures: The measures by name; those that count alike are counted once.
        gold: The gold predictions, at least one.
        predicted: As many predictions, in the same order.

    Example:
        >>> scores({"accuracy": Measure(equal, first_share)}, ["a", "b", "c", "c"], ["a", "b", "c", "b"])
        {'accuracy': 0.75}
    """
    kinds = {measure.counts for measure in measures.values()}
    # Added up one after the other, as Python does: NumPy's order would change the last bit of sums of fractions.
    sums = {counts: np.array([sum(column) for column in counts(gold, predicted).T.tolist()]) for counts in kinds}
    return {name: float(measure.score(sums[measure.counts])) for name, measure in measures.items()}


def ratio(numerators: np.ndarray, denominators: np.ndarray) -> np.ndarray:
    """One over the other, 0 where the denominator is 0."""
    return np.asarray(numerators / np.where(denominators == 0, 1, denominators))


def equal(gold: Sequence[Prediction], predicted: Sequence[Prediction]) -> np.ndarray:
    """Per example whether the prediction is right, and 1 ``[n, 2]``."""
    return np.array([(truth == guess, 1) for truth, guess in zip(gold, predicted, strict=True)], dtype=np.int64)


def first_share(sums: np.ndarray) -> np.ndarray:
    """The first sum over the last one: ``[..., k]`` to ``[...]``."""
    return ratio(sums[..., 0], sums[..., -1])

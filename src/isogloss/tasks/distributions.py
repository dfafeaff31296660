"""How probable a model finds what a task may say: of classes, of alternatives, of answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from isogloss.protocols import Feature

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True, slots=True, eq=False)
class Shares:
    """How probable each of c things is, for an example or for each of its n tokens.

    Attributes:
        names: The c things: tags, labels, positions of alternatives, or the most probable answers, the best first.
        values: Probabilities ``[c]``, or of tags ``[n, c]``, float32. They sum to 1, but for answers, which are some
            of many.

    Example:
        >>> shares = Shares(("no", "yes"), np.array([0.25, 0.75]))
        >>> shares.named(), shares.best()
        ({'no': 0.25, 'yes': 0.75}, 0.75)
    """

    names: tuple[str, ...]
    values: np.ndarray

    def named(self) -> Any:  # noqa: ANN401 - any JSON
        """By name, for JSON, to six digits: a mapping, or for tags a list of them."""
        rows = [dict(zip(self.names, map(_short, row), strict=True)) for row in np.atleast_2d(self.values).tolist()]
        return rows if self.values.ndim == 2 else rows[0]

    def best(self) -> Any:  # noqa: ANN401 - any JSON
        """The probability of what is predicted, for JSON, to six digits: a number, or for tags a list of them."""
        found = self.values.max(axis=-1, initial=0)
        return [_short(value) for value in found.tolist()] if found.ndim else _short(float(found))


def softmaxes(logits: Tensor, features: Sequence[Feature]) -> list[np.ndarray]:
    """Softmax of the logits, in place of the `decode` of a task with classes or alternatives.

    Args:
        logits: ``[b, s, c]`` in tagging, ``[b, c]`` in classification and multiple choice.
        features: The b features.

    Returns:
        Float32; of each feature ``[w, c]`` for the w sub-words that stand for tokens, or ``[c]``, over its own
        alternatives where it has some.

    Example:
        >>> import torch
        >>> feature = Feature({"input_ids": [0, 7, 8, 2]}, None, "en", 0, words=[-1, 0, -1, -1])
        >>> softmaxes(torch.zeros(1, 4, 2), [feature])[0].tolist()
        [[0.5, 0.5]]
    """
    return [_softmax(row, feature) for row, feature in zip(logits.double(), features, strict=True)]


def _softmax(row: Tensor, feature: Feature) -> np.ndarray:
    if feature.words:
        row = row[[place for place, word in enumerate(feature.words) if word >= 0]]
    elif feature.ends:
        row = row[: len(feature.ends)]
    return np.asarray(row.softmax(dim=-1).float().numpy())


def _short(value: float) -> float:
    return float(f"{value:.6g}")

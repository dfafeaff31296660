"""Examples without gold labels, drawn one by one from several languages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from isogloss.common.shares import shares
from isogloss.protocols import Feature


class FeatureRows:
    """Draws a language with N^(1/T) over N its features, then a feature of it, each with replacement.

    Args:
        features: Features by language.
        temperature: T > 0.

    Example:
        >>> from isogloss.common.randomness import generator
        >>> rows = FeatureRows({"en": [Feature({"input_ids": [5]}, 0, "en", 0)]}, 2.0)
        >>> rows(generator("an example")).language
        'en'
    """

    def __init__(self, features: Mapping[str, Sequence[Feature]], temperature: float) -> None:
        self.groups = tuple(features.values())
        self._shares = shares([len(own) for own in self.groups], temperature)

    def __call__(self, random: np.random.Generator) -> Feature:
        """A feature."""
        own = self.groups[random.choice(len(self.groups), p=self._shares)]
        return own[int(random.integers(len(own)))]

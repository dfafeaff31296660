"""Mixing of a text with its translation inside an encoder (X-Mixup)."""

from __future__ import annotations

from isogloss.models.extensions.mixing.attention import FAMILIES
from isogloss.models.extensions.mixing.mixing import NAME, Mixing, mixing_of
from isogloss.models.extensions.mixing.ratio import ConstantRatio, EntropyRatio, Ratio, entropy, released_entropy

__all__ = [
    "FAMILIES",
    "NAME",
    "ConstantRatio",
    "EntropyRatio",
    "Mixing",
    "Ratio",
    "entropy",
    "mixing_of",
    "released_entropy",
]

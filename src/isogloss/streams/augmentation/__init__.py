"""Other forms of an example that say the same: each a pure function of the example and of a random generator."""

from __future__ import annotations

from isogloss.streams.augmentation.code_switching import CodeSwitching
from isogloss.streams.augmentation.rewriting import Augmentation, Augmented, Words, unchanged
from isogloss.streams.augmentation.subword_sampling import SubwordSampling

__all__ = ["Augmentation", "Augmented", "CodeSwitching", "SubwordSampling", "Words", "unchanged"]

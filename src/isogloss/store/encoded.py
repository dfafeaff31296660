"""Sentences of one language as sub-words, in memory or mapped into it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class EncodedText:
    """The sentences of one language as sub-words.

    Attributes:
        ids: The sub-words of all sentences, one after the other ``[n]``, without special ones.
        starts: Where each sentence begins, and at the end n ``[sentences + 1]``.

    Example:
        >>> text = EncodedText.of([[5, 6], [7, 8, 9]])
        >>> text.sentence(1).tolist(), text.running(1, 4).tolist()
        ([7, 8, 9], [7, 8, 9, 5])
    """

    ids: np.ndarray
    starts: np.ndarray

    @classmethod
    def of(cls, sentences: Sequence[Sequence[int]]) -> EncodedText:
        """From the sub-words of each sentence."""
        lengths = np.fromiter(map(len, sentences), dtype=np.int64, count=len(sentences))
        ids = np.fromiter((piece for sentence in sentences for piece in sentence), np.int32, count=int(lengths.sum()))
        return cls(ids, np.concatenate([[0], np.cumsum(lengths)]))

    def __len__(self) -> int:
        """Number of sentences."""
        return len(self.starts) - 1

    def sentence(self, index: int) -> np.ndarray:
        """Sub-words of a sentence."""
        return self.ids[self.starts[index] : self.starts[index + 1]]

    def running(self, index: int, length: int) -> np.ndarray:
        """``length`` sub-words from the beginning of a sentence on; after the last sentence comes the first."""
        start = int(self.starts[index])
        return np.take(self.ids, np.arange(start, start + length), mode="wrap")

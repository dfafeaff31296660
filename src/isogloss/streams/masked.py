"""Batches of masked rows of text, drawn as `isogloss.streams.drawn` says.

A row is filled up to a fixed length, so there is little padding and, for compiled models, one shape.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch

from isogloss.common.randomness import generator
from isogloss.objectives.supervised import IGNORED
from isogloss.protocols import Batch
from isogloss.streams.drawn import DrawnStream, independent

DrawRow = Callable[[np.random.Generator], tuple[np.ndarray, str]]
"""Draws a row of sub-words, special ones included, and says its language."""


@dataclass(frozen=True)
class Masking:
    """Which sub-words are hidden: each with the same probability, but special ones never.

    Attributes:
        probability: Share of sub-words to predict (BERT: 0.15). Of these 80 % become the mask, 10 % a random sub-word
            and 10 % stay.
        mask: Id of the mask.
        padding: Id of padding.
        special: Ids that are never hidden and never come in by chance.
        vocabulary_size: Number of sub-words.

    Example:
        >>> masking = Masking(0.5, mask=4, padding=1, special=(0, 1, 2, 3, 4), vocabulary_size=20)
        >>> hidden, labels = masking(np.array([0, 11, 12, 13, 14, 15, 2]), generator("an example"))
        >>> hidden.tolist(), labels.tolist()
        ([0, 11, 4, 4, 14, 6, 2], [-100, -100, 12, 13, -100, 15, -100])
    """

    probability: float
    mask: int
    padding: int
    special: tuple[int, ...]
    vocabulary_size: int

    def __call__(self, row: np.ndarray, random: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """The row with sub-words hidden, and the hidden ones with -100 elsewhere; at least one is hidden."""
        candidates = np.flatnonzero(~np.isin(row, self.special))
        chosen = candidates[random.random(len(candidates)) < self.probability]
        if not len(chosen):
            chosen = random.choice(candidates, 1) if len(candidates) else candidates
        hidden, labels = row.copy(), np.full_like(row, IGNORED)
        labels[chosen] = row[chosen]
        fate = random.random(len(chosen))
        hidden[chosen[fate < 0.8]] = self.mask
        by_chance = chosen[fate >= 0.9]
        hidden[by_chance] = self._ordinary[random.integers(len(self._ordinary), size=len(by_chance))]
        return hidden, labels

    @cached_property
    def _ordinary(self) -> np.ndarray:
        return np.setdiff1d(np.arange(self.vocabulary_size), self.special)


@dataclass(frozen=True)
class SpecialTokens:
    """The special sub-words around a text and around a pair of texts, as the tokenizer puts them.

    Attributes:
        before: Before the first text.
        between: Between a text and its pair.
        after: At the end.

    Example:
        >>> frame = SpecialTokens(before=(0,), between=(2, 2), after=(2,))
        >>> frame.around(np.array([5, 6]), np.array([7])).tolist(), frame.room(10, texts=2)
        ([0, 5, 6, 2, 2, 7, 2], 6)
    """

    before: tuple[int, ...]
    between: tuple[int, ...]
    after: tuple[int, ...]

    def around(self, *texts: np.ndarray) -> np.ndarray:
        """One text, or a pair, with its special sub-words."""
        between: list[np.ndarray] = []
        for number, text in enumerate(texts):
            between += [np.asarray(self.between if number else self.before), text]
        return np.concatenate([*between, np.asarray(self.after)]).astype(np.int64)

    def room(self, length: int, texts: int) -> int:
        """Sub-words left for the texts in a row of ``length``."""
        return length - len(self.before) - len(self.after) - (texts - 1) * len(self.between)


class MaskedStream:
    """Batches of masked rows, pure in (seed, k); implements `isogloss.protocols.Stream`.

    Args:
        rows: Draws a row of at most ``length`` and says its language.
        masking: Hides sub-words of it.
        name: Name of the source, so that sources of one run differ.
        seed: Seed.
        batch_size: Rows in a global batch, over all ranks and micro-batches.
        length: Rows are padded to this length.
        rank: This process's number.
        world_size: Number of processes that share each global batch.
        accumulation: Micro-batches that a rank's slice is cut into.

    Raises:
        IsoglossError: There are fewer rows in a batch than ranks times micro-batches.

    Example:
        Three rows in two micro-batches, the same whenever they are asked for:

        >>> from isogloss.store.encoded import EncodedText
        >>> from isogloss.streams.running_text import RunningTextRows
        >>> masking = Masking(0.5, mask=4, padding=1, special=(0, 1, 2, 3, 4), vocabulary_size=10)
        >>> texts = {"en": EncodedText.of([[5, 6], [7, 8, 9]])}
        >>> rows = RunningTextRows(texts, length=6, frame=SpecialTokens((0,), (2, 2), (2,)), temperature=1.0)
        >>> stream = MaskedStream(rows, masking, name="mlm", seed=0, batch_size=3, length=6, accumulation=2)
        >>> [batch.inputs["input_ids"].tolist() for batch in stream(9)]
        [[[0, 7, 8, 4, 5, 2], [0, 7, 8, 4, 5, 2]], [[0, 4, 4, 4, 6, 2]]]
    """

    def __init__(
        self,
        rows: DrawRow,
        masking: Masking,
        *,
        name: str,
        seed: int,
        batch_size: int,
        length: int,
        rank: int = 0,
        world_size: int = 1,
        accumulation: int = 1,
    ) -> None:
        self.rows, self.masking, self.length = rows, masking, length
        self._drawn = DrawnStream(
            independent(self._draw),
            self._collate,
            name=name,
            seed=seed,
            batch_size=batch_size,
            rank=rank,
            world_size=world_size,
            accumulation=accumulation,
        )

    def __call__(self, k: int) -> list[Batch]:
        """This rank's micro-batches of the k-th global batch."""
        return self._drawn(k)

    def _draw(self, random: np.random.Generator) -> tuple[np.ndarray, np.ndarray, str]:
        row, language = self.rows(random)
        return (*self.masking(row, random), language)

    def _collate(self, rows: Sequence[tuple[np.ndarray, np.ndarray, str]]) -> Batch:
        return padded(rows, self.masking.padding, self.length)


def masked_batches(sentences: Sequence[np.ndarray], language: str, masking: Masking, batch_size: int) -> list[Batch]:
    """Fixed masked sentences to measure on: sentence i of a language is masked alike in every run.

    Args:
        sentences: Sub-words of each sentence, special ones included.
        language: Their language.
        masking: Hides sub-words.
        batch_size: Sentences per batch; sentences of like length stand together.
    """
    rows = [
        (*masking(sentence, generator(0, "held out", language, number)), language)
        for number, sentence in enumerate(sentences)
    ]
    rows.sort(key=lambda row: len(row[0]))
    parts = [rows[start : start + batch_size] for start in range(0, len(rows), batch_size)]
    return [padded(part, masking.padding, max(len(row[0]) for row in part)) for part in parts]


def padded(rows: Sequence[tuple[np.ndarray, np.ndarray, str]], padding: int, length: int) -> Batch:
    """A batch of hidden rows and their labels, padded to ``length``."""
    ids = np.full((len(rows), length), padding, dtype=np.int64)
    labels = np.full((len(rows), length), IGNORED, dtype=np.int64)
    attention = np.zeros((len(rows), length), dtype=np.int64)
    for place, (hidden, targets, _) in enumerate(rows):
        ids[place, : len(hidden)], labels[place, : len(hidden)], attention[place, : len(hidden)] = hidden, targets, 1
    inputs = {"input_ids": torch.from_numpy(ids), "attention_mask": torch.from_numpy(attention)}
    return Batch(inputs, torch.from_numpy(labels), tuple(language for *_, language in rows))

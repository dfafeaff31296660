"""Batches of examples, each with another form of it beside it that is drawn anew whenever the example comes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import torch

from isogloss.common.randomness import generator
from isogloss.protocols import Batch, Feature
from isogloss.store.features import lengths
from isogloss.store.lazy import Concatenated
from isogloss.streams.augmentation.rewriting import Augmentation
from isogloss.streams.bucketed import Buckets, Examples
from isogloss.tasks.collation import padded


class AugmentedStream:
    """Batches as `isogloss.streams.bucketed` makes them, pure in (seed, k); implements `isogloss.protocols.Stream`.

    What is `beside` a batch are the same examples, augmented. The randomness of each comes from the seed, the name of
    the source and the place in its endless sequence where the example comes, so it is the same however a batch is cut
    and another one when the example comes again. Where examples have several predictions, the extras of both halves
    say which sub-words are the same part, 0 for none: ``tokens`` ``[b, s]`` in tagging, ``parts`` ``[b, s]`` for
    questions, see `isogloss.streams.augmentation.Augmented`.

    Args:
        groups: Features by group as in ``examples``.
        examples: The endless order they are seen in.
        augment: Makes the other form.
        batch_size: Examples in a global batch, over all ranks and micro-batches.
        collate: Makes a padded batch.
        rank: This process's number.
        world_size: Number of processes that share each global batch.
        accumulation: Micro-batches that a rank's slice is cut into.

    Raises:
        IsoglossError: There are fewer examples in a batch than ranks times micro-batches.
    """

    def __init__(
        self,
        groups: Sequence[Sequence[Feature]],
        examples: Examples,
        *,
        augment: Augmentation,
        batch_size: int,
        collate: Callable[[Sequence[Feature]], Batch],
        rank: int = 0,
        world_size: int = 1,
        accumulation: int = 1,
    ) -> None:
        sizes = [lengths(group) for group in groups]
        cut = {"rank": rank, "world_size": world_size, "accumulation": accumulation}
        self.buckets = Buckets(sizes, examples, batch_size=batch_size, **cut)
        self.augment, self.collate, self._features = augment, collate, Concatenated(groups)

    def indices(self, k: int) -> np.ndarray:
        """Indices of the examples of the k-th global batch ``[batch_size]``, by length."""
        return self.buckets.drawn(k)[:, 1]

    def __call__(self, k: int) -> list[Batch]:
        """This rank's micro-batches of the k-th global batch, each with its augmentations beside it."""
        return [self._batch(cut) for cut in self.buckets.cuts(k)]

    def _batch(self, cut: Sequence[tuple[int, int]]) -> Batch:
        examples, features = self.buckets.examples, [self._features[index] for _, index in cut]
        made = [
            self.augment(feature, generator(examples.seed, "augmented", examples.name, place))
            for feature, (place, _) in zip(features, cut, strict=True)
        ]
        first = self._collated(features, [one.before for one in made])
        return replace(first, beside=self._collated([one.feature for one in made], [one.after for one in made]))

    def _collated(self, features: Sequence[Feature], parts: Sequence[Sequence[int]]) -> Batch:
        batch = self.collate(features)
        if not any(parts):
            return batch
        name = "tokens" if features[0].words else "parts"
        numbers = torch.as_tensor(padded(parts, max(map(len, features)), 0))
        return replace(batch, extras={**batch.extras, name: numbers})

"""Batches of pairs that are to be mixed: each example with another one of its batch, and the share of the first."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import torch

from isogloss.common.randomness import generator
from isogloss.protocols import Batch, Feature, Stream
from isogloss.store.features import lengths
from isogloss.store.lazy import Concatenated
from isogloss.streams.bucketed import Buckets, Examples


class ShuffledStream:
    """Batches as `isogloss.streams.bucketed` makes them, pure in (seed, k), with their examples shuffled beside them.

    What is `beside` the k-th global batch are the same examples in another order, a permutation drawn from the seed,
    the name of the source and k, so that a pair is the same however the batch is cut. An example may meet itself.
    Implements `isogloss.protocols.Stream`.

    Args:
        groups: Features by group as in ``examples``.
        examples: The endless order they are seen in.
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
        batch_size: int,
        collate: Callable[[Sequence[Feature]], Batch],
        rank: int = 0,
        world_size: int = 1,
        accumulation: int = 1,
    ) -> None:
        sizes = [lengths(group) for group in groups]
        cut = {"rank": rank, "world_size": world_size, "accumulation": accumulation}
        self.buckets = Buckets(sizes, examples, batch_size=batch_size, **cut)
        self.collate, self._features = collate, Concatenated(groups)

    def indices(self, k: int) -> np.ndarray:
        """Indices of the examples of the k-th global batch ``[batch_size]``, by length."""
        return self.buckets.drawn(k)[:, 1]

    def __call__(self, k: int) -> list[Batch]:
        """This rank's micro-batches of the k-th global batch, each with its partners beside it."""
        examples, drawn = self.buckets.examples, self.buckets.drawn(k)
        shuffled = generator(examples.seed, "partners", examples.name, k).permutation(drawn[:, 1]).tolist()
        partners = dict(zip(drawn[:, 0].tolist(), shuffled, strict=True))
        return [
            replace(
                self.collate([self._features[index] for _, index in cut]),
                beside=self.collate([self._features[partners[place]] for place, _ in cut]),
            )
            for cut in self.buckets.cuts(k)
        ]


class SharedStream:
    """Batches of another stream, with a share for each pair among their extras; implements `Stream`.

    Args:
        stream: Makes the batches of pairs.
        share: The share of the first halves of the k-th global batch, in [0, 1].
        name: What the extra is called.
    """

    def __init__(self, stream: Stream, share: Callable[[int], float], name: str) -> None:
        self.stream, self.share, self.name = stream, share, name

    def __call__(self, k: int) -> list[Batch]:
        """This rank's micro-batches of the k-th global batch."""
        share = self.share(k)
        return [
            replace(batch, extras={**batch.extras, self.name: torch.full((len(batch),), share)})
            for batch in self.stream(k)
        ]


def beta_shares(alpha: float, seed: int, name: str) -> Callable[[int], float]:
    """λ ~ Beta(α, α), one for the k-th global batch of a source.

    Args:
        alpha: α > 0; 1 is the even distribution, and the larger it is, the nearer λ is to a half.
        seed: Seed of the run.
        name: Name of the source.

    Example:
        >>> share = beta_shares(2.0, seed=0, name="all")
        >>> share(3) == share(3) != share(4)
        True
    """
    return lambda k: float(generator(seed, "share", name, k).beta(alpha, alpha))

"""Global batches that are a pure function of (seed, k).

The examples of a source form an endless sequence: epoch after epoch, each a permutation seeded by (seed, epoch). The
sequence is cut into windows of a few dozen batches, or of about an epoch where that is shorter; inside a window the
examples are sorted by length and cut into batches, and the batches are shuffled. So batches hold sentences of similar
length (little padding), every example comes once per epoch, all batches are full, and the k-th batch can be named
without walking through the ones before it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache

import numpy as np

from isogloss.common.errors import IsoglossError
from isogloss.common.randomness import generator
from isogloss.common.shares import shares
from isogloss.protocols import Batch, Feature
from isogloss.store.features import lengths
from isogloss.store.lazy import Concatenated

WINDOW = 32
"""Batches per length bucket: large enough that padding almost vanishes, small enough that order stays random."""


class Examples:
    """An endless, shuffled sequence of indices over one or more groups of examples (languages).

    An epoch holds as many examples as there are; group t fills the share p_t of it (see `shares`), drawn without
    replacement from its own endless permutation. At T = 1 an epoch is exactly one permutation of all examples.

    Args:
        sizes: Number of examples N_t of each group; group t holds the indices from sum(sizes[:t]).
        temperature: T > 0, see `shares`.
        seed: Seed of the permutations.
        name: Name of the source, so that sources of one run are shuffled independently.

    Example:
        Two epochs, each with every example once; and the shares of an epoch of two groups, flattened by T = 2:

        >>> Examples([4], seed=0, name="en").take(0, 8).tolist()
        [1, 2, 3, 0, 0, 3, 1, 2]
        >>> Examples([90, 10], temperature=2.0, seed=0, name="all").quotas
        (75, 25)
    """

    def __init__(self, sizes: Sequence[int], *, temperature: float = 1.0, seed: int, name: str) -> None:
        self.sizes = tuple(sizes)
        self.seed, self.name = seed, name
        self.length = sum(self.sizes)
        self.quotas = _round_to_sum(shares(self.sizes, temperature) * self.length, self.length)
        self._permutation = lru_cache(maxsize=2 * len(self.sizes))(self._permute)
        self._epoch = lru_cache(maxsize=3)(self._make_epoch)

    def take(self, start: int, stop: int) -> np.ndarray:
        """Indices at positions ``start`` (inclusive) to ``stop`` (exclusive) of the endless sequence."""
        return _cut(self._epoch, self.length, start, stop)

    def _make_epoch(self, epoch: int) -> np.ndarray:
        parts = []
        for group, quota in enumerate(self.quotas):
            permutation = lambda turn, group=group: self._permutation(group, turn)  # noqa: E731 - a curried call
            parts.append(_cut(permutation, self.sizes[group], epoch * quota, (epoch + 1) * quota))
        indices = np.concatenate(parts)
        return indices[generator(self.seed, "epoch", self.name, epoch).permutation(len(indices))]

    def _permute(self, group: int, turn: int) -> np.ndarray:
        order = generator(self.seed, "group", self.name, group, turn).permutation(self.sizes[group])
        return order + sum(self.sizes[:group])


def require_no_empty_batch(batch_size: int, world_size: int, accumulation: int) -> None:
    """Stop unless every process has something in each of its micro-batches.

    Raises:
        IsoglossError: ``batch_size`` is less than processes times micro-batches.
    """
    if batch_size < world_size * accumulation:
        raise IsoglossError(
            f"batch_size must be at least processes x gradient_accumulation_steps = {world_size} x {accumulation}, "
            f"found {batch_size}"
        )


class Buckets:
    """Which examples each global batch holds, and which of them are this rank's: pure in (seed, k).

    Args:
        lengths: Sub-words of each example, by group as in ``examples``.
        examples: The endless order they are seen in.
        batch_size: Examples in a global batch, over all ranks and micro-batches.
        rank: This process's number.
        world_size: Number of processes that share each global batch.
        accumulation: Micro-batches that a rank's slice is cut into.

    Raises:
        IsoglossError: There are fewer examples in a batch than ranks times micro-batches, or other numbers of lengths
            than of examples.
    """

    def __init__(
        self,
        lengths: Sequence[np.ndarray],
        examples: Examples,
        *,
        batch_size: int,
        rank: int = 0,
        world_size: int = 1,
        accumulation: int = 1,
    ) -> None:
        sizes = tuple(map(len, lengths))
        if sizes != examples.sizes:
            raise IsoglossError(f"source {examples.name!r}: {sum(sizes)} features for {examples.length} examples")
        require_no_empty_batch(batch_size, world_size, accumulation)
        self.examples, self.batch_size, self._lengths = examples, batch_size, np.concatenate(lengths)
        self.rank, self.world_size, self.accumulation = rank, world_size, accumulation
        # A window of several epochs would hold an example more than once.
        self._batches = min(WINDOW, max(1, examples.length // batch_size))
        self._window = lru_cache(maxsize=1)(self._make_window)

    def drawn(self, k: int) -> np.ndarray:
        """Place in the endless sequence and index of each example of the k-th global batch ``[batch_size, 2]``.

        They are sorted by length.
        """
        batch: np.ndarray = self._window(k // self._batches)[k % self._batches]
        return batch

    def cuts(self, k: int) -> list[list[tuple[int, int]]]:
        """This rank's micro-batches of the k-th global batch, as places in the sequence and indices."""
        # Every world_size-th example: the batch is sorted, so all ranks get sentences of the same lengths.
        mine = self.drawn(k)[self.rank :: self.world_size]
        return [[(place, index) for place, index in cut.tolist()] for cut in np.array_split(mine, self.accumulation)]

    def _make_window(self, window: int) -> np.ndarray:
        span = self._batches * self.batch_size
        indices = self.examples.take(window * span, (window + 1) * span)
        random = generator(self.examples.seed, "window", self.examples.name, window)
        # Where an epoch ends within the window an example may come twice; sorted by length alone, it would do so in one
        # batch. So all first comings are sorted, then all second ones.
        order = np.lexsort((self._lengths[indices], comings(indices)))
        drawn = np.stack([window * span + order, indices[order]], axis=1)
        return drawn.reshape(self._batches, self.batch_size, 2)[random.permutation(self._batches)]


class BucketedStream:
    """Batches of examples of similar length, pure in (seed, k); implements `isogloss.protocols.Stream`.

    Args:
        groups: The features of all examples of the source, by group as in ``examples``.
        examples: The endless order they are seen in.
        batch_size: Examples in a global batch, over all ranks and micro-batches.
        collate: Makes a padded batch from features.
        rank: This process's number.
        world_size: Number of processes that share each global batch.
        accumulation: Micro-batches that a rank's slice is cut into.

    Raises:
        IsoglossError: There are fewer examples in a batch than ranks times micro-batches, or other numbers of features
            than of examples.

    Example:
        Features of 9, 1, 8 and 2 sub-words, in batches of two that stand for themselves here:

        >>> features = [Feature({"input_ids": [5] * length}, None, "en", 0) for length in (9, 1, 8, 2)]
        >>> lengths_of = lambda features: list(map(len, features))
        >>> examples = Examples([4], seed=0, name="en")
        >>> stream = BucketedStream([features], examples, batch_size=2, collate=lengths_of)
        >>> sorted([stream(0), stream(1)])
        [[[1, 2]], [[8, 9]]]
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
        self.features, self.collate = Concatenated(groups), collate
        self.buckets = Buckets(
            [lengths(group) for group in groups],
            examples,
            batch_size=batch_size,
            rank=rank,
            world_size=world_size,
            accumulation=accumulation,
        )

    def indices(self, k: int) -> np.ndarray:
        """Indices of the examples of the k-th global batch ``[batch_size]``, by length."""
        return self.buckets.drawn(k)[:, 1]

    def __call__(self, k: int) -> list[Batch]:
        """This rank's micro-batches of the k-th global batch."""
        return [self.collate([self.features[index] for _, index in cut]) for cut in self.buckets.cuts(k)]


def comings(indices: np.ndarray) -> np.ndarray:
    """How often each entry has come before: [7, 3, 7, 7] -> [0, 0, 1, 2]."""
    order = np.argsort(indices, kind="stable")
    places = np.arange(len(indices))
    is_first = np.r_[True, indices[order][1:] != indices[order][:-1]]
    comings = np.empty_like(places)
    comings[order] = places - np.maximum.accumulate(np.where(is_first, places, 0))
    return comings


def _cut(turn: Callable[[int], np.ndarray], length: int, start: int, stop: int) -> np.ndarray:
    """Positions start to stop of the concatenation turn(0), turn(1), ..., each ``length`` long."""
    if stop <= start:
        return np.empty(0, dtype=np.int64)
    first, last = start // length, (stop - 1) // length
    whole = np.concatenate([turn(number) for number in range(first, last + 1)])
    return whole[start - first * length : stop - first * length]


def _round_to_sum(parts: np.ndarray, total: int) -> tuple[int, ...]:
    """Whole numbers next to ``parts`` that add up to ``total`` (largest remainders get the rest)."""
    floors = np.floor(parts + 1e-9).astype(int)
    rest = total - int(floors.sum())
    for index in np.argsort(-(parts - floors), kind="stable")[:rest]:
        floors[index] += 1
    return tuple(int(part) for part in floors)

"""Batches of pairs, such as a sentence and its translation, and the coin that decides between two second halves.

Another pair is a mention and what it means. They are the batches of `isogloss.streams.bucketed`, with a pair in the
place of each example: drawn, sorted by length and cut in the same way, so that the halves of a pair are never torn
apart. A second half may be one of two, say the original of a translation or its back-translation. Which of them a
step sees is decided by a coin, and that is said here: objectives stay free of the step.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from isogloss.common.errors import IsoglossError
from isogloss.common.randomness import generator
from isogloss.protocols import Batch, Feature
from isogloss.store.features import example_indices, lengths
from isogloss.store.lazy import Concatenated, Lazy
from isogloss.streams.bucketed import Buckets, Examples, comings


def always(k: float) -> float:
    """The share 1 in every batch."""
    return 1.0


class PairedStream:
    """Batches of pairs of similar length, pure in (seed, k); implements `isogloss.protocols.Stream`.

    A batch holds the first halves, padded for themselves; what is `beside` it holds the second ones. A pair is as long
    as the longest of its halves and of what may come in the place of one, so the order does not hang on the coin.

    The coin is tossed from the seed, the name of the source and the place in its endless sequence where the pair comes.
    So it falls alike however a batch is cut, and independently for each coming of a pair; with ``once_per_epoch`` it is
    tossed once for all pairs of an epoch, with the p of its first batch. Where p rises, whatever a smaller p would have
    taken is taken still.

    Args:
        groups: The first half of each pair of the source, by group as in ``examples``.
        beside: The second halves: row i of a group belongs to row i of the same group of first halves.
        examples: The endless order that the pairs are seen in.
        batch_size: Pairs in a global batch, over all ranks and micro-batches.
        collate: Makes a padded batch from first halves.
        collate_beside: Makes one from second halves.
        instead: What may come in the place of ``beside``, row by row as there; None: nothing.
        share: Probability p(k) in [0, 1] that a pair of the k-th global batch has its ``beside`` and not its
            ``instead``; by default always 1.
        once_per_epoch: Whether all pairs of an epoch have the same side of the coin.
        original: Name of an extra of the batch beside, the ``attention_mask`` of what ``beside`` has there, whichever
            comes; None: there is none.
        rank: This process's number.
        world_size: Number of processes that share each global batch.
        accumulation: Micro-batches that a rank's slice is cut into.

    Raises:
        IsoglossError: An example has no partner, there are fewer pairs in a batch than ranks times micro-batches, or
            other numbers of features than of examples. When a batch is asked for: ``share`` is outside [0, 1].

    Example:
        Two German sentences, each with its English original or, half of the time, a back-translation:

        >>> def collate(features):
        ...     return Batch({}, None, tuple(feature.language for feature in features))
        >>> sides = ([Feature({"input_ids": [5]}, None, side, n) for n in (0, 1)] for side in ("de", "en", "back"))
        >>> german, english, back = ([side] for side in sides)  # one group each
        >>> options = {"batch_size": 2, "collate": collate, "collate_beside": collate}
        >>> examples = Examples([2], seed=0, name="de")
        >>> stream = PairedStream(german, english, examples, instead=back, share=lambda k: 0.5, **options)
        >>> [(batch.languages, batch.beside.languages) for k in (0, 1) for batch in stream(k)]
        [(('de', 'de'), ('back', 'en')), (('de', 'de'), ('en', 'en'))]
    """

    def __init__(
        self,
        groups: Sequence[Sequence[Feature]],
        beside: Sequence[Sequence[Feature]],
        examples: Examples,
        *,
        batch_size: int,
        collate: Callable[[Sequence[Feature]], Batch],
        collate_beside: Callable[[Sequence[Feature]], Batch],
        instead: Sequence[Sequence[Feature]] | None = None,
        share: Callable[[int], float] = always,
        once_per_epoch: bool = False,
        original: str | None = None,
        rank: int = 0,
        world_size: int = 1,
        accumulation: int = 1,
    ) -> None:
        sides = [groups, beside] if instead is None else [groups, beside, instead]
        for side in sides[1:]:
            _require_partners(examples.name, groups, side)
        self.buckets = Buckets(
            [np.max([lengths(rows) for rows in group], axis=0) for group in zip(*sides, strict=True)],
            examples,
            batch_size=batch_size,
            rank=rank,
            world_size=world_size,
            accumulation=accumulation,
        )
        self.collate, self.collate_beside, self.share = collate, collate_beside, share
        self._original = None if instead is None else original
        self._epoch = examples.length if once_per_epoch else None
        self._first, self._beside = Concatenated(groups), Concatenated(beside)
        self._instead = None if instead is None else Concatenated(instead)

    def indices(self, k: int) -> np.ndarray:
        """Indices of the pairs of the k-th global batch ``[batch_size]``, by length."""
        return self.buckets.drawn(k)[:, 1]

    def __call__(self, k: int) -> list[Batch]:
        """This rank's micro-batches of the k-th global batch, each with its other halves beside it."""
        return [self._batch(cut, k) for cut in self.buckets.cuts(k)]

    def _batch(self, cut: Sequence[tuple[int, int]], k: int) -> Batch:
        second = self.collate_beside([self._second(place, index, k) for place, index in cut])
        if self._original is not None:
            originals = self.collate_beside([self._beside[index] for _, index in cut])
            second = replace(second, extras={**second.extras, self._original: originals.inputs["attention_mask"]})
        return replace(self.collate([self._first[index] for _, index in cut]), beside=second)

    def _second(self, place: int, index: int, k: int) -> Feature:
        if self._instead is None:
            return self._beside[index]
        return (self._beside if self._heads(place, k) else self._instead)[index]

    def _heads(self, place: int, k: int) -> bool:
        examples = self.buckets.examples
        toss: tuple[str | int, ...] = ("coin", examples.name, place)
        if self._epoch is not None:
            epoch = place // self._epoch
            toss, k = ("coin of an epoch", examples.name, epoch), epoch * self._epoch // self.buckets.batch_size
        share = self.share(k)
        if not 0 <= share <= 1:
            raise IsoglossError(f"source {examples.name!r}: share must be in [0, 1], found {share} for batch {k}")
        return bool(generator(examples.seed, *toss).random() < share)


class Partners(Lazy[Feature]):
    """The partner of each feature, by where it lies; several may share one.

    Args:
        features: All that may be a partner; each is asked for when it is needed.
        places: Where in ``features`` the partner of each lies ``[n]``.

    Example:
        Three mentions, of two descriptions:

        >>> descriptions = [Feature({"input_ids": [id]}, None, "en", n) for n, id in enumerate((8, 9))]
        >>> [partner.inputs["input_ids"] for partner in Partners(descriptions, np.array([1, 0, 1]))]
        [[9], [8], [9]]
    """

    def __init__(self, features: Sequence[Feature], places: np.ndarray) -> None:
        self._features, self._places = features, places
        self.lengths = lengths(features)[places]

    def __len__(self) -> int:
        """Number of features that have a partner here."""
        return len(self._places)

    def _make(self, place: int) -> Feature:
        return self._features[int(self._places[place])]


def partners_by_example(features: Sequence[Feature], others: Sequence[Feature], name: str) -> Partners:
    """The partner of each feature among others whose list of examples was the same, say in another language.

    A piece of a long example has the piece of the same number as its partner, or the last one where there are fewer.

    Args:
        features: The features that need one.
        others: Those that may be one.
        name: Name of the source, for the message.

    Raises:
        IsoglossError: An example has no partner; the message names the first.
    """
    pieces: dict[int, list[int]] = {}
    for place, example in enumerate(example_indices(others).tolist()):
        pieces.setdefault(example, []).append(place)
    wanted = example_indices(features)
    alone = [example for example in wanted.tolist() if example not in pieces]
    if alone:
        raise IsoglossError(
            f"source {name!r}: every example needs a partner, but {len(alone)} of {len(wanted)} have none, "
            f"first example {alone[0]} (from 0)"
        )
    numbered = zip(wanted.tolist(), comings(wanted).tolist(), strict=True)
    places = [pieces[example][min(number, len(pieces[example]) - 1)] for example, number in numbered]
    return Partners(others, np.array(places, dtype=int))


def _require_partners(name: str, groups: Sequence[Sequence[Feature]], side: Sequence[Sequence[Feature]]) -> None:
    """Stop unless there is one row in ``side`` for each feature."""
    if len(side) != len(groups):
        raise IsoglossError(f"source {name!r}: {len(groups)} groups need as many beside them, found {len(side)}")
    for number, (own, partners) in enumerate(zip(groups, side, strict=True)):
        if len(partners) < len(own):
            raise IsoglossError(
                f"source {name!r}: every example needs a partner, but example {len(partners)} (from 0) of group "
                f"{number} has none: found {len(partners)} for {len(own)}"
            )
        if len(partners) > len(own):
            raise IsoglossError(f"source {name!r}: {len(partners)} partners for {len(own)} examples of group {number}")

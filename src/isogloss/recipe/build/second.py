"""What stands beside each training text, and the batches of pairs that this makes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from isogloss.objectives.manifold_mixup import SHARE
from isogloss.objectives.side_by_side import ORIGINAL
from isogloss.protocols import Feature, Stream
from isogloss.streams.augmentation import Augmentation
from isogloss.streams.augmented import AugmentedStream
from isogloss.streams.bucketed import Examples
from isogloss.streams.mixed import SharedStream, ShuffledStream, beta_shares
from isogloss.streams.paired import PairedStream, always


@dataclass(frozen=True)
class FirstHalves:
    """What a source learns from, before anything stands beside it.

    Attributes:
        languages: The source's groups of features, by name.
        groups: Their features.
        examples: The order that they are seen in.
        shared: What all streams of a run are given.
    """

    languages: Sequence[str]
    groups: Sequence[Sequence[Feature]]
    examples: Examples
    shared: Mapping[str, Any]


class Second(Protocol):
    """What makes batches of pairs of the training features of a source."""

    def stream(self, firsts: FirstHalves) -> Stream:
        """The batches of pairs with these first halves."""


@dataclass(frozen=True)
class Beside:
    """Texts that stand beside the training texts.

    Attributes:
        features: The second half of each training feature, by language.
        instead: What may come in its place, row by row as there; None: nothing.
        share: Share of the batches of step t that has ``features``.
        per_step: Batches of each source in a step, on average, so that its k-th one is that of step k / per_step; of
            sources that are not named there is one in each step.
        as_released: Whether all pairs of an epoch have the one, or all the other, and what comes instead is laid
            under the mask of what it came for, as in the released code of X-Mixup.
    """

    features: Mapping[str, Sequence[Feature]]
    instead: Mapping[str, Sequence[Feature]] | None = None
    share: Callable[[float], float] = always
    per_step: Mapping[str, float] = field(default_factory=dict)
    as_released: bool = False

    def stream(self, firsts: FirstHalves) -> Stream:
        """Batches of pairs, see `Second`."""
        pace = self.per_step.get(firsts.examples.name, 1.0)
        return PairedStream(
            firsts.groups,
            [self.features[language] for language in firsts.languages],
            firsts.examples,
            collate_beside=firsts.shared["collate"],
            instead=None if self.instead is None else [self.instead[language] for language in firsts.languages],
            share=lambda k: self.share(k / pace),
            once_per_epoch=self.as_released,
            original=ORIGINAL if self.as_released else None,
            **firsts.shared,
        )


@dataclass(frozen=True)
class Mixed:
    """Texts that the training texts are mixed with, and in which shares.

    Attributes:
        partners: Makes pairs; None: each text meets another one of its batch.
        alpha: α of the shares λ ~ Beta(α, α).
    """

    partners: Second | None
    alpha: float

    def stream(self, firsts: FirstHalves) -> Stream:
        """Batches of pairs with shares, see `Second`."""
        pairs: Stream = (
            ShuffledStream(firsts.groups, firsts.examples, **firsts.shared)
            if self.partners is None
            else self.partners.stream(firsts)
        )
        return SharedStream(pairs, beta_shares(self.alpha, firsts.examples.seed, firsts.examples.name), SHARE)


@dataclass(frozen=True)
class Augmenting:
    """Other forms of the training texts, drawn anew each time.

    Attributes:
        augment: Makes them.
    """

    augment: Augmentation

    def stream(self, firsts: FirstHalves) -> Stream:
        """Batches of examples and their augmentations, see `Second`."""
        return AugmentedStream(firsts.groups, firsts.examples, augment=self.augment, **firsts.shared)

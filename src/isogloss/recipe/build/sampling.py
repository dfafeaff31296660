"""From a recipe to the answer to: which data does a step see? And to the sources that it draws from."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from isogloss.common.errors import IsoglossError
from isogloss.common.randomness import derive
from isogloss.objectives.manifold_mixup import SHARE
from isogloss.protocols import Batch, DataSource, Feature, Objective, Sampler, Stream
from isogloss.recipe.build.site import Site
from isogloss.recipe.spec import sampling as spec
from isogloss.step import sampling
from isogloss.streams.augmentation import Augmentation
from isogloss.streams.augmented import AugmentedStream
from isogloss.streams.bucketed import BucketedStream, Examples
from isogloss.streams.mixed import SharedStream, ShuffledStream, beta_shares
from isogloss.streams.paired import PairedStream, always

MIXED = "all"
"""Name of the one source of mixed batches."""


def build_sampler(asked: spec.Sampling, site: Site) -> Sampler:
    """The answer to: which data does this step see?"""
    names = site.names
    match asked:
        case spec.Mixed():
            return sampling.Joint((MIXED,))
        case spec.Joint():
            return sampling.Joint(names)
        case spec.Temperature(temperature=temperature):
            return sampling.Temperature(names, tuple(site.sizes.values()), temperature, site.seed)
        case spec.RoundRobin():
            return sampling.RoundRobin(names)
        case spec.Permuted(length=length):
            return sampling.Permuted(names, length, site.seed)
        case spec.Blocks(length=length):
            if length is None and site.walk is None:
                raise IsoglossError("sampling.length: needed for kind blocks where the optimizer has no lookahead")
            return sampling.Blocks(sampling.RoundRobin(names), length or (site.walk.steps if site.walk else 1))


def pass_length(asked: spec.Sampling) -> int | None:
    """Steps in a pass of a sampler that goes by passes, where it is not one step per source."""
    return asked.length if isinstance(asked, spec.Permuted) else None


def beside(sampler: Sampler, shares: Mapping[str, float], seed: int) -> Sampler:
    """The sampler of a task, with other sources in its place in their shares of the steps."""
    if not shares:
        return sampler
    samplers = (*(sampling.Joint((name,)) for name in shares), sampler)
    # A seed of its own: the sampler of the task draws by the number of the step too.
    return sampling.Drawn(samplers, (*shares.values(), 1 - sum(shares.values())), derive(seed, "beside the task"))


class Second(Protocol):
    """What makes batches of pairs of the training features of a source."""

    def stream(
        self,
        languages: Sequence[str],
        groups: Sequence[Sequence[Feature]],
        examples: Examples,
        shared: Mapping[str, Any],
    ) -> Stream:
        """The batches.

        Args:
            languages: The source's groups of features, by name.
            groups: Their features, the first halves.
            examples: The order that they are seen in.
            shared: What all streams of a run are given.
        """


@dataclass(frozen=True)
class Beside:
    """Texts that stand beside the training texts.

    Attributes:
        features: The second half of each training feature, by language.
        instead: What may come in its place, row by row as there; None: nothing.
        share: Share of the k-th batch of a source that has ``features``.
        once_per_epoch: Whether all pairs of an epoch have the one, or all the other.
    """

    features: Mapping[str, Sequence[Feature]]
    instead: Mapping[str, Sequence[Feature]] | None = None
    share: Callable[[int], float] = always
    once_per_epoch: bool = False

    def stream(
        self,
        languages: Sequence[str],
        groups: Sequence[Sequence[Feature]],
        examples: Examples,
        shared: Mapping[str, Any],
    ) -> Stream:
        """Batches of pairs, see `Second`."""
        return PairedStream(
            groups,
            [self.features[language] for language in languages],
            examples,
            collate_beside=shared["collate"],
            instead=None if self.instead is None else [self.instead[language] for language in languages],
            share=self.share,
            once_per_epoch=self.once_per_epoch,
            **shared,
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

    def stream(
        self,
        languages: Sequence[str],
        groups: Sequence[Sequence[Feature]],
        examples: Examples,
        shared: Mapping[str, Any],
    ) -> Stream:
        """Batches of pairs with shares, see `Second`."""
        pairs: Stream = (
            ShuffledStream(groups, examples, **shared)
            if self.partners is None
            else self.partners.stream(languages, groups, examples, shared)
        )
        return SharedStream(pairs, beta_shares(self.alpha, examples.seed, examples.name), SHARE)


@dataclass(frozen=True)
class Augmenting:
    """Other forms of the training texts, drawn anew each time.

    Attributes:
        augment: Makes them.
    """

    augment: Augmentation

    def stream(
        self,
        languages: Sequence[str],
        groups: Sequence[Sequence[Feature]],
        examples: Examples,
        shared: Mapping[str, Any],
    ) -> Stream:
        """Batches of examples and their augmentations, see `Second`."""
        return AugmentedStream(groups, examples, augment=self.augment, **shared)


def build_sources(
    asked: spec.Sampling,
    features: Mapping[str, Sequence[Feature]],
    collate: Callable[[Sequence[Feature]], Batch],
    objective: Objective,
    site: Site,
    second: Second | None = None,
) -> dict[str, DataSource]:
    """One source per language, or one over all of them for mixed batches; of pairs, where there is a second half."""
    temperature = asked.temperature if isinstance(asked, spec.Mixed) else 1.0
    groups = (
        {MIXED: list(features)} if isinstance(asked, spec.Mixed) else {language: [language] for language in features}
    )
    shared: dict[str, Any] = {
        "batch_size": site.budget.batch_size,
        "collate": collate,
        "rank": site.group.rank,
        "world_size": site.group.world_size,
        "accumulation": site.budget.accumulation,
    }
    sources = {}
    for name, languages in groups.items():
        parts = [features[language] for language in languages]
        examples = Examples([len(part) for part in parts], temperature=temperature, seed=site.seed, name=name)
        stream: Stream = (
            BucketedStream(parts, examples, **shared)
            if second is None
            else second.stream(languages, parts, examples, shared)
        )
        sources[name] = DataSource(name, stream, objective)
    return sources

"""From a recipe to the answer to: which data does a step see? And to the sources that it draws from."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from isogloss.common.errors import IsoglossError
from isogloss.common.randomness import derive
from isogloss.common.shares import shares
from isogloss.protocols import Batch, DataSource, Feature, Objective, Sampler, Stream
from isogloss.recipe.build.second import FirstHalves, Second
from isogloss.recipe.build.site import Site
from isogloss.recipe.spec import sampling as spec
from isogloss.step import sampling
from isogloss.streams.bucketed import BucketedStream, Examples

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


def batches_per_step(asked: spec.Sampling, site: Site, labelled: float = 1.0) -> dict[str, float]:
    """How many batches of each source a step sees, on average.

    Args:
        asked: Which data a step sees.
        site: Where the run takes place.
        labelled: Share of the steps that see labelled data.
    """
    names = site.names
    match asked:
        case spec.Mixed():
            found = {MIXED: 1.0}
        case spec.Joint():
            found = dict.fromkeys(names, 1.0)
        case spec.Temperature(temperature=temperature):
            found = dict(zip(names, shares(list(site.sizes.values()), temperature).tolist(), strict=True))
        case _:  # in turn, each as often as the others
            found = dict.fromkeys(names, 1 / len(names))
    return {name: own * labelled for name, own in found.items()}


def beside(sampler: Sampler, others: Mapping[str, float], seed: int) -> Sampler:
    """The sampler of a task, with other sources in its place in their shares of the steps."""
    if not others:
        return sampler
    samplers = (*(sampling.Joint((name,)) for name in others), sampler)
    # A seed of its own: the sampler of the task draws by the number of the step too.
    return sampling.Drawn(samplers, (*others.values(), 1 - sum(others.values())), derive(seed, "beside the task"))


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
            else second.stream(FirstHalves(languages, parts, examples, shared))
        )
        sources[name] = DataSource(name, stream, objective)
    return sources

"""From a recipe to the parts of one language's training data."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from isogloss.examples import Example
from isogloss.protocols import Feature
from isogloss.recipe.spec import partition as spec
from isogloss.streams.partition import likeness_parts, random_parts


def looks_at_vectors(asked: spec.Partition) -> bool:
    """Whether the parts follow from vectors of the examples."""
    return isinstance(asked, spec.KMeans)


def build_parts(
    asked: spec.Partition,
    examples: Sequence[Example],
    features: Sequence[Feature],
    vectors: np.ndarray | None,
    seed: int,
) -> tuple[list[str], list[int]]:
    """Names of the parts, and by example the index of its part.

    Args:
        asked: How the examples are parted.
        examples: The examples, n of them.
        features: Their features.
        vectors: One vector per example that has features, where `looks_at_vectors`.
        seed: Seed of what is drawn.
    """
    match asked:
        case spec.KMeans(parts=parts, components=components):
            assert vectors is not None
            # An example of which nothing can be learned has no features, and stays in the first part unseen.
            of = np.zeros(len(examples), dtype=int)
            of[sorted({feature.example for feature in features})] = likeness_parts(
                vectors, parts, components=components, seed=seed
            )
        case spec.RandomSplit(parts=parts):
            of = random_parts(len(examples), parts, seed=seed)
        case spec.ByColumn():
            values = [str(getattr(example, "part", None)) for example in examples]
            names = sorted(set(values))
            places = {value: index for index, value in enumerate(names)}
            return names, [places[value] for value in values]
    return [str(index) for index in range(parts)], of.tolist()

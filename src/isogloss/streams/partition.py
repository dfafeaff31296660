"""One corpus cut into parts that a sampler can tell apart: by likeness or at random.

Shapes: n examples, d components of a vector.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import numpy as np
import torch
from torch import nn

from isogloss.common.distributed import ALONE, Communicator
from isogloss.common.errors import IsoglossError
from isogloss.common.randomness import derive, generator
from isogloss.models.holding import evaluating
from isogloss.protocols import Batch, Feature
from isogloss.store.features import lengths
from isogloss.store.lazy import Lazy


class Part(Lazy[Feature]):
    """Some of the features of a language, under a name of its own, so that losses are logged by part.

    Args:
        features: All features; each is asked for when it is needed.
        chosen: Indices of those in the part, ``[n]``.
        name: Name of the part, in place of the language.
    """

    def __init__(self, features: Sequence[Feature], chosen: np.ndarray, name: str) -> None:
        self._features, self._chosen, self._name = features, chosen, name
        self.lengths = lengths(features)[chosen]

    def __len__(self) -> int:
        """Number of features."""
        return len(self._chosen)

    def _make(self, place: int) -> Feature:
        return dataclasses.replace(self._features[int(self._chosen[place])], language=self._name)


def random_parts(n: int, parts: int, *, seed: int) -> np.ndarray:
    """The part of each of n examples ``[n]``, drawn without looking at them; sizes differ by 1 at most."""
    return generator(seed, "partition").permutation(np.arange(n) % parts)


def likeness_parts(vectors: np.ndarray, parts: int, *, components: int, seed: int) -> np.ndarray:
    """The part of each example ``[n]``: k-means over the first principal components of its vector.

    Args:
        vectors: One vector per example, ``[n, d]``.
        parts: Number of clusters, at most n.
        components: Principal components, at most; there are no more than n and d.
        seed: Seed of the first guesses, of which the best of 10 is taken.

    Raises:
        IsoglossError: The vectors have fewer distinct values than there are to be parts.
    """
    from sklearn.cluster import KMeans  # takes a second, and few runs need it
    from sklearn.decomposition import PCA

    distinct = len(np.unique(vectors, axis=0))
    if distinct < parts:
        raise IsoglossError(f"partition.parts: at most the {distinct} examples that differ, found {parts}")
    state = derive(seed, "partition") % 2**32
    reduced = PCA(min(components, *vectors.shape), random_state=state).fit_transform(vectors.astype(np.float64))
    return np.asarray(KMeans(parts, n_init=10, random_state=state).fit_predict(reduced))


@torch.no_grad()
def mean_vectors(
    encoder: nn.Module,
    features: Sequence[Feature],
    collate: Callable[[Sequence[Feature]], Batch],
    batch_size: int,
    *,
    autocast: Callable[[], AbstractContextManager[Any]] = nullcontext,
    ranks: Communicator = ALONE,
) -> np.ndarray:
    """One vector per example that has features, in their order: the mean of the last layer over all its sub-words.

    Args:
        encoder: A model of transformers without a head; its mode is left as it was.
        features: The features, of which an example may have several (windows), or one of several texts (alternatives).
        collate: Makes a padded batch from features.
        batch_size: Features per forward pass.
        autocast: Makes the context of a forward pass.
        ranks: Processes that share the passes; batches are the same for any number of them.

    Returns:
        Vectors ``[n, d]`` for the n different values of ``feature.example``, in ascending order, on every rank alike.
    """
    device = next(encoder.parameters()).device
    by_length = np.argsort(lengths(features), kind="stable").tolist()
    found: list[tuple[int, list[tuple[int, np.ndarray, float]]]] = []
    for start in range(batch_size * ranks.rank, len(by_length), batch_size * ranks.world_size):
        chosen = [features[index] for index in by_length[start : start + batch_size]]
        inputs = collate(chosen).to(device).inputs
        width = inputs["input_ids"].shape[-1]
        with autocast(), evaluating(encoder):
            states = encoder(**{name: tensor.reshape(-1, width) for name, tensor in inputs.items()}).last_hidden_state
        weights = inputs["attention_mask"].reshape(len(chosen), -1, 1).float()
        totals = (states.float().reshape(len(chosen), -1, states.shape[-1]) * weights).sum(dim=1).cpu().numpy()
        examples = [feature.example for feature in chosen]
        found.append((start, list(zip(examples, totals, weights.sum(dim=(1, 2)).tolist(), strict=True))))
    sums: dict[int, np.ndarray] = {}
    counts: dict[int, float] = {}
    # In the order of batches, whoever has had them, so that sums round alike.
    for _, batch in sorted(ranks.gather(found), key=lambda pair: pair[0]):
        for example, total, count in batch:
            sums[example] = sums.get(example, 0) + total
            counts[example] = counts.get(example, 0) + count
    return np.stack([sums[example] / counts[example] for example in sorted(sums)])

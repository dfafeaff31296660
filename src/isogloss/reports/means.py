"""Scores of a language, and means over several: which weights make them up, and their values by seed."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

import numpy as np

Place = tuple[str, str]
"""A data set and a language of it."""

ALL_DATA = "all"
"""What stands in place of a data set in lines that average over several."""


def means_of(values: Iterable[tuple[Any, ...]], sources: Collection[str]) -> list[tuple[str, str, dict[Place, float]]]:
    """Per line its data set, its label and the weight of each language in it."""
    places = sorted({key[:2] for key in values}, key=lambda place: (place[0], place[1] not in sources, place[1]))
    lines: list[tuple[str, str, dict[Place, float]]] = []
    means: dict[str, list[dict[Place, float]]] = {}
    for data in dict.fromkeys(data for data, _ in places):
        own = [place for place in places if place[0] == data]
        lines += [(data, language, {(data, language): 1.0}) for _, language in own]
        groups = {
            "mean of sources": [place for place in own if place[1] in sources],
            "mean of unseen": [place for place in own if place[1] not in sources],
            "mean": own,
        }
        for label, members in groups.items():
            if members:
                weights = dict.fromkeys(members, 1 / len(members))
                means.setdefault(label, []).append(weights)
                lines.append((data, label, weights))
    if len({data for data, _ in places}) > 1:
        for label, parts in means.items():
            together = {place: weight / len(parts) for part in parts for place, weight in part.items()}
            lines.append((ALL_DATA, label, together))
    return lines


def per_seed(values: Mapping[tuple[Any, ...], float], weights: Mapping[Place, float], method: str) -> dict[int, float]:
    """A method's mean for each seed that has all languages of it."""
    seeds = {key[3] for key in values if key[:2] in weights and key[2] == method}
    keys = {seed: {(*place, method, seed): weight for place, weight in weights.items()} for seed in sorted(seeds)}
    return {
        seed: sum(weight * values[key] for key, weight in of.items())
        for seed, of in keys.items()
        if all(key in values for key in of)
    }


def drawn_per_seed(
    draws: Mapping[tuple[Any, ...], np.ndarray], weights: Mapping[Place, float], method: str, seeds: Iterable[int]
) -> dict[int, np.ndarray]:
    """The same on test sets drawn anew, for each of the seeds that has draws of all languages."""
    keys = {seed: {(*place, method, seed): weight for place, weight in weights.items()} for seed in seeds}
    return {
        seed: np.sum([weight * draws[key] for key, weight in of.items()], axis=0)
        for seed, of in keys.items()
        if all(key in draws for key in of)
    }

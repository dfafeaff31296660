"""Some of many things, without holding all of them: those whose ids come first in an order drawn from a seed."""

from __future__ import annotations

import heapq
from collections.abc import Hashable
from typing import Generic, TypeVar

from isogloss.common.randomness import derive

Key = TypeVar("Key", bound=Hashable)
Thing = TypeVar("Thing")


class Sample(Generic[Key, Thing]):
    """At most so many things of each key. Which these are does not depend on the order in which they are offered.

    Args:
        most: Things of a key that are kept.
        seed: Seed of the order.

    Example:
        >>> sample = Sample(2, seed=0)
        >>> for number in range(9):
        ...     sample.offer("en", str(number), number)
        >>> sample.things()
        {'en': [8, 5]}
    """

    def __init__(self, most: int, seed: int) -> None:
        self.most, self.seed = most, seed
        self._kept: dict[Key, list[tuple[int, str, Thing]]] = {}

    def offer(self, key: Key, name: str, thing: Thing) -> None:
        """One more thing, by an id that no other thing of the key has."""
        kept = self._kept.setdefault(key, [])
        entry = (-derive(self.seed, "sample", name), name, thing)
        if len(kept) < self.most:
            heapq.heappush(kept, entry)
        elif entry[:2] > kept[0][:2]:
            heapq.heapreplace(kept, entry)

    def things(self) -> dict[Key, list[Thing]]:
        """By key what was kept, in the order of the draw."""
        return {key: [entry[2] for entry in sorted(kept, reverse=True)] for key, kept in self._kept.items()}

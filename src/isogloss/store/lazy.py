"""Sequences whose items are made when they are asked for."""

from __future__ import annotations

from abc import ABC, abstractmethod
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from itertools import accumulate
from typing import Generic, TypeVar, overload

Item = TypeVar("Item")


class Lazy(Sequence[Item], ABC, Generic[Item]):
    """A sequence that makes its items; whoever derives from it says how many there are, and makes one."""

    @abstractmethod
    def _make(self, place: int) -> Item:
        """The item at ``place``, from 0 to ``len(self) - 1``."""

    @overload
    def __getitem__(self, index: int) -> Item: ...

    @overload
    def __getitem__(self, index: slice) -> list[Item]: ...

    def __getitem__(self, index: int | slice) -> Item | list[Item]:
        """One item, or a list of several."""
        if isinstance(index, slice):
            return [self._make(place) for place in range(*index.indices(len(self)))]
        return self._make(range(len(self))[index])

    def __iter__(self) -> Iterator[Item]:
        """All of them, in order."""
        return map(self._make, range(len(self)))


class Concatenated(Lazy[Item]):
    """The items of several sequences, one sequence after the other.

    Args:
        parts: The sequences.

    Example:
        >>> Concatenated(["ab", "", "cde"])[2]
        'c'
    """

    def __init__(self, parts: Sequence[Sequence[Item]]) -> None:
        self._parts = parts
        self._starts = list(accumulate(map(len, parts), initial=0))

    def __len__(self) -> int:
        """Number of items of all of them."""
        return self._starts[-1]

    def _make(self, place: int) -> Item:
        part = bisect_right(self._starts, place) - 1
        return self._parts[part][place - self._starts[part]]

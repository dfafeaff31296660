"""Sequences whose items are made when they are asked for."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
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

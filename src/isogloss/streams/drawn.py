"""Batches of rows that are each drawn on their own, a pure function of (seed, k).

A row is drawn with replacement from (seed, source, number of the row): so a run can go on anywhere without walking
through what came before, and each rank draws just its own rows.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

import numpy as np

from isogloss.common.randomness import generator
from isogloss.protocols import Batch
from isogloss.streams.bucketed import require_no_empty_batch

Row = TypeVar("Row")


Draw = Callable[[np.random.Generator], Row]
"""Draws a row."""

DrawTogether = Callable[[np.random.Generator], Draw[Row]]
"""Draws what the rows of a micro-batch have in common, and says how each of them is drawn then."""


def independent(draw: Draw[Row]) -> DrawTogether[Row]:
    """Rows of a micro-batch that have nothing in common.

    Args:
        draw: Draws a row.
    """
    return lambda random: draw


class DrawnStream(Generic[Row]):
    """Batches of drawn rows, pure in (seed, k); implements `isogloss.protocols.Stream`.

    Args:
        together: Draws what the rows of a micro-batch have in common, the same on all ranks, and says how each of them
            is drawn then; see `independent`.
        collate: Makes a padded batch of rows.
        name: Name of the source, so that sources of one run differ.
        seed: Seed.
        batch_size: Rows in a global batch, over all ranks and micro-batches.
        rank: This process's number.
        world_size: Number of processes that share each global batch.
        accumulation: Micro-batches that a rank's slice is cut into.

    Raises:
        IsoglossError: There are fewer rows in a batch than ranks times micro-batches.
    """

    def __init__(
        self,
        together: DrawTogether[Row],
        collate: Callable[[Sequence[Row]], Batch],
        *,
        name: str,
        seed: int,
        batch_size: int,
        rank: int = 0,
        world_size: int = 1,
        accumulation: int = 1,
    ) -> None:
        require_no_empty_batch(batch_size, world_size, accumulation)
        self.together, self.collate, self.name, self.seed = together, collate, name, seed
        self.batch_size, self.rank, self.world_size, self.accumulation = batch_size, rank, world_size, accumulation

    def __call__(self, k: int) -> list[Batch]:
        """This rank's micro-batches of the k-th global batch."""
        mine = range(k * self.batch_size + self.rank, (k + 1) * self.batch_size, self.world_size)
        return [
            self._batch(self.together(generator(self.seed, "together", self.name, k, cut)), numbers.tolist())
            for cut, numbers in enumerate(np.array_split(np.asarray(mine), self.accumulation))
        ]

    def _batch(self, draw: Draw[Row], numbers: Sequence[int]) -> Batch:
        """The batch of the rows of some numbers."""
        return self.collate([draw(generator(self.seed, "row", self.name, number)) for number in numbers])

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


class DrawnStream(Generic[Row]):
    """Batches of drawn rows, pure in (seed, k); implements `isogloss.protocols.Stream`.

    Args:
        draw: Draws a row.
        collate: Makes a padded batch of rows.
        name: Name of the source, so that sources of one run differ.
        seed: Seed.
        batch_size: Rows in a global batch, over all ranks and micro-batches.
        rank: This process's number.
        world_size: Number of processes that share each global batch.
        accumulation: Micro-batches that a rank's slice is cut into.
        together: Draws what the rows of a micro-batch have in common, the same on all ranks, and says how each of them
            is drawn then; None: by ``draw``, with nothing in common.

    Raises:
        IsoglossError: There are fewer rows in a batch than ranks times micro-batches.
    """

    def __init__(
        self,
        draw: Draw[Row],
        collate: Callable[[Sequence[Row]], Batch],
        *,
        name: str,
        seed: int,
        batch_size: int,
        rank: int = 0,
        world_size: int = 1,
        accumulation: int = 1,
        together: Callable[[np.random.Generator], Draw[Row]] | None = None,
    ) -> None:
        require_no_empty_batch(batch_size, world_size, accumulation)
        self.draw, self.collate, self.name, self.seed = draw, collate, name, seed
        self.batch_size, self.rank, self.world_size, self.accumulation = batch_size, rank, world_size, accumulation
        self.together = together

    def __call__(self, k: int) -> list[Batch]:
        """This rank's micro-batches of the k-th global batch."""
        mine = range(k * self.batch_size + self.rank, (k + 1) * self.batch_size, self.world_size)
        return [
            self.collate([draw(generator(self.seed, "row", self.name, number)) for number in numbers.tolist()])
            for draw, numbers in zip(self._draws(k), np.array_split(np.asarray(mine), self.accumulation), strict=True)
        ]

    def _draws(self, k: int) -> list[Draw[Row]]:
        """How the rows of each micro-batch of the k-th global batch are drawn."""
        if self.together is None:
            return [self.draw] * self.accumulation
        return [self.together(generator(self.seed, "together", self.name, k, cut)) for cut in range(self.accumulation)]

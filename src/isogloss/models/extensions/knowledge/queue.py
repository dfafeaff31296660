"""A queue of vectors of descriptions that were seen before, and of their entities: candidates to be told apart."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import torch
from torch import Tensor

from isogloss.common.randomness import generator
from isogloss.models.extensions.attaching import Extension

QUEUE = "knowledge_queue"
"""The name under which it is attached to a model."""

NONE = -1
"""Entity of a row that stands for none."""


class CandidateQueue(Extension):
    """The last K vectors that came in, first in, first out; no gradient goes through them.

    Rows are written in a circle. Of more rows than K at once, the last K are kept, or as in the released code a random
    choice of K, the same in every process.

    Args:
        rows: K ≥ 0.
        size: Units d of a vector.
        random: Whether the queue begins with random vectors, as the released code has it, which count as wrong
            candidates until others take their places, and keeps a random choice; else it begins empty.
        seed: Seed of these.

    Example:
        >>> queue = CandidateQueue(3, 1)
        >>> for number in (1.0, 2.0, 3.0, 4.0):
        ...     queue.push(torch.tensor([[number]]), torch.tensor([int(number)]))
        >>> queue.vectors[:, 0].tolist(), queue.entities.tolist(), queue.next.item()
        ([4.0, 2.0, 3.0], [4, 2, 3], 1)
    """

    kind: ClassVar[str] = "knowledge_queue"
    changes_outputs: ClassVar[bool] = False

    vectors: Tensor
    entities: Tensor
    used: Tensor
    next: Tensor

    def __init__(self, rows: int, size: int, *, random: bool = False, seed: int = 0) -> None:
        super().__init__()
        self.rows, self.size, self.random, self.seed = rows, size, random, seed
        start = torch.zeros(rows, size)
        if random:
            start = torch.randn(rows, size, generator=torch.Generator().manual_seed(seed)) / size**0.5
        self.register_buffer("vectors", start)  # [K, d]
        self.register_buffer("entities", torch.full((rows,), NONE, dtype=torch.int64))  # [K]
        self.register_buffer("used", torch.full((rows,), random))  # [K]
        self.register_buffer("next", torch.zeros((), dtype=torch.int64))

    def settings(self) -> Mapping[str, Any]:
        """Its size and how it begins."""
        return {"rows": self.rows, "size": self.size, "random": self.random}

    @property
    def bytes_per_thousand(self) -> int:
        """Memory of a thousand rows, in bytes."""
        return 1000 * (self.size * self.vectors.element_size() + self.entities.element_size() + 1)

    @torch.no_grad()
    def push(self, vectors: Tensor, entities: Tensor) -> None:
        """Add vectors ``[n, d]`` of entities ``[n]``; the oldest make room."""
        if not self.rows:
            return
        if len(vectors) > self.rows:
            kept = self._kept(len(vectors), vectors.device)
            vectors, entities = vectors[kept], entities[kept]
        places = (self.next + torch.arange(len(vectors), device=self.next.device)) % self.rows
        self.vectors[places] = vectors.detach().to(self.vectors)
        self.entities[places] = entities
        self.used[places] = True
        self.next.copy_((self.next + len(vectors)) % self.rows)

    def _kept(self, number: int, device: torch.device) -> Tensor:
        if not self.random:
            return torch.arange(number - self.rows, number, device=device)
        drawn = generator(self.seed, "kept", int(self.next), number).permutation(number)[: self.rows]
        return torch.from_numpy(drawn).to(device)

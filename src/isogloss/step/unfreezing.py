"""What may move."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Always:
    """The same groups in every step; what is in none of them never moves.

    Args:
        groups: Names of the open groups.
    """

    groups: frozenset[Hashable]

    def __call__(self, step: int) -> frozenset[Hashable]:
        """The open groups of step ``step``."""
        return self.groups

"""What the loss is."""

from __future__ import annotations

from isogloss.objectives.supervised import Supervised

__all__ = ["Supervised"]

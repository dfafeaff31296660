"""What lets the two texts of a pair meet inside an encoder, whichever it is."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import ClassVar

from torch import Tensor, nn

from isogloss.models.extensions.attaching import Extension, extensions_of


class Pairing(Extension):
    """An extension in which texts meet; outside `pairs` the model computes what it computes without it.

    Attributes:
        both_predict: Whether the prediction for a pair is the mean of both texts' logits, where a text has one; else it
            is the first one's.
        places: The length that texts of pairs are padded to; None: that of the longest of a batch.
    """

    both_predict: ClassVar[bool]
    places: int | None = None

    def __init__(self) -> None:
        super().__init__()
        self._real: Tensor | None = None

    @contextmanager
    def pairs(self, real: Tensor) -> Iterator[None]:
        """Inside, the model is given 2b texts, of which text i meets text b + i.

        Args:
            real: Which places are no padding ``[2b, s]``.
        """
        self._real = real.bool()
        try:
            yield
        finally:
            self._real = None


def pairing_of(model: nn.Module) -> Pairing | None:
    """The module of a model in which texts meet, if it has one."""
    return next((found for found in extensions_of(model).values() if isinstance(found, Pairing)), None)

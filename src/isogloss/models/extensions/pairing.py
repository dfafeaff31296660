"""What lets the two texts of a pair meet inside an encoder, whichever it is."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Protocol

from torch import Tensor, nn

from isogloss.models.extensions.fusion import fusion_of
from isogloss.models.extensions.mixing import mixing_of


class Pairing(Protocol):
    """A module in which texts meet."""

    @property
    def both_predict(self) -> bool:
        """Whether the prediction for a pair is the mean of both texts' logits."""

    def pairs(self, real: Tensor) -> AbstractContextManager[None]:
        """Inside, the model is given 2b texts, of which text i meets text b + i; ``real``: no padding ``[2b, s]``."""


def pairing_of(model: nn.Module) -> Pairing | None:
    """The module of a model in which texts meet, if it has one."""
    return mixing_of(model) or fusion_of(model)

"""Inner products of long vectors, at the speed of memory and without the rounding of a long sum."""

from __future__ import annotations

import torch
from torch import Tensor

_PIECE = {"cpu": 2**16}
"""Longest vectors that are multiplied in one call. A CPU adds them up one after the other, in the precision of the
vectors, so that over millions the error would show in small cosines; accelerators add in trees."""


def dot(left: Tensor, right: Tensor) -> Tensor:
    """<left, right>: pieces in the vectors' precision, float32 at least, and their sum in float64.

    Args:
        left: A vector ``[n]``.
        right: A vector ``[n]``, on the same device.

    Returns:
        A float64 scalar on that device.
    """
    piece = _PIECE.get(left.device.type, 2**24)
    precise = torch.promote_types(left.dtype, torch.float32)
    pairs = zip(_pieces(left, piece), _pieces(right, piece), strict=True)
    return torch.stack([torch.dot(a.to(precise), b.to(precise)) for a, b in pairs]).sum(dtype=torch.float64)


def _pieces(vector: Tensor, length: int) -> tuple[Tensor, ...]:
    pieces: tuple[Tensor, ...] = torch.split(vector, length)
    return pieces

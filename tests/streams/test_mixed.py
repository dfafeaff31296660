"""Batches to be mixed: partners of the same batch, and one share for a batch, whatever cuts it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
import torch

from isogloss.protocols import Batch, Feature
from isogloss.streams.bucketed import Examples
from isogloss.streams.mixed import SharedStream, ShuffledStream, beta_shares

FEATURES = [Feature({"input_ids": [5] * (1 + n % 4)}, None, "en", n) for n in range(23)]


def _collate(features: Sequence[Feature]) -> Batch:
    return Batch({"ids": torch.tensor([one.example for one in features])}, None, ("en",) * len(features))


def _stream(**cut: Any) -> SharedStream:
    pairs = ShuffledStream([FEATURES], Examples([23], seed=4, name="all"), batch_size=6, collate=_collate, **cut)
    return SharedStream(pairs, beta_shares(2.0, 4, "all"), "share")


def _pairs(batches: list[Batch]) -> set[tuple[int, int, float]]:
    found = set()
    for batch in batches:
        assert batch.beside is not None
        rows = batch.inputs["ids"], batch.beside.inputs["ids"], batch.extras["share"]
        found |= set(zip(*(row.tolist() for row in rows), strict=True))
    return found


@pytest.mark.parametrize("k", [0, 3, 50])
def test_partners_are_the_batch_in_another_order_however_it_is_cut(k: int):
    whole = _pairs(_stream()(k))
    assert {first for first, _, _ in whole} == {second for _, second, _ in whole}
    assert len(whole) == 6
    ranks = [_stream(rank=rank, world_size=2, accumulation=2)(k) for rank in range(2)]
    assert set.union(*map(_pairs, ranks)) == whole


def test_other_batches_have_other_partners_and_shares():
    shares = [_stream()(k)[0].extras["share"][0].item() for k in range(200)]
    assert len(set(shares)) == 200
    assert any(first != second for first, second, _ in _pairs(_stream()(0)))


def test_shares_are_drawn_from_beta():
    """Beta(α, α) has mean 1/2 and variance 1 / (4 (2α + 1))."""
    for alpha in (1.0, 2.0):
        share = beta_shares(alpha, 0, "all")
        drawn = np.array([share(k) for k in range(4000)])
        assert abs(drawn.mean() - 0.5) < 0.02
        assert abs(drawn.var() * 4 * (2 * alpha + 1) - 1) < 0.1

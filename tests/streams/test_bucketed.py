from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np
import pytest
import torch

from isogloss.common.errors import IsoglossError
from isogloss.common.shares import shares
from isogloss.protocols import Batch, Feature
from isogloss.streams.bucketed import WINDOW, BucketedStream, Examples


def features_of(lengths: np.ndarray) -> list[Feature]:
    """Features whose first sub-word is their own index."""
    return [
        Feature({"input_ids": [index] + [0] * (int(length) - 1)}, None, "en", index)
        for index, length in enumerate(lengths)
    ]


def collate(features: Sequence[Feature]):
    ids = torch.tensor([feature.inputs["input_ids"][0] for feature in features])
    return Batch({"ids": ids, "lengths": torch.tensor([len(f) for f in features])}, None, ("en",) * len(features))


def stream_of(
    number: int,
    *,
    lengths: np.ndarray | None = None,
    seed: int = 0,
    name: str = "en",
    batch_size: int = 4,
    temperature: float = 1.0,
    sizes: list[int] | None = None,
    **slices: int,
) -> BucketedStream:
    examples = Examples(sizes or [number], temperature=temperature, seed=seed, name=name)
    lengths = np.ones(number) if lengths is None else lengths
    features = features_of(lengths)
    ends = np.cumsum(sizes or [number]).tolist()
    groups = [features[start:end] for start, end in zip([0, *ends], ends, strict=False)]
    return BucketedStream(groups, examples, batch_size=batch_size, collate=collate, **slices)


def ids(batches: list[Batch]):
    return [index for batch in batches for index in batch.inputs["ids"].tolist()]


@pytest.mark.parametrize("sizes", [[1], [7], [64], [5, 1, 30], [20_000, 100, 3]])
def test_an_epoch_holds_every_example_once(sizes: list[int]):
    examples = Examples(sizes, seed=1, name="x")
    for epoch in (0, 1, 5):
        found = examples.take(epoch * sum(sizes), (epoch + 1) * sum(sizes))
        assert sorted(found) == list(range(sum(sizes)))


def test_epochs_differ_in_order():
    examples = Examples([100], seed=1, name="x")
    assert examples.take(0, 100).tolist() != examples.take(100, 200).tolist()


@pytest.mark.parametrize("number", [256, 37, 1])
def test_batches_see_all_examples_equally_often(number: int):
    stream = stream_of(number, batch_size=8, lengths=np.random.default_rng(0).integers(1, 50, number))
    seen = Counter(index for k in range(2 * WINDOW) for index in stream.indices(k).tolist())
    assert set(seen) == set(range(number))
    assert max(seen.values()) - min(seen.values()) <= 1
    if number == 256:  # an epoch is a window here
        assert sorted(index for k in range(WINDOW) for index in stream.indices(k).tolist()) == list(range(number))


@pytest.mark.parametrize(("number", "batch_size"), [(100, 16), (3, 16), (1, 2)])
def test_all_batches_are_full(number: int, batch_size: int):
    stream = stream_of(number, batch_size=batch_size)
    assert {len(ids(stream(k))) for k in range(70)} == {batch_size}


def test_batches_do_not_depend_on_those_before():
    lengths = np.random.default_rng(3).integers(1, 90, 333)
    walked = stream_of(333, lengths=lengths, batch_size=16, sizes=[300, 33], temperature=3.0)
    forward = [ids(walked(k)) for k in range(90)]
    for k in np.random.default_rng(4).permutation(90).tolist():
        assert ids(walked(k)) == forward[k]
    fresh = stream_of(333, lengths=lengths, batch_size=16, sizes=[300, 33], temperature=3.0)
    assert ids(fresh(71)) == forward[71]


def test_seeds_and_names_shuffle_differently():
    orders = [[ids(stream_of(50, seed=seed, name=name)(k)) for k in range(5)] for seed, name in [(0, "en"), (1, "en")]]
    orders.append([ids(stream_of(50, seed=0, name="de")(k)) for k in range(5)])
    assert orders[0] != orders[1] != orders[2] != orders[0]


@pytest.mark.parametrize("world_size", [1, 2, 3])
@pytest.mark.parametrize("accumulation", [1, 2, 4])
def test_ranks_and_micro_batches_cut_the_global_batch(world_size: int, accumulation: int):
    lengths = np.random.default_rng(5).integers(1, 60, 200)
    shape = {"batch_size": 14, "world_size": world_size, "accumulation": accumulation}
    whole = stream_of(200, lengths=lengths, batch_size=14)
    ranks = [stream_of(200, lengths=lengths, rank=rank, **shape) for rank in range(world_size)]
    for k in (0, 1, 40):
        slices = [stream(k) for stream in ranks]
        assert Counter(index for batches in slices for index in ids(batches)) == Counter(ids(whole(k)))
        for batches in slices:
            assert len(batches) == accumulation and min(len(batch) for batch in batches) >= 1
        sizes = [len(ids(batches)) for batches in slices]
        assert max(sizes) - min(sizes) <= 1


def test_cutting_changes_neither_order_nor_choice_of_examples():
    one, four = stream_of(100, batch_size=12), stream_of(100, batch_size=12, accumulation=4)
    assert ids(one(3)) == ids(four(3))
    assert [len(batch) for batch in four(3)] == [3, 3, 3, 3]


def test_little_padding():
    random = np.random.default_rng(6)
    lengths = np.minimum(random.lognormal(3, 0.8, 2_000).astype(int) + 3, 256)

    def waste(batches: list[np.ndarray]):
        padded = sum(len(batch) * lengths[batch].max() for batch in batches)
        return 1 - sum(lengths[batch].sum() for batch in batches) / padded

    stream = stream_of(2_000, lengths=lengths, batch_size=16)
    bucketed = waste([stream.indices(k) for k in range(120)])
    shuffled = waste([random.permutation(2_000)[:16] for _ in range(120)])
    assert 3 * bucketed < shuffled


def test_ranks_pad_alike():
    lengths = np.random.default_rng(7).integers(1, 200, 500)
    ranks = [stream_of(500, lengths=lengths, batch_size=32, rank=rank, world_size=2) for rank in (0, 1)]
    for k in range(20):
        left, right = (stream(k)[0].inputs["lengths"].double().mean() for stream in ranks)
        assert abs(left - right) < 5


@pytest.mark.parametrize("temperature", [1.0, 2.0, float("inf")])
def test_each_group_fills_its_share_of_an_epoch(temperature: float):
    sizes = [900, 90, 10]
    examples = Examples(sizes, temperature=temperature, seed=0, name="all")
    borders = np.cumsum(sizes)
    for epoch in range(3):
        found = examples.take(epoch * 1000, (epoch + 1) * 1000)
        counts = np.bincount(np.searchsorted(borders, found, side="right"), minlength=3)
        assert counts.sum() == 1000
        assert np.abs(counts - 1000 * shares(sizes, temperature)).max() < 1


def test_within_a_group_examples_come_equally_often():
    examples = Examples([900, 90, 10], temperature=2.0, seed=0, name="all")
    seen = np.bincount(examples.take(0, 7_000), minlength=1000)
    for group in (seen[:900], seen[900:990], seen[990:]):
        assert group.max() - group.min() <= 1


def test_batches_too_small_to_be_cut():
    with pytest.raises(IsoglossError, match=r"gradient_accumulation_steps = 2 x 4, found 7"):
        stream_of(100, batch_size=7, world_size=2, accumulation=4)


def test_features_must_match_the_examples():
    with pytest.raises(IsoglossError, match="source 'en': 2 features for 3 examples"):
        stream_of(2, sizes=[3])


@pytest.mark.parametrize("sizes", [[], [0], [3, 0]])
def test_sources_without_examples(sizes: list[int]):
    with pytest.raises(IsoglossError, match="at least one example"):
        Examples(sizes, seed=0, name="en")


@pytest.mark.parametrize(("size", "batch_size"), [(64, 16), (100, 16), (701, 32), (900, 16)])
def test_a_small_source_does_not_repeat_itself_within_a_batch(size: int, batch_size: int):
    lengths = np.random.default_rng(0).integers(5, 60, size)
    features = [Feature({"input_ids": [0] * length}, None, "en", index) for index, length in enumerate(lengths)]
    stream = BucketedStream(
        [features], Examples([size], seed=0, name="en"), batch_size=batch_size, collate=lambda features: features
    )
    distinct = [len(set(stream.indices(k).tolist())) for k in range(300)]
    assert np.mean(distinct) > 0.99 * batch_size
    # An epoch, up to the end of its last window, shows every sentence.
    window = min(WINDOW, size // batch_size)
    batches = -(-size // (window * batch_size)) * window
    assert {index for k in range(batches) for index in stream.indices(k).tolist()} == set(range(size))

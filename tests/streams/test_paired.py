"""Pairs are drawn and cut as single examples are, are never torn apart, and their coin falls alike for all."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as some
from torch.nn.utils.rnn import pad_sequence

from isogloss.common.errors import IsoglossError
from isogloss.protocols import Batch, Feature
from isogloss.run.ledger import Ledger
from isogloss.store.features import read_features, write_features
from isogloss.streams.bucketed import BucketedStream, Examples
from isogloss.streams.paired import PairedStream, always, partners_by_example

Share = Callable[[int], float]
Pair = tuple[int, int, str]


def features_of(lengths: Sequence[int], language: str) -> list[Feature]:
    """Features whose first sub-word says which pair they are of; padding is 0."""
    return [Feature({"input_ids": [n + 1, *[1] * (s - 1)]}, None, language, n) for n, s in enumerate(lengths)]


def collate(features: Sequence[Feature]) -> Batch:
    ids = pad_sequence([torch.tensor(feature.inputs["input_ids"]) for feature in features], batch_first=True)
    inputs = {"input_ids": ids, "attention_mask": (ids != 0).long()}
    return Batch(inputs, None, tuple(feature.language for feature in features))


def lengths_of(number: int, seed: int = 0) -> list[int]:
    return np.random.default_rng(seed).integers(1, 60, number).tolist()


def cut(items: list[Feature], sizes: Sequence[int]) -> list[list[Feature]]:
    ends = np.cumsum(sizes).tolist()
    return [items[start:end] for start, end in zip([0, *ends], ends, strict=False)]


def stream_of(
    number: int = 50,
    *,
    seed: int = 0,
    name: str = "de",
    batch_size: int = 4,
    sizes: list[int] | None = None,
    lengths: tuple[Sequence[int], Sequence[int], Sequence[int]] | None = None,
    share: Share | None = None,
    original: str | None = None,
    **slices: int,
) -> PairedStream:
    """Pairs of German and, where the coin says so, gold English; else translated English."""
    sizes = sizes or [number]
    german, gold, translated = lengths or (lengths_of(number, 1), lengths_of(number, 2), lengths_of(number, 3))
    return PairedStream(
        cut(features_of(german, "de"), sizes),
        cut(features_of(gold, "gold"), sizes),
        Examples(sizes, temperature=2.0, seed=seed, name=name),
        batch_size=batch_size,
        collate=collate,
        collate_beside=collate,
        instead=None if share is None else cut(features_of(translated, "translated"), sizes),
        share=share or always,
        original=original,
        **slices,
    )


def pairs(batches: Sequence[Batch]) -> list[Pair]:
    """Both halves of each pair by the pair they are of, and where the second one is from."""
    found = []
    for batch in batches:
        assert batch.beside is not None
        halves = (half.inputs["input_ids"][:, 0].tolist() for half in (batch, batch.beside))
        found += zip(*halves, batch.beside.languages, strict=True)
        assert set(batch.languages) == {"de"}
    return found


@settings(max_examples=25, deadline=None, database=None, derandomize=True)
@given(some.integers(1, 60), some.integers(1, 9), some.integers(0, 3), some.integers(0, 80), some.floats(0, 1))
def test_a_batch_is_a_function_of_seed_and_number(number: int, batch_size: int, seed: int, k: int, p: float):
    shape = {"seed": seed, "batch_size": batch_size}
    walked, fresh = (stream_of(number, share=lambda k: p, **shape) for _ in range(2))
    for other in (k + 40, 0, k + 1):
        walked(other)
    assert pairs(walked(k)) == pairs(fresh(k))
    assert len(pairs(fresh(k))) == batch_size


@settings(max_examples=25, deadline=None, database=None, derandomize=True)
@given(some.integers(1, 3), some.integers(1, 4), some.integers(0, 5), some.integers(0, 60), some.floats(0, 1))
def test_ranks_and_micro_batches_cut_the_global_batch(world_size: int, cuts: int, more: int, k: int, p: float):
    shape = {"batch_size": world_size * cuts + more}
    whole = pairs(stream_of(share=lambda k: p, **shape)(k))
    ranks = [
        stream_of(share=lambda k: p, rank=rank, world_size=world_size, accumulation=cuts, **shape)(k)
        for rank in range(world_size)
    ]
    assert all(len(batches) == cuts and all(map(len, batches)) for batches in ranks)
    # The same pairs with the same second halves: every coin fell as it did for one process.
    assert Counter(pair for batches in ranks for pair in pairs(batches)) == Counter(whole)


@pytest.mark.parametrize("share", [None, lambda k: 0.5])
def test_every_pair_comes_once_per_epoch_and_is_never_torn_apart(share: Share | None):
    stream = stream_of(64, batch_size=8, share=share)
    for epoch in range(2):
        seen = [pair for k in range(8 * epoch, 8 * epoch + 8) for pair in pairs(stream(k))]
        assert all(first == second for first, second, _ in seen)
        assert sorted(first for first, *_ in seen) == list(range(1, 65))


def test_groups_are_paired_with_their_own():
    stream = stream_of(60, sizes=[45, 12, 3], share=lambda k: 0.5)
    seen = [pair for k in range(60) for pair in pairs(stream(k))]
    assert all(first == second for first, second, _ in seen)
    assert {first for first, *_ in seen} == set(range(1, 61))


def test_pairs_are_drawn_as_single_examples_are():
    lengths = lengths_of(300)
    paired = stream_of(300, batch_size=16, lengths=(lengths, lengths, lengths))
    examples = Examples([300], temperature=2.0, seed=0, name="de")
    alone = BucketedStream([features_of(lengths, "de")], examples, batch_size=16, collate=collate)
    for k in (0, 7, 40):
        assert paired.indices(k).tolist() == alone.indices(k).tolist()
        assert torch.equal(paired(k)[0].inputs["input_ids"], alone(k)[0].inputs["input_ids"])


def heads(stream: PairedStream, batches: int) -> list[list[bool]]:
    """Per batch whether each pair has its gold half."""
    return [[where == "gold" for *_, where in pairs(stream(k))] for k in range(batches)]


def test_share_0_and_1_are_exact():
    for p in (0, 1):
        tosses = heads(stream_of(share=lambda k, p=p: p), 50)
        assert {toss for batch in tosses for toss in batch} == {bool(p)}
    assert {toss for batch in heads(stream_of(), 50) for toss in batch} == {True}


@pytest.mark.parametrize("p", [0.1, 0.5, 0.9])
def test_the_share_of_tosses_is_near_p(p: float):
    tosses = np.concatenate(heads(stream_of(200, batch_size=20, share=lambda k: p), 200))
    assert abs(tosses.mean() - p) < 4 * np.sqrt(p * (1 - p) / len(tosses))


def test_each_coming_of_a_pair_has_a_toss_of_its_own():
    stream = stream_of(64, batch_size=8, share=lambda k: 0.5)
    epochs = [dict(pair[1:] for k in range(8 * e, 8 * e + 8) for pair in pairs(stream(k))) for e in range(2)]
    same = np.mean([epochs[0][number] == epochs[1][number] for number in epochs[0]])
    assert 0.3 < same < 0.7


def test_seeds_and_names_toss_differently_and_batch_sizes_alike():
    def in_sequence(**shape: int | str) -> list[bool]:
        stream = stream_of(64, share=lambda k: 0.5, **shape)
        places = [place for k in range(64) for place in stream.buckets.drawn(k)[:, 0].tolist()]
        return [toss for _, toss in sorted(zip(places, np.concatenate(heads(stream, 64)), strict=True))][:64]

    ways = [{}, {"seed": 1}, {"name": "fr"}]
    tosses = [in_sequence(batch_size=8, **way) for way in ways]
    assert tosses[0] != tosses[1] != tosses[2] != tosses[0]
    assert tosses == [in_sequence(batch_size=4, **way) for way in ways]


def test_the_share_follows_the_number_of_the_batch():
    tosses = heads(stream_of(share=lambda k: float(k >= 5)), 10)
    assert [set(batch) for batch in tosses] == [{False}] * 5 + [{True}] * 5
    # A larger share takes all that a smaller one takes.
    small, large = (np.array(heads(stream_of(share=lambda k, p=p: p), 40)) for p in (0.3, 0.6))
    assert (large | ~small).all() and (large & ~small).any()


@pytest.mark.parametrize("p", [-0.1, 1.5, float("nan")])
def test_a_share_that_is_no_probability(p: float):
    with pytest.raises(IsoglossError, match=rf"source 'de': share must be in \[0, 1\], found {p} for batch 3"):
        stream_of(share=lambda k: p)(3)


def test_the_coin_changes_no_order():
    streams = [stream_of(share=lambda k, p=p: p) for p in (0.0, 0.4, 1.0)]
    assert len({str([stream.indices(k).tolist() for k in range(40)]) for stream in streams}) == 1


def test_the_longest_of_a_pair_is_padded_little():
    random = np.random.default_rng(6)
    lengths = [np.minimum(random.lognormal(3, 0.8, 2_000).astype(int) + 3, 256).tolist() for _ in range(3)]

    def waste(batches: Sequence[np.ndarray]) -> float:
        longest = np.max(lengths, axis=0)
        return 1 - sum(longest[own].sum() for own in batches) / sum(len(own) * longest[own].max() for own in batches)

    stream = stream_of(2_000, batch_size=16, lengths=tuple(lengths), share=lambda k: 0.5)
    bucketed = waste([stream.indices(k) for k in range(120)])
    shuffled = waste([random.permutation(2_000)[:16] for _ in range(120)])
    assert 3 * bucketed < shuffled


def test_each_half_is_padded_for_itself_by_its_own_collation():
    two, three = features_of([2, 1], "de"), features_of([3, 5], "gold")
    stream = PairedStream(
        [two],
        [three],
        Examples([2], seed=0, name="de"),
        batch_size=2,
        collate=collate,
        collate_beside=lambda features: replace(collate(features), labels=torch.tensor([7, 8])),
    )
    (batch,) = stream(0)
    assert batch.beside is not None
    assert (batch.inputs["input_ids"].shape, batch.beside.inputs["input_ids"].shape) == ((2, 2), (2, 5))
    assert batch.labels is None and batch.beside.labels is not None
    assert (len(batch), batch.languages, batch.beside.languages) == (2, ("de", "de"), ("gold", "gold"))


@pytest.mark.parametrize("p", [0.0, 1.0])
def test_the_mask_of_the_original_comes_along(p: float):
    gold = lengths_of(50, 2)
    for batch in stream_of(share=lambda k: p, original="mask")(3):
        assert batch.beside is not None
        which = (batch.inputs["input_ids"][:, 0] - 1).tolist()
        assert batch.beside.extras["mask"].sum(dim=1).tolist() == [gold[pair] for pair in which]
        assert torch.equal(batch.beside.extras["mask"], batch.beside.inputs["attention_mask"]) == (p == 1)
    (batch, *_) = stream_of(original="mask")(3)  # nothing comes instead
    assert batch.beside is not None and not batch.beside.extras


def test_an_example_without_a_partner():
    def paired(beside: list[list[Feature]], instead: list[list[Feature]] | None = None) -> PairedStream:
        groups = [features_of([1, 1], "de"), features_of([1, 1, 1], "fr")]
        examples = Examples([2, 3], seed=0, name="all")
        return PairedStream(
            groups, beside, examples, batch_size=1, collate=collate, collate_beside=collate, instead=instead
        )

    two, three = features_of([1, 1], "en"), features_of([1, 1, 1], "en")
    paired([two, three], [two, three])
    missing = (
        r"source 'all': every example needs a partner, but example 2 \(from 0\) of group 1 has none: found 2 for 3"
    )
    with pytest.raises(IsoglossError, match=missing):
        paired([two, two])
    with pytest.raises(IsoglossError, match=missing):
        paired([two, three], [two, two])
    with pytest.raises(IsoglossError, match="3 partners for 2 examples of group 0"):
        paired([three, three])
    with pytest.raises(IsoglossError, match="2 groups need as many beside them, found 1"):
        paired([two])


def test_partners_are_found_by_example(tmp_path: Path):
    def pieces(language: str, examples: Sequence[int]) -> list[Feature]:
        return [
            Feature({"input_ids": [place] * (place + 1)}, None, language, example)
            for place, example in enumerate(examples)
        ]

    # A piece has the piece of the same number beside it, or the last one where there are fewer.
    wanted, others = pieces("de", [0, 2, 2, 2, 5]), pieces("en", [5, 1, 2, 2, 0])
    write_features(tmp_path, [others[:2], others[2:]], "en", dict)
    for known in (others, read_features(tmp_path)[0]):
        found = partners_by_example(wanted, known, "de")
        assert [feature.inputs["input_ids"][0] for feature in found] == [4, 2, 3, 3, 0]
        assert [feature.example for feature in found] == [feature.example for feature in wanted]
        assert found.lengths.tolist() == [len(feature) for feature in found]
    with pytest.raises(
        IsoglossError, match="'de': every example needs a partner, but 2 of 3 have none, first example 7"
    ):
        partners_by_example(pieces("de", [7, 2, 9]), others, "de")


def test_too_few_pairs_to_be_cut():
    with pytest.raises(IsoglossError, match="2 x 4, found 7"):
        stream_of(batch_size=7, world_size=2, accumulation=4)


def test_a_batch_moves_with_all_that_is_in_it():
    (alone,) = stream_of()(0)
    inner = replace(alone, beside=None, labels=torch.ones(4), extras={"anchors": torch.ones(4, 2)})
    moved = replace(inner, beside=inner).to(torch.device("meta"))
    assert moved.beside is not None and moved.beside.beside is None
    for half in (moved, moved.beside):
        assert half.labels is not None
        tensors = [*half.inputs.values(), half.labels, half.extras["anchors"]]
        assert [tensor.device.type for tensor in tensors] == ["meta"] * 4
        assert half.languages == inner.languages
    assert len(moved) == 4


def test_the_ledger_counts_both_halves():
    ledger, batches = Ledger(), stream_of(batch_size=6, accumulation=2)(0)
    ledger.count(batches)
    cost = ledger.read()
    halves = [half for batch in batches for half in (batch, batch.beside)]
    assert (cost["samples"], cost["passes"]) == (12, 2)
    assert cost["subwords"] == sum(int(half.inputs["attention_mask"].sum()) for half in halves)
    assert cost["padded_subwords"] == sum(half.inputs["input_ids"].numel() for half in halves)

from __future__ import annotations

import math
from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from isogloss.common.errors import IsoglossError
from isogloss.common.shares import shares
from isogloss.protocols import Sampler
from isogloss.step.sampling import Blocks, Joint, Permuted, RoundRobin, Temperature

NAMES = ("en", "de", "sw", "yo")
SIZES = (20_000, 5_000, 1_000, 100)

training_sizes = st.lists(st.integers(1, 10**7), min_size=1, max_size=8)


@pytest.mark.parametrize(
    "sampler",
    [
        Joint(NAMES),
        RoundRobin(NAMES),
        Temperature(NAMES, SIZES, 2.0, seed=3),
        Permuted(NAMES, seed=2),
        Permuted(NAMES, 3, seed=2),
        Blocks(RoundRobin(NAMES), 7),
        Blocks(Temperature(NAMES, SIZES, 5.0, seed=4), 3),
    ],
)
def test_a_step_is_the_same_in_whatever_order_steps_are_asked_for(sampler: Sampler):
    forward = [sampler(step) for step in range(60)]
    order = np.random.default_rng(0).permutation(60).tolist()
    again = {step: sampler(step) for step in order}
    assert forward == [again[step] for step in range(60)]
    assert all(name in NAMES for names in forward for name in names)


def test_every_step_of_joint_sees_all():
    assert Joint(NAMES)(5) == NAMES


def test_round_robin_takes_turns():
    assert [RoundRobin(("a", "b"))(step) for step in range(5)] == [("a",), ("b",), ("a",), ("b",), ("a",)]


def test_blocks_hold_a_choice():
    steps = [Blocks(RoundRobin(("a", "b")), 3)(step)[0] for step in range(8)]
    assert "".join(steps) == "aaabbbaa"


@pytest.mark.parametrize("length", [1, 3, 4])
def test_a_pass_takes_no_source_twice_and_all_equally_often(length: int):
    sampler = Permuted(NAMES, length, seed=6)
    passes = [tuple(sampler(turn * length + place)[0] for place in range(length)) for turn in range(900)]
    assert all(len(set(names)) == length for names in passes)
    # Every sequence of distinct sources comes as often as every other.
    assert len(set(passes)) == math.perm(4, length)
    assert stats.chisquare(list(Counter(passes).values())).pvalue > 0.01


def test_a_pass_is_no_longer_than_there_are_sources():
    assert [len({Permuted(NAMES)(step) for step in range(start, start + 4)}) for start in (0, 4, 8)] == [4, 4, 4]
    for length in (0, 5):
        with pytest.raises(IsoglossError, match=f"length must be 1 to 4, found {length}"):
            Permuted(NAMES, length)


@pytest.mark.parametrize("temperature", [1.0, 2.0, 5.0, math.inf])
def test_sources_come_as_often_as_they_should(temperature: float):
    sampler = Temperature(NAMES, SIZES, temperature, seed=11)
    seen = Counter(sampler(step)[0] for step in range(4_000))
    expected = 4_000 * shares(SIZES, temperature)
    assert stats.chisquare([seen[name] for name in NAMES], expected).pvalue > 0.01


def test_steps_are_independent_of_each_other():
    sampler = Temperature(("a", "b"), (1, 1), seed=5)
    pairs = Counter(sampler(step) + sampler(step + 1) for step in range(2_000))
    assert stats.chisquare(list(pairs.values())).pvalue > 0.01 and len(pairs) == 4


def test_another_seed_draws_another_sequence():
    one, other = (Temperature(NAMES, SIZES, 5.0, seed=seed) for seed in (0, 1))
    assert [one(step) for step in range(50)] != [other(step) for step in range(50)]


@given(training_sizes, st.floats(0.1, 100))
def test_shares_are_those_of_the_formula(sizes: list[int], temperature: float):
    weights = np.array([float(size) / max(sizes) for size in sizes]) ** (1 / temperature)
    assert shares(sizes, temperature) == pytest.approx(weights / weights.sum(), rel=1e-9, abs=1e-300)
    assert shares(sizes, temperature).sum() == pytest.approx(1)


@given(training_sizes)
def test_limits_of_the_temperature(sizes: list[int]):
    assert shares(sizes, 1.0) == pytest.approx(np.array(sizes) / sum(sizes))
    assert shares(sizes, math.inf) == pytest.approx(np.full(len(sizes), 1 / len(sizes)))
    largest = np.array(sizes) == max(sizes)
    assert shares(sizes, 5e-324) == pytest.approx(largest / largest.sum())


@pytest.mark.parametrize("temperature", [0.0, -1.0, math.nan])
def test_temperature_must_be_positive(temperature: float):
    with pytest.raises(IsoglossError, match="temperature must be positive, found"):
        Temperature(NAMES, SIZES, temperature)


@pytest.mark.parametrize("sizes", [(), (3, 0), (-1,)])
def test_sources_need_examples(sizes: tuple[int, ...]):
    with pytest.raises(IsoglossError, match="at least one example"):
        shares(sizes, 1.0)


def test_names_and_sizes_must_match():
    with pytest.raises(IsoglossError, match="2 names, 3 sizes"):
        Temperature(("a", "b"), (1, 2, 3))


def test_blocks_need_a_length():
    with pytest.raises(IsoglossError, match="at least 1, found 0"):
        Blocks(RoundRobin(NAMES), 0)

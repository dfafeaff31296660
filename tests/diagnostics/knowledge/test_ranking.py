"""Ranks, accuracy@1, MRR and chance as computed by hand."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from isogloss.common.errors import IsoglossError
from isogloss.diagnostics.knowledge.finding import Finding
from isogloss.diagnostics.knowledge.ranking import Ranked, rank, rank_by_frequency
from isogloss.diagnostics.knowledge.sample import Sample

# Directions at 0, 30, 60 and 90 degrees, of whatever length.
ANGLES = torch.tensor([0.0, 30.0, 60.0, 90.0]) * torch.pi / 180
CANDIDATES = torch.stack([torch.cos(ANGLES), torch.sin(ANGLES)], dim=1) * torch.tensor([[1.0], [5.0], [0.1], [2.0]])


def at(*degrees: float) -> torch.Tensor:
    angles = torch.tensor(degrees) * torch.pi / 180
    return torch.stack([torch.cos(angles), torch.sin(angles)], dim=1)


def test_ranks_by_hand():
    # 10 degrees: nearest are 0, 30, 60, 90. 50 degrees: 60, 30, 90, 0. 80 degrees: 90, 60, 30, 0.
    ranked = rank(at(10, 50, 80), CANDIDATES, [1, 0, 3], [[], [], []])
    assert ranked.ranks.tolist() == [2, 4, 1]
    assert ranked.hits.mean() == pytest.approx(1 / 3)
    assert ranked.reciprocal.mean() == pytest.approx((1 / 2 + 1 / 4 + 1) / 3)
    assert ranked.guessed_hits.tolist() == [0.25] * 3
    assert ranked.guessed_reciprocal.tolist() == pytest.approx([(1 + 1 / 2 + 1 / 3 + 1 / 4) / 4] * 3)


def test_other_right_answers_are_no_wrong_ones():
    ranked = rank(at(10, 50), CANDIDATES, [1, 0], [[0, 1], [2, 3, 0]])
    assert ranked.ranks.tolist() == [1, 2] and ranked.candidates.tolist() == [3, 2]
    assert ranked.guessed_hits.tolist() == pytest.approx([1 / 3, 1 / 2])
    assert ranked.guessed_reciprocal.tolist() == pytest.approx([(1 + 1 / 2 + 1 / 3) / 3, (1 + 1 / 2) / 2])


def test_ranks_by_frequency_leave_other_right_answers_out():
    places = {"a": 0, "b": 1, "c": 2, "d": 3}
    seen, other = {"c": 7, "a": 3, "d": 3, "elsewhere": 9}, {"b": 1}
    ranked = rank_by_frequency([seen, seen, seen, other], places, ["d", "d", "b", "b"], [[], ["c", "d"], [], ["x"]])
    assert ranked.ranks.tolist() == [3, 2, 4, 1]  # of a and d, as frequent, the first one comes first
    assert ranked.candidates.tolist() == [4, 3, 4, 4]


def test_where_all_vectors_are_one_the_right_one_comes_last():
    ranked = rank(torch.ones(2, 3), torch.ones(4, 3), [0, 3], [[], []])
    assert ranked.ranks.tolist() == [4, 4]


def test_vectors_that_are_not_finite_are_refused():
    with pytest.raises(IsoglossError, match="must be finite"):
        rank(torch.tensor([[torch.nan, 1.0]]), torch.ones(2, 2), [0], [[]])


def test_chance_is_what_random_vectors_give():
    draw = torch.Generator().manual_seed(0)
    queries, candidates = torch.randn(3000, 8, generator=draw), torch.randn(7, 8, generator=draw)
    right = torch.randint(7, (3000,), generator=draw).tolist()
    ranked = rank(queries, candidates, right, [[] for _ in right])
    assert ranked.hits.mean() == pytest.approx(ranked.guessed_hits.mean(), abs=0.03)
    assert ranked.reciprocal.mean() == pytest.approx(ranked.guessed_reciprocal.mean(), abs=0.03)
    assert ranked.of(np.arange(3000) < 2).ranks.tolist() == ranked.ranks[:2].tolist()
    assert Ranked(np.array([1]), np.array([1])).guessed_reciprocal == [1.0]


def test_a_sample_does_not_depend_on_the_order_and_another_seed_gives_another():
    def drawn(names: list[str], seed: int) -> dict[str, list[str]]:
        sample: Sample[str, str] = Sample(5, seed)
        for name in names:
            sample.offer("all", name, name)
        return sample.things()

    names = [str(number) for number in range(40)]
    assert drawn(names, 0) == drawn(names[::-1], 0) != drawn(names, 1)
    assert len(drawn(names, 0)["all"]) == 5 and drawn(names[:3], 0)["all"] == drawn(names[2::-1], 0)["all"]


def test_a_finding_adds_up_by_unit():
    found = Finding(
        "m",
        "en",
        "all",
        ("1", "2", "3"),
        ("b", "a", "b"),
        np.array([1.0, 2.0, 5.0]),
        np.array([0.0, 6.0, 0.0]),
        constant=np.array([3.0, 0.0, 1.0]),
        weights=np.array([1.0, 2.0, 3.0]),
    )
    units, sums = found.by_unit()
    assert units == ("a", "b") and sums.tolist() == [[4.0, 2.0], [16.0, 4.0]]
    assert (found.value, found.chance, found.floor) == pytest.approx((20 / 6, 2.0, 1.0))

from __future__ import annotations

import numpy as np
import pytest

from isogloss.common.errors import IsoglossError
from isogloss.reports import resampling
from isogloss.reports.resampling import Counted, resample
from isogloss.tasks.measures import first_share

IDS = tuple(f"{number:03}" for number in range(60))


def counted(seed: int, ids: tuple[str, ...] = IDS) -> Counted:
    random = np.random.default_rng(seed)
    tokens = random.integers(1, 20, len(ids))
    return Counted(ids, np.stack([random.binomial(tokens, 0.7), tokens], axis=1), first_share)


def test_draws_depend_on_ids_and_seed_only():
    alone = resample({"a": counted(1)}, draws=50)
    both = resample({"b": counted(2), "a": counted(1), "other": counted(3, IDS[:-1])}, draws=50)
    assert alone["a"].tolist() == both["a"].tolist()
    assert alone["a"].tolist() != resample({"a": counted(1)}, draws=50, seed=1)["a"].tolist()
    assert {values.shape for values in both.values()} == {(50,)}


def test_draws_in_parts_are_those_of_one_piece(monkeypatch: pytest.MonkeyPatch):
    whole = resample({"a": counted(1), "b": counted(2)}, draws=50)
    monkeypatch.setattr(resampling, "_CELLS_AT_ONCE", 7 * len(IDS))
    parts = resample({"a": counted(1), "b": counted(2)}, draws=50)
    assert [values.tolist() for values in parts.values()] == [values.tolist() for values in whole.values()]


def test_the_same_sentences_are_drawn_for_all():
    own = counted(1)
    better = Counted(IDS, own.counts + np.array([[1, 0]]), first_share)
    mirrored = Counted(IDS, own.counts * [[-1, 1]], first_share)
    scores = resample({"own": own, "better": better, "mirrored": mirrored}, draws=200)
    assert scores["own"] == pytest.approx(-scores["mirrored"])
    assert (scores["better"] > scores["own"]).all()
    apart = resample({"own": own, "other": Counted(tuple(f"x{name}" for name in IDS), own.counts, first_share)})
    assert abs(np.corrcoef(apart["own"], apart["other"])[0, 1]) < 0.05


def test_spread_of_a_mean_is_its_standard_error():
    values = np.random.default_rng(0).normal(size=60)
    drawn = resample({0: Counted(IDS, np.stack([values, np.ones(60)], axis=1), first_share)})[0]
    assert drawn.mean() == pytest.approx(values.mean(), abs=0.01)
    assert drawn.std() == pytest.approx(values.std() / np.sqrt(60), rel=0.03)


def test_what_cannot_be_drawn_is_said():
    with pytest.raises(IsoglossError, match="draws must be at least 1, found 0"):
        resample({"a": counted(1)}, draws=0)
    with pytest.raises(IsoglossError, match="no sentence to draw from in a"):
        resample({"a": Counted((), np.zeros((0, 2)), first_share)})

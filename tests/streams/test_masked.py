"""Masked rows are a pure function of (seed, k), the same however a batch is cut, and hold what they say."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from isogloss.common.randomness import generator
from isogloss.objectives.supervised import IGNORED
from isogloss.store.encoded import EncodedText
from isogloss.streams.masked import MaskedStream, Masking, SpecialTokens
from isogloss.streams.running_text import RunningTextRows
from isogloss.streams.translations import PairRows

BEFORE, PAD, AFTER, MASK = 0, 1, 2, 4
FRAME = SpecialTokens((BEFORE,), (AFTER, AFTER), (AFTER,))
MASKING = Masking(0.3, MASK, PAD, (0, 1, 2, 3, 4), 1000)
# Sub-words say what they are: 100 * language + 10 * sentence + place.
TEXTS = {
    "en": EncodedText.of([[100 + 10 * s + p for p in range(4)] for s in range(6)]),
    "fr": EncodedText.of([[200 + 10 * s + p for p in range(6)] for s in range(6)]),
    "ru": EncodedText.of([[300 + 10 * s + p for p in range(3)] for s in range(2)]),
}
UNITS = [{"en": n, "fr": n, **({"ru": n} if n < 2 else {})} for n in range(6)]


def stream(rows: RunningTextRows | PairRows, *, rank: int = 0, world_size: int = 1, cuts: int = 1) -> MaskedStream:
    return MaskedStream(
        rows, MASKING, name="x", seed=3, batch_size=7, length=20, rank=rank, world_size=world_size, accumulation=cuts
    )


def running() -> RunningTextRows:
    return RunningTextRows(TEXTS, length=20, frame=FRAME, temperature=2.0)


def pairs() -> PairRows:
    return PairRows(TEXTS, UNITS, length=20, frame=FRAME, temperature=2.0)


@pytest.mark.parametrize("rows", [running(), pairs()])
def test_a_batch_does_not_depend_on_those_before(rows: RunningTextRows | PairRows):
    first = stream(rows)
    for k in range(3):
        first(k)
    (late,), (fresh,) = first(5), stream(rows)(5)
    assert torch.equal(late.inputs["input_ids"], fresh.inputs["input_ids"])
    assert late.labels is not None and fresh.labels is not None
    assert torch.equal(late.labels, fresh.labels)
    assert not torch.equal(late.inputs["input_ids"], first(4)[0].inputs["input_ids"])


@pytest.mark.parametrize("rows", [running(), pairs()])
@pytest.mark.parametrize(("world_size", "cuts"), [(2, 1), (1, 3), (3, 2)])
def test_ranks_and_micro_batches_cut_the_same_batch(rows: RunningTextRows | PairRows, world_size: int, cuts: int):
    def as_set(batches: list) -> set:
        return {
            (language, tuple(ids), tuple(labels))
            for batch in batches
            for language, ids, labels in zip(
                batch.languages, batch.inputs["input_ids"].tolist(), batch.labels.tolist(), strict=True
            )
        }

    whole = as_set(stream(rows)(2))
    parts = [stream(rows, rank=rank, world_size=world_size, cuts=cuts)(2) for rank in range(world_size)]
    assert all(len(part) == cuts for part in parts)
    assert set().union(*map(as_set, parts)) == whole
    assert sum(len(batch) for part in parts for batch in part) == 7


def test_rows_of_running_text_go_on_from_a_sentence_and_wrap_around():
    rows = running()
    for number in range(50):
        row, language = rows(generator(number))
        ids = TEXTS[language].ids
        assert (len(row), row[0], row[-1]) == (20, BEFORE, AFTER)
        start = int(np.flatnonzero(ids == row[1])[0])
        assert start in TEXTS[language].starts[:-1]
        assert row[1:-1].tolist() == [int(ids[(start + place) % len(ids)]) for place in range(18)]


def test_rows_of_pairs_hold_the_same_sentences_in_two_languages():
    rows, seen = pairs(), set()
    for number in range(200):
        row, first = rows(generator(number))
        assert len(row) <= 20
        middle = row.tolist().index(AFTER)
        left, right = row[1:middle], row[middle + 2 : -1]
        languages = {int(side[0]) // 100 for side in (left, right)}
        assert len(languages) == 2
        assert {"en": 1, "fr": 2, "ru": 3}[first] in languages
        assert all(len(set(side // 100)) == 1 for side in (left, right))
        sentences = [list(dict.fromkeys((side % 100 // 10).tolist())) for side in (left, right)]
        # The last pair may be cut so short that one side has none of it.
        assert sentences[0][0] == sentences[1][0]
        assert abs(len(sentences[0]) - len(sentences[1])) <= 1
        seen.add((int(left[0]) // 100, int(right[0]) // 100))
    assert seen == {(a, b) for a in (1, 2, 3) for b in (1, 2, 3) if a != b}


def test_masking_hides_ordinary_sub_words_and_keeps_the_rest():
    row = np.concatenate([[BEFORE], np.arange(10, 910), [AFTER, PAD]])
    hidden, labels = MASKING(row, generator("mask"))
    chosen = labels != IGNORED
    assert (labels[chosen] == row[chosen]).all()
    assert (hidden[~chosen] == row[~chosen]).all()
    assert not chosen[[0, -2, -1]].any()
    assert 0.25 < chosen.sum() / 900 < 0.35
    fate = hidden[chosen]
    assert 0.7 < (fate == MASK).mean() < 0.9
    assert 0.03 < (fate == row[chosen]).mean() < 0.2
    assert not np.isin(fate[fate != MASK], MASKING.special).any()


def test_something_is_always_hidden():
    _, labels = Masking(1e-9, MASK, PAD, (0, 1, 2, 3, 4), 20)(np.array([BEFORE, 9, AFTER]), generator("one"))
    assert labels.tolist() == [IGNORED, 9, IGNORED]

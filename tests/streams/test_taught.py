"""Rows as a student reads them, and beside them as its teacher does."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from isogloss.common.randomness import generator
from isogloss.store.aligned import AlignedText
from isogloss.store.encoded import EncodedText
from isogloss.streams.masked import SpecialTokens
from isogloss.streams.taught import AlignedRows, TaughtRow, TwoFrames, collate

STUDENT, TEACHER = SpecialTokens((0,), (2, 2), (2,)), SpecialTokens((50, 51), (52,), (53,))


def told() -> AlignedText:
    """Two sentences: the student's 10 11 | 12, the teacher's 60 61 62 | 63 64."""
    return AlignedText(
        EncodedText.of([[10, 11], [12]]),
        EncodedText.of([[60, 61, 62], [63, 64]]),
        begin=np.array([0, 1, 3]),
        end=np.array([1, 3, 5]),
    )


def means(row: TaughtRow) -> list[list[int]]:
    """The teacher's ids that each place of the student stands for."""
    assert row.begin is not None and row.end is not None
    return [row.teacher[begin:end].tolist() for begin, end in zip(row.begin, row.end, strict=True)]


def test_rows_go_on_around_the_end_of_the_text():
    rows = AlignedRows({"en": told()}, TwoFrames(STUDENT, TEACHER, 7, 20), 1.0)
    seen = {}
    for number in range(8):
        row = rows(generator(number, "a test"))
        seen[int(row.student[1])] = row
    first, second = seen[10], seen[12]
    assert first.student.tolist() == [0, 10, 11, 12, 10, 11, 2]
    assert first.teacher.tolist() == [50, 51, 60, 61, 62, 63, 64, 60, 61, 62, 53]
    assert means(first) == [[50], [60], [61, 62], [63, 64], [60], [61, 62], [53]]
    assert second.student.tolist() == [0, 12, 10, 11, 12, 10, 2]
    assert means(second) == [[50], [63, 64], [60], [61, 62], [63, 64], [60], [53]]


def test_places_beyond_what_the_teacher_reads_are_compared_with_none():
    frames = TwoFrames(STUDENT, TEACHER, 7, 5)
    row = frames.of(told(), 0, "en")
    assert row.teacher.tolist() == [50, 51, 60, 61, 53]
    assert means(row) == [[50], [60], [61], [53]]
    cut = TwoFrames(STUDENT, TEACHER, 7, 4).of(told(), 0, "en")
    assert means(cut) == [[50], [60], [], [53]]


def test_one_sentence_is_a_row():
    row = TwoFrames(STUDENT, TEACHER, 7, 20).of(told(), 1, "en")
    assert row.student.tolist() == [0, 12, 2]
    assert means(row) == [[50], [63, 64], [53]]


@pytest.mark.parametrize("length", [None, 6])
def test_both_halves_are_padded_for_themselves(length: int | None):
    rows = [TwoFrames(STUDENT, TEACHER, 7, 20).of(told(), number, "en") for number in (0, 1)]
    batch = collate(rows, 1, 54, length)
    assert batch.beside is not None
    width = length or 4
    assert batch.inputs["input_ids"].shape == (2, width)
    assert batch.inputs["input_ids"][1].tolist() == [0, 12, 2] + [1] * (width - 3)
    assert batch.inputs["attention_mask"].sum(dim=1).tolist() == [4, 3]
    assert batch.beside.inputs["input_ids"][1].tolist() == [50, 51, 63, 64, 53, 54]
    assert batch.beside.inputs["attention_mask"].sum(dim=1).tolist() == [6, 5]
    assert (batch.extras["end"] == batch.extras["begin"])[1, 3:].all()
    assert batch.labels is None and batch.extras["begin"].dtype == torch.int64

"""Rows of running text as a student reads them, and beside them as its teacher does, for distillation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch

from isogloss.common.shares import shares
from isogloss.protocols import Batch
from isogloss.store.aligned import AlignedText
from isogloss.streams.masked import DrawRow, SpecialTokens


@dataclass(frozen=True)
class TaughtRow:
    """A text in the sub-words of student and teacher, special ones included.

    Attributes:
        student: Ids ``[s]``.
        teacher: Ids ``[t]``.
        language: Its language.
        begin: First place of the teacher that stands for each place of the student ``[s]``; None: places are the same.
        end: The one after the last ``[s]``; that of ``begin`` where there is none.
    """

    student: np.ndarray
    teacher: np.ndarray
    language: str
    begin: np.ndarray | None = None
    end: np.ndarray | None = None


class SharedRows:
    """Rows of which the teacher reads the student's own sub-words, under its own ids.

    Args:
        rows: Draws a row of the student's sub-words.
        ids: The teacher's id of each of the student's ``[v]``.

    Example:
        >>> from isogloss.common.randomness import generator
        >>> rows = SharedRows(lambda random: (np.array([0, 2, 1]), "en"), np.array([10, 11, 15]))
        >>> rows(generator("an example")).teacher.tolist()
        [10, 15, 11]
    """

    def __init__(self, rows: DrawRow, ids: np.ndarray) -> None:
        self.rows, self.ids = rows, ids

    def __call__(self, random: np.random.Generator) -> TaughtRow:
        """A row and its language."""
        row, language = self.rows(random)
        return TaughtRow(row, self.ids[row], language)


@dataclass(frozen=True)
class TwoFrames:
    """How a text that two tokenizers have cut becomes a row.

    Attributes:
        student: The student's special sub-words.
        teacher: The teacher's.
        length: Most sub-words of the student in a row.
        teacher_length: Most sub-words of the teacher; places of the student beyond them are compared with none.
    """

    student: SpecialTokens
    teacher: SpecialTokens
    length: int
    teacher_length: int

    def around(
        self, student: np.ndarray, teacher: np.ndarray, begin: np.ndarray, end: np.ndarray, language: str
    ) -> TaughtRow:
        """The row of a text, from its sub-words and the places of the teacher's that stand for the student's.

        Special sub-words before and after the texts stand for each other in their order.
        """
        student, teacher = student[: self.student.room(self.length, 1)], teacher[: self._room]
        own, other = self.student.around(student), self.teacher.around(teacher)
        shift, most = len(self.teacher.before), len(teacher)
        begins, ends = np.zeros(len(own), dtype=np.int64), np.zeros(len(own), dtype=np.int64)
        inside = slice(len(self.student.before), len(self.student.before) + len(student))
        begins[inside] = begin[: len(student)].clip(0, most) + shift
        ends[inside] = end[: len(student)].clip(0, most) + shift
        for place in range(min(len(self.student.before), shift)):
            begins[place], ends[place] = place, place + 1
        for place in range(1, 1 + min(len(self.student.after), len(self.teacher.after))):
            begins[-place], ends[-place] = len(other) - place, len(other) - place + 1
        return TaughtRow(own, other, language, begins, ends)

    def of(self, text: AlignedText, sentence: int, language: str) -> TaughtRow:
        """The row of one sentence."""
        own, other = text.first, text.second
        places, start = slice(*own.starts[sentence : sentence + 2]), other.starts[sentence]
        begin, end = text.begin[places] - start, text.end[places] - start
        return self.around(own.sentence(sentence), other.sentence(sentence), begin, end, language)

    @property
    def _room(self) -> int:
        return self.teacher.room(self.teacher_length, 1)


class AlignedRows:
    """Rows of text that student and teacher cut into other sub-words; languages are drawn as `RunningTextRows` does.

    Args:
        texts: Sentences by language, the student's cut first.
        frames: How a row is made.
        temperature: T > 0 of N^(1/T), N being the student's sub-words of a language.
    """

    def __init__(self, texts: dict[str, AlignedText], frames: TwoFrames, temperature: float) -> None:
        self.texts, self.frames = texts, frames
        self.languages = tuple(texts)
        self._shares = shares([len(text.first.ids) for text in texts.values()], temperature)

    def __call__(self, random: np.random.Generator) -> TaughtRow:
        """A row of what follows a random sentence; after the last sentence comes the first."""
        language = self.languages[random.choice(len(self.languages), p=self._shares)]
        text = self.texts[language]
        sentence = int(random.integers(len(text.first)))
        start, size = int(text.first.starts[sentence]), len(text.first.ids)
        places = np.arange(start, start + self.frames.student.room(self.frames.length, 1))
        around, there = places // size * len(text.second.ids), int(text.second.starts[sentence])
        begin, end = (own[places % size] + around - there for own in (text.begin, text.end))
        needed = max(1, int(end.max(initial=1)))
        teacher = text.second.running(sentence, min(needed, self.frames.teacher.room(self.frames.teacher_length, 1)))
        return self.frames.around(text.first.running(sentence, len(places)), teacher, begin, end, language)


def collate(rows: Sequence[TaughtRow], padding: int, teacher_padding: int, length: int | None = None) -> Batch:
    """A batch of what the student reads, and beside it what the teacher does.

    Args:
        rows: The rows.
        padding: Id of the student's padding.
        teacher_padding: Id of the teacher's.
        length: The student's rows are padded to this length; None: to that of the longest.
    """
    longest = length or max(len(row.student) for row in rows)
    languages = tuple(row.language for row in rows)
    taught = _inputs([row.teacher for row in rows], teacher_padding, max(len(row.teacher) for row in rows))
    extras = {}
    for name in ("begin", "end"):
        found = [getattr(row, name) for row in rows]
        if found[0] is not None:
            extras[name] = _padded(found, 0, longest)
    own = _inputs([row.student for row in rows], padding, longest)
    return Batch(own, None, languages, extras, beside=Batch(taught, None, languages))


def _inputs(rows: Sequence[np.ndarray], padding: int, length: int) -> dict[str, torch.Tensor]:
    real = _padded([np.ones(len(row), dtype=np.int64) for row in rows], 0, length)
    return {"input_ids": _padded(rows, padding, length), "attention_mask": real}


def _padded(rows: Sequence[np.ndarray], padding: int, length: int) -> torch.Tensor:
    found = np.full((len(rows), length), padding, dtype=np.int64)
    for place, row in enumerate(rows):
        found[place, : len(row)] = row
    return torch.from_numpy(found)

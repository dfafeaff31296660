"""A sentence with a gap as sub-words: as many masks as are wanted where the object was.

A gap is what is hidden in a template: ``Ada lives in [Y].`` with Ada in the place of ``[X]``.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from isogloss.data.mlama import OBJECT, SUBJECT
from isogloss.streams.masked import SpecialTokens

STAND_IN = "x"
"""A name that stands in the gap while the rest is cut into sub-words."""


@dataclass(frozen=True)
class GapForm:
    """How sentences with a gap become rows of sub-words.

    Attributes:
        backend: The tokenizer, as the library tokenizers has it.
        frame: Its special sub-words.
        mask: Id of its mask.
        length: Most sub-words of a row.
        known: The sub-words of names, by what stands before them, as they were made.
    """

    backend: Any
    frame: SpecialTokens
    mask: int
    length: int
    known: dict[tuple[str, str], tuple[int, ...]] = field(default_factory=dict, repr=False, compare=False)

    def around(self, template: str, subject: str) -> tuple[np.ndarray, np.ndarray]:
        """The sub-words before the gap and after it, as they are where a name stands in it.

        With a mask in the text, tokenizers would put sub-words for spaces on both sides of it that no text has.
        """
        before, after = (part.replace(SUBJECT, subject) for part in template.split(OBJECT))
        encoding = self.backend.encode(before + STAND_IN + after, add_special_tokens=False)
        first, end = len(before.rstrip()), len(before) + len(STAND_IN)
        if any(left < place < right for left, right in encoding.offsets for place in (first, end)):
            sides = [self._ids(before.rstrip()), self._ids(after)]  # the stand-in is one sub-word with its neighbour
        else:
            pairs = list(zip(encoding.ids, encoding.offsets, strict=True))
            sides = [[own for own, (_, right) in pairs if right <= first], [own for own, (at, _) in pairs if at >= end]]
        return np.asarray(sides[0], np.int64), np.asarray(sides[1], np.int64)

    def row(self, around: tuple[np.ndarray, np.ndarray], masks: int) -> tuple[np.ndarray, np.ndarray]:
        """A row with masks in the gap, and their places. What is too long is cut from the end farther from the gap."""
        before, after = around
        room = max(0, self.frame.room(self.length, 1) - masks)
        left = min(len(before), max(room - len(after), room // 2))
        kept = before[len(before) - left :], after[: room - left]
        ids = self.frame.around(np.concatenate([kept[0], np.full(masks, self.mask), kept[1]]))
        first = len(self.frame.before) + left
        return ids, np.arange(first, first + masks)

    def pieces(self, template: str, subject: str, name: str) -> tuple[int, ...]:
        """The sub-words of an object as they come in the gap: after a space, or joined to what stands before it."""
        head = template.split(OBJECT)[0]
        before = head.rpartition(SUBJECT)[2]
        key = (before or (subject if SUBJECT in head else ""), name)
        if key not in self.known:
            encoding = self.backend.encode("".join(key), add_special_tokens=False)
            first = len(key[0].rstrip())
            pairs = zip(encoding.ids, encoding.offsets, strict=True)
            self.known[key] = tuple(piece for piece, (_, end) in pairs if end > first)
        return self.known[key]

    def _ids(self, text: str) -> list[int]:
        return list(self.backend.encode(text, add_special_tokens=False).ids)

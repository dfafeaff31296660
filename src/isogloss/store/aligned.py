"""Sentences of one language as the sub-words of two tokenizers, and which of them share characters."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from tokenizers import Encoding
from transformers import PreTrainedTokenizerBase

from isogloss.common.uncut import uncut
from isogloss.store.encoded import EncodedText

AT_ONCE = 4096
"""Sentences that are cut into sub-words at a time."""

SPACES = ("▁", "Ġ")
"""Sub-words that are a space alone. The one that a tokenizer puts before a text has the place of its first letter."""


@dataclass(frozen=True)
class AlignedText:
    """The sentences of one language, cut in two ways.

    Sub-word p of the first cut stands for the characters of the sub-words begin_p ≤ j < end_p of the second; where it
    shares no character with any, both are the same.

    Attributes:
        first: The sentences as sub-words of the first tokenizer, n in all.
        second: The same of the second.
        begin: Place in ``second.ids`` ``[n]``.
        end: Place in ``second.ids`` ``[n]``.
    """

    first: EncodedText
    second: EncodedText
    begin: np.ndarray
    end: np.ndarray


def align(sentences: Sequence[str], first: PreTrainedTokenizerBase, second: PreTrainedTokenizerBase) -> AlignedText:
    """Cut sentences in two ways and align what comes out, by characters that are no white space.

    Args:
        sentences: The sentences.
        first: A fast tokenizer.
        second: Another one.
    """
    cut: tuple[list[list[int]], list[list[int]]] = ([], [])
    begins, ends, before = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)], 0
    for start in range(0, len(sentences), AT_ONCE):
        texts = list(sentences[start : start + AT_ONCE])
        both = [_encoded(texts, own) for own in (first, second)]
        for text, one, other in zip(texts, *both, strict=True):
            begin, end = shared_characters(_places(one, text), _places(other, text))
            begins.append(begin + before)
            ends.append(end + before)
            cut[0].append(one.ids)
            cut[1].append(other.ids)
            before += len(other.ids)
    return AlignedText(EncodedText.of(cut[0]), EncodedText.of(cut[1]), np.concatenate(begins), np.concatenate(ends))


def shared_characters(one: np.ndarray, other: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """For each of n spans of characters, which of m spans share one with it: from the first to after the last.

    Args:
        one: First character and the one after the last, ascending ``[n, 2]``.
        other: The same ``[m, 2]``.

    Returns:
        begin ``[n]`` and end ``[n]``, equal where there is none.

    Example:
        >>> begin, end = shared_characters(np.array([[0, 4], [4, 6], [6, 6]]), np.array([[0, 2], [2, 5], [5, 6]]))
        >>> begin.tolist(), end.tolist()
        ([0, 1, 0], [2, 3, 0])
    """
    begin = np.searchsorted(other[:, 1], one[:, 0], side="right")
    end = np.searchsorted(other[:, 0], one[:, 1], side="left")
    none = (one[:, 0] == one[:, 1]) | (end <= begin)
    return np.where(none, 0, begin), np.where(none, 0, end)


def _encoded(texts: list[str], tokenizer: PreTrainedTokenizerBase) -> list[Encoding]:
    with uncut(tokenizer.backend_tokenizer) as backend:
        found: list[Encoding] = backend.encode_batch(texts, add_special_tokens=False)
    return found


def _places(encoding: Encoding, text: str) -> np.ndarray:
    """First character of each sub-word and the one after its last ``[n, 2]``, white space around it left out."""
    found = np.zeros((len(encoding.ids), 2), dtype=np.int64)
    last = 0
    for number, (piece, (start, end)) in enumerate(zip(encoding.tokens, encoding.offsets, strict=True)):
        if piece in SPACES:
            end = start
        while start < end and text[start].isspace():
            start += 1
        while start < end and text[end - 1].isspace():
            end -= 1
        # Where a normaliser reorders, places must still ascend to be searched.
        last = max(last, start)
        found[number] = (start, end) if start < end and start == last else (last, last)
    return found

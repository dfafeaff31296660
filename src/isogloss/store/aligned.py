"""Sentences of one language as the sub-words of two tokenizers, and which of them share characters."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from tokenizers import Encoding
from transformers import PreTrainedTokenizerBase

from isogloss.common.errors import IsoglossError
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

    A character that is several sub-words, such as an emoji in bytes or ``ﷺ`` in words, belongs to each of them. A
    sub-word that is white space alone is aligned with none.

    Args:
        sentences: The sentences.
        first: A fast tokenizer.
        second: Another one.

    Raises:
        IsoglossError: Sub-words of the second do not follow the text.
    """
    cut: tuple[list[list[int]], list[list[int]]] = ([], [])
    begins, ends, before = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)], 0
    for start in range(0, len(sentences), AT_ONCE):
        texts = list(sentences[start : start + AT_ONCE])
        both = [_encoded(texts, own) for own in (first, second)]
        for text, one, other in zip(texts, *both, strict=True):
            places = _places(other, text)
            _require_ascending(places, other, text)
            begin, end = shared_characters(_places(one, text), places)
            begins.append(begin + before)
            ends.append(end + before)
            cut[0].append(one.ids)
            cut[1].append(other.ids)
            before += len(other.ids)
    return AlignedText(EncodedText.of(cut[0]), EncodedText.of(cut[1]), np.concatenate(begins), np.concatenate(ends))


def shared_characters(one: np.ndarray, other: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """For each of n spans of characters, which of m spans share one with it: from the first to after the last.

    Args:
        one: First character and the one after the last ``[n, 2]``; a span that is empty shares nothing.
        other: The same ``[m, 2]``; of what is not empty neither first nor last characters may descend.

    Returns:
        begin ``[n]`` and end ``[n]``, equal where there is none.

    Example:
        >>> one, other = np.array([[0, 4], [4, 6], [6, 6]]), np.array([[0, 2], [1, 1], [2, 5], [5, 6]])
        >>> begin, end = shared_characters(one, other)
        >>> begin.tolist(), end.tolist()
        ([0, 2, 0], [3, 4, 0])
    """
    spans = np.flatnonzero(other[:, 0] < other[:, 1])
    first = np.searchsorted(other[spans, 1], one[:, 0], side="right")
    last = np.searchsorted(other[spans, 0], one[:, 1], side="left") - 1
    none = (one[:, 0] >= one[:, 1]) | (last < first)
    spans = np.append(spans, 0)  # for what lies after all of them
    return np.where(none, 0, spans[first]), np.where(none, 0, spans[last] + 1)


def _encoded(texts: list[str], tokenizer: PreTrainedTokenizerBase) -> list[Encoding]:
    with uncut(tokenizer.backend_tokenizer) as backend:
        found: list[Encoding] = backend.encode_batch(texts, add_special_tokens=False)
    return found


def _places(encoding: Encoding, text: str) -> np.ndarray:
    """First character of each sub-word and the one after its last ``[n, 2]``, white space around it left out."""
    found = np.zeros((len(encoding.ids), 2), dtype=np.int64)
    for number, (piece, (start, end)) in enumerate(zip(encoding.tokens, encoding.offsets, strict=True)):
        if piece in SPACES and text[start:end] != piece:  # Ġ is a letter of Maltese, too
            continue
        while start < end and text[start].isspace():
            start += 1
        while start < end and text[end - 1].isspace():
            end -= 1
        found[number] = start, end
    return found


def _require_ascending(places: np.ndarray, encoding: Encoding, text: str) -> None:
    """Stop at sub-words that come before the one that they follow."""
    spans = np.flatnonzero(places[:, 0] < places[:, 1])
    back = np.flatnonzero((np.diff(places[spans], axis=0) < 0).any(axis=1))
    if len(back):
        one, other = spans[back[0]], spans[back[0] + 1]
        (start, end), (next_start, next_end) = places[one].tolist(), places[other].tolist()
        raise IsoglossError(
            f"text: sub-words are aligned by their characters, which must follow the text, but a tokenizer puts "
            f"{encoding.tokens[other]!r} at characters {next_start} to {next_end} after {encoding.tokens[one]!r} at "
            f"{start} to {end}, in {text[:80]!r}; give the student the teacher's tokenizer, or one trimmed from it"
        )

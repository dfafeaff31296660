"""Where a long tagged sentence is cut: into pieces side by side, or into windows that overlap."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

from isogloss.common.errors import IsoglossError
from isogloss.tasks.alignment import ELSEWHERE, Aligned

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

Piece = tuple[int, int]
"""The first sub-word of a piece and the one after its last, among those of the sentence."""


def require_stride(tokenizer: PreTrainedTokenizerBase, max_length: int, stride: int) -> None:
    """Stop unless a window holds a stride beside the special sub-words.

    Raises:
        IsoglossError: It does not; what lies between two windows would be in neither.
    """
    room = max_length - tokenizer.num_special_tokens_to_add()
    if not 1 <= stride <= room:
        raise IsoglossError(
            f"stride is {stride}, but must be from 1 to {room}, the sub-words of a window of max_length {max_length} "
            "beside the special ones"
        )


def cut(aligned: Aligned, max_length: int, stride: int | None = None) -> list[Aligned]:
    """Cut a sentence between tokens into pieces of at most ``max_length`` sub-words, each with its special sub-words.

    Pieces lie side by side, or, with a stride, overlap: each begins at the last token that is no further than
    ``stride`` sub-words from the beginning of the one before it, until one holds the end. Then each token is predicted
    from, and learned in, one of its windows: the one where the fewer of the sub-words before and after it are the most,
    as in BERT's code for SQuAD, the first of equals; in others it is `ELSEWHERE`. A window without a token of its own
    is left out. A token that alone is longer than a piece keeps its first sub-words.

    Args:
        aligned: The whole sentence.
        max_length: Longest piece, in sub-words, special ones included.
        stride: Sub-words from the beginning of a window to that of the next, at most; from 1 to as many as a window
            has room for. None: pieces side by side.
    """
    if len(aligned.words) <= max_length:
        return [aligned]
    begin, end = aligned.opening, len(aligned.words) - aligned.closing
    room = max_length - aligned.opening - aligned.closing
    first, *others = [i for i, word in enumerate(aligned.words) if word >= 0] or [begin]
    # The first token's sub-words begin where the text does, whatever stands before the first one, if there is room.
    borders = [begin if first - begin < room else first, *others, end]
    pieces = _pieces(borders, room, room if stride is None else stride)
    if stride is None:
        return [_piece(aligned, piece, aligned.words) for piece in pieces]
    homes = dict(zip([first, *others], (_home(token, pieces) for token in pairwise(borders)), strict=True))
    found = []
    for number in sorted(set(homes.values())):
        words = [ELSEWHERE if homes.get(place, number) != number else word for place, word in enumerate(aligned.words)]
        found.append(_piece(aligned, pieces[number], words))
    return found


def _pieces(borders: Sequence[int], room: int, stride: int) -> list[Piece]:
    """The pieces, from where each token begins and where the last one ends."""
    pieces = list[Piece]()
    place = last = 0
    while last < len(borders) - 1:
        start = borders[place]
        last, place = (max(place + 1, bisect_right(borders, start + far) - 1) for far in (room, stride))
        pieces.append((start, min(borders[last], start + room)))
    return pieces


def _home(token: Piece, pieces: Sequence[Piece]) -> int:
    """The number of the piece in which a token has most context."""
    context = {
        number: min(token[0] - start, max(0, stop - token[1]))
        for number, (start, stop) in enumerate(pieces)
        if start <= token[0] < stop
    }
    return max(context, key=lambda number: context[number])


def _piece(aligned: Aligned, piece: Piece, words: Sequence[int]) -> Aligned:
    tail = len(aligned.words) - aligned.closing

    def take(row: Sequence[int]) -> list[int]:
        return [*row[: aligned.opening], *row[slice(*piece)], *row[tail:]]

    inputs = {name: take(row) for name, row in aligned.inputs.items()}
    return Aligned(inputs, take(words), aligned.opening, aligned.closing, aligned.parted)

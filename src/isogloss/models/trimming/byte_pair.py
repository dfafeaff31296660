"""A vocabulary of byte-pair encoding with some of its sub-words: ModernBERT, mmBERT, RoBERTa."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

from isogloss.models.trimming.alphabet import alphabet


class BytePairVocabulary:
    """Sub-words that characters, or characters for bytes, are merged into, two at a time, by the first merge that fits.

    A sub-word that stays needs all that it is merged from on the way, and a merge stays if both of its parts and its
    result do. Of a text whose sub-words all stay, each merge that was made can then be made, in the same order, and no
    others are there; so it is cut alike. Characters and bytes all stay, so nothing becomes unknown.

    Args:
        stored: The part ``model`` of ``tokenizer.json``.

    Example:
        >>> merges = [["t", "h"], ["a", "t"], ["th", "at"], ["th", "a"]]
        >>> vocab = {"a": 0, "h": 1, "t": 2, "th": 3, "at": 4, "that": 5, "tha": 6}
        >>> vocabulary = BytePairVocabulary({"vocab": vocab, "merges": merges})
        >>> [vocabulary.pieces[number] for number in sorted(vocabulary.made_of(5))]
        ['a', 'h', 't', 'th', 'at', 'that']
        >>> vocabulary.cut([0, 1, 2, 3, 6])["merges"]
        [['t', 'h'], ['th', 'a']]

    Reference:
        Sennrich et al., *Neural Machine Translation of Rare Words with Subword Units*, ACL 2016.
    """

    def __init__(self, stored: Mapping[str, Any]) -> None:
        self._stored, self._ids = stored, stored["vocab"]
        self.pieces = {number: piece for piece, number in self._ids.items()}
        self._prefix: str = stored.get("continuing_subword_prefix") or ""
        self._suffix: str = stored.get("end_of_word_suffix") or ""
        pairs = (merge.split(" ") if isinstance(merge, str) else merge for merge in stored["merges"])
        self._ranks = {(left, right): rank for rank, (left, right) in enumerate(pairs)}

    def needed(self) -> frozenset[int]:
        """The unknown one, characters and bytes."""
        bare = {number: "".join(self._characters(piece)) for number, piece in self.pieces.items()}
        unknown = self._ids.get(self._stored.get("unk_token"))
        return alphabet(bare, self._stored) | {unknown} - {None}

    def made_of(self, piece: int) -> frozenset[int]:
        """All that it is merged from on the way; nothing where merges do not lead to it."""
        parts = self._beginnings(self.pieces[piece])
        seen = {*parts}
        while len(parts) > 1:
            rank, place = min(
                (self._ranks.get(pair, len(self._ranks)), place) for place, pair in enumerate(pairwise(parts))
            )
            if rank == len(self._ranks):
                return frozenset()
            parts[place : place + 2] = [parts[place] + parts[place + 1].removeprefix(self._prefix)]
            seen.add(parts[place])
        return frozenset(self._ids[part] for part in seen if part in self._ids)

    def cut(self, kept: Sequence[int]) -> dict[str, Any]:
        """The part ``model`` of ``tokenizer.json`` with some sub-words only."""
        ids = {self.pieces[number]: place for place, number in enumerate(kept)}
        merges = [
            [left, right]
            for left, right in self._ranks
            if left in ids and right in ids and left + right.removeprefix(self._prefix) in ids
        ]
        return {**self._stored, "vocab": ids, "merges": merges}

    def _characters(self, piece: str) -> str:
        """The text of a sub-word, without what marks its place in a word."""
        return piece.removeprefix(self._prefix).removesuffix(self._suffix) or piece

    def _beginnings(self, piece: str) -> list[str]:
        """The sub-words of one character that the merging of a sub-word begins with."""
        text = self._characters(piece)
        goes_on, ends = piece.startswith(self._prefix), piece.endswith(self._suffix)
        parts = [self._prefix * (goes_on or at > 0) + character for at, character in enumerate(text)]
        return [*parts[:-1], parts[-1] + self._suffix * ends]

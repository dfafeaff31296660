"""A WordPiece vocabulary with some of its sub-words: multilingual BERT, LaBSE, DistilBERT."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from isogloss.models.trimming.alphabet import alphabet


class WordPieceVocabulary:
    """Sub-words of which a word takes the longest that it begins with, and so on with the rest of it.

    Of a word whose sub-words all stay, the longest that there was is still the longest. A word is unknown as a whole as
    soon as nothing fits; so all characters stay, at the beginning of words and, with a prefix (``##``), inside. Where a
    character has no sub-word of its own at its place, the longer ones that have it stay too.

    Args:
        stored: The part ``model`` of ``tokenizer.json``.

    Example:
        >>> vocab = {"[UNK]": 0, "a": 1, "##b": 2, "ab": 3, "xb": 4}
        >>> stored = {"vocab": vocab, "unk_token": "[UNK]", "continuing_subword_prefix": "##"}
        >>> vocabulary = WordPieceVocabulary(stored)
        >>> [vocabulary.pieces[number] for number in sorted(vocabulary.needed())]  # no word can begin with x otherwise
        ['[UNK]', 'a', '##b', 'xb']
        >>> vocabulary.cut([0, 1, 2])["vocab"]
        {'[UNK]': 0, 'a': 1, '##b': 2}

    Reference:
        Wu et al., *Google's Neural Machine Translation System*, 2016; Devlin et al., *BERT*, NAACL 2019.
    """

    def __init__(self, stored: Mapping[str, Any]) -> None:
        self._stored, self._prefix = stored, stored["continuing_subword_prefix"]
        self.pieces = {number: piece for piece, number in stored["vocab"].items()}

    def needed(self) -> frozenset[int]:
        """The unknown one, characters in both places, and what has characters without a sub-word of their own."""
        bare = {number: piece.removeprefix(self._prefix) or piece for number, piece in self.pieces.items()}
        own, unknown = alphabet(bare, self._stored), self._stored["vocab"].get(self._stored["unk_token"])
        known = {self.pieces[number] for number in own}
        other = {number for number, piece in self.pieces.items() if not known.issuperset(self._places(piece))}
        return own | other | {unknown} - {None}

    def made_of(self, piece: int) -> frozenset[int]:
        """Nothing: a sub-word is found as a whole."""
        return frozenset()

    def cut(self, kept: Sequence[int]) -> dict[str, Any]:
        """The part ``model`` of ``tokenizer.json`` with some sub-words only."""
        return {**self._stored, "vocab": {self.pieces[number]: place for place, number in enumerate(kept)}}

    def _places(self, piece: str) -> list[str]:
        """A sub-word character by character, each as it is where it stands."""
        goes_on, text = piece.startswith(self._prefix), piece.removeprefix(self._prefix)
        return [self._prefix * (goes_on or at > 0) + character for at, character in enumerate(text)]

"""A unigram vocabulary (SentencePiece's) with some of its sub-words: XLM-R, mDeBERTa, multilingual-e5."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from isogloss.models.trimming.alphabet import alphabet


class UnigramVocabulary:
    """Sub-words with a score each; a text is cut into those that add up to the highest.

    What stays keeps its score. So the best way to cut a text, if all of it stays, is the best among fewer. A character
    is unknown only where it has no sub-word of its own; these all stay. Where an earlier cut has left characters that
    occur in longer sub-words alone, the longer ones stay too. What an unknown character costs hangs on the lowest score
    of all, so a sub-word of that score stays.

    Args:
        stored: The part ``model`` of ``tokenizer.json``.

    Example:
        >>> stored = {"unk_id": 0, "vocab": [["<unk>", 0.0], ["a", -2.0], ["b", -2.5], ["ab", -1.0], ["xy", -3.0]]}
        >>> vocabulary = UnigramVocabulary(stored)
        >>> [vocabulary.pieces[number] for number in sorted(vocabulary.needed())]  # x and y have none of their own
        ['<unk>', 'a', 'b', 'xy']
        >>> vocabulary.cut([0, 1, 2])["vocab"]
        [['<unk>', 0.0], ['a', -2.0], ['b', -2.5]]

    Reference:
        Kudo, *Subword Regularization*, ACL 2018.
    """

    def __init__(self, stored: Mapping[str, Any]) -> None:
        self._stored = stored
        self.pieces = {number: str(piece) for number, (piece, _) in enumerate(stored["vocab"])}

    def needed(self) -> frozenset[int]:
        """The unknown one, characters, bytes, what has characters without a sub-word of their own, the lowest score."""
        scores = [score for _, score in self._stored["vocab"]]
        own = alphabet(self.pieces, self._stored)
        known = {self.pieces[number] for number in own}
        other = {number for number, piece in self.pieces.items() if not known.issuperset(piece)}
        unknown = {int(number) for number in [self._stored.get("unk_id")] if number is not None}
        return own | other | {scores.index(min(scores))} | unknown

    def made_of(self, piece: int) -> frozenset[int]:
        """Nothing: a sub-word is found as a whole."""
        return frozenset()

    def cut(self, kept: Sequence[int]) -> dict[str, Any]:
        """The part ``model`` of ``tokenizer.json`` with some sub-words only."""
        unknown = self._stored.get("unk_id")
        return {
            **self._stored,
            "unk_id": None if unknown is None else kept.index(unknown),
            "vocab": [self._stored["vocab"][number] for number in kept],
        }

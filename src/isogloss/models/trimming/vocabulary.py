"""The sub-words of a tokenizer, which of them no text can do without, and the same tokenizer with some of them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from tokenizers import Tokenizer, models

from isogloss.common.errors import IsoglossError
from isogloss.models.trimming.byte_pair import BytePairVocabulary
from isogloss.models.trimming.unigram import UnigramVocabulary
from isogloss.models.trimming.word_piece import WordPieceVocabulary


class Vocabulary(Protocol):
    """The sub-words of a tokenizer's model; a sub-word goes by its id."""

    @property
    def pieces(self) -> Mapping[int, str]:
        """All sub-words by id."""

    def needed(self) -> frozenset[int]:
        """What must stay, so that no text becomes unknown for lack of what has been cut."""

    def made_of(self, piece: int) -> frozenset[int]:
        """The sub-words that must stay for this one to be reached."""

    def cut(self, kept: Sequence[int]) -> dict[str, Any]:
        """The part ``model`` of ``tokenizer.json`` with some sub-words only; the i-th of ``kept`` gets the id i."""


def vocabulary_of(tokenizer: Tokenizer) -> Vocabulary:
    """The sub-words of a tokenizer.

    Raises:
        IsoglossError: It is neither Unigram nor byte-pair encoding nor WordPiece.
    """
    stored = json.loads(tokenizer.to_str())["model"]
    match tokenizer.model:
        case models.Unigram():
            return UnigramVocabulary(stored)
        case models.BPE():
            return BytePairVocabulary(stored)
        case models.WordPiece():
            return WordPieceVocabulary(stored)
        case other:
            raise IsoglossError(
                f"a tokenizer of kind {type(other).__name__} cannot be cut: Unigram, BPE and WordPiece can"
            )

"""A model's table of sub-words cut to some of them: which stay, the tokenizer without the others, and the weights."""

from __future__ import annotations

from isogloss.models.trimming.choosing import Least, cut_by_texts
from isogloss.models.trimming.cutting import Cut, cut_to
from isogloss.models.trimming.folder import write_trimmed
from isogloss.models.trimming.vocabulary import Vocabulary, vocabulary_of

__all__ = ["Cut", "Least", "Vocabulary", "cut_by_texts", "cut_to", "vocabulary_of", "write_trimmed"]

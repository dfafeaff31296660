"""What a sentence, a mention and a description must be like to be kept."""

from __future__ import annotations

from dataclasses import dataclass

from isogloss.common.languages import writes_spaces


@dataclass(frozen=True, slots=True)
class Limits:
    """The filters of a build.

    Attributes:
        min_words: Words of a sentence, at least; default 5, from mLUKE (Ri et al., 2022), which counts its tokens. In
            scripts without spaces two characters count as a word.
        max_characters: Characters of a sentence, at most, and of a description, which is cut to whole sentences;
            default 1000, about the 256 sub-words of XLM-K (Jiang et al., 2022).
        pack: Characters up to which sentences of a paragraph that follow one another are one row; default 0: each is a
            row. mLUKE packs up to its length.
        max_mention: Characters of a mention, at most; default 100, about mLUKE's 30 sub-words.
        max_mentions: Mentions of a sentence, at most; default 128, from mLUKE. A sentence with more is an enumeration.
        lists: Whether sentences in items of lists are kept; default no, since most items are none.
        most_per_entity: Mentions of an entity that are kept in a language, the first of the dump; default 100; 0: all.
        most_per_relation: Facts of a relation that are kept, the first of the dump; default 0: all.
        undescribed: Whether mentions of entities without any description are kept; default no, since nothing can be
            learned of them.
        unlinked: Whether sentences without mentions are kept, for masked language modelling; default no.
    """

    min_words: int = 5
    max_characters: int = 1000
    pack: int = 0
    max_mention: int = 100
    max_mentions: int = 128
    lists: bool = False
    most_per_entity: int = 100
    most_per_relation: int = 0
    undescribed: bool = False
    unlinked: bool = False


def words(text: str, language: str) -> int:
    """How many words a text has; in scripts without spaces, half as many as letters.

    Example:
        >>> words("a small town", "en"), words("北京是首都", "zh")
        (3, 2)
    """
    if writes_spaces(language):
        return sum(any(letter.isalnum() for letter in word) for word in text.split())
    return sum(letter.isalnum() for letter in text) // 2

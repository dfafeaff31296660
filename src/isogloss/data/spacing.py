"""Where a space stands between the words of a sentence: as its text says, or as its script is written."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from itertools import accumulate, pairwise

from isogloss.common.scripts import WITHOUT_SPACES

_HAN_AND_KANA = frozenset({"CJK", "IDEOGRAPHIC", "HIRAGANA", "KATAKANA"})

_CLOSING = frozenset(".,;:!?…،؛؟۔।॥።፣፤፥፧")
"""Beside closing brackets; quotation marks are left out, since languages differ in which of them closes."""


def spaces_of_text(text: str, words: Sequence[str]) -> tuple[bool, ...] | None:
    """Where spaces stand, as a text says that spells the words in their order.

    Args:
        text: The text.
        words: The words, none blank; the spaces inside of them may be others than in the text.

    Returns:
        For each word whether a space stands before it; None if the text is not that of the words.

    Example:
        >>> spaces_of_text("Ja, das  geht.", ["Ja", ",", "das", "geht", "."])
        (False, False, True, True, False)
        >>> spaces_of_text("Ja, das", ["Ja", "das"]) is None
        True
    """
    places = [place for place, character in enumerate(text) if not character.isspace()]
    bare = ["".join(word.split()) for word in words]
    if "".join(text[place] for place in places) != "".join(bare) or not all(bare):
        return None
    starts = list(accumulate(map(len, bare), initial=0))[:-1]
    return tuple(start > 0 and text[places[start] - 1].isspace() for start in starts)


def spaces_of_script(words: Sequence[str]) -> tuple[bool, ...]:
    """Where spaces stand by the usual spelling of the script, for words whose text is not known.

    A space stands before each word, but for the first one and

    - between two letters of Han, Hiragana, Katakana, Thai, Lao, Khmer, Burmese or Tibetan, and between Han, Hiragana
      or Katakana and a digit;
    - before and after East Asian wide punctuation, such as 。 and 「, whose width holds the space;
    - before closing punctuation and after opening brackets, ¿ and ¡. Quotation marks keep their spaces, since what
      opens in one language closes in another.

    What is a habit of one language only (the French space before ``?``, English ``do n't``) is not known.

    Args:
        words: The words, none empty.

    Returns:
        For each word whether a space stands before it.

    Example:
        >>> spaces_of_script(["他", "喜欢", "Python", "。"])
        (False, False, True, False)
        >>> spaces_of_script(["Yes", "(", "no", ")", "!"])
        (False, True, False, False, False)
    """
    return (False, *(not _joined(left, right) for left, right in pairwise(words)))[: len(words)]


def _joined(left: str, right: str) -> bool:
    last, first = left[-1], right[0]
    return (
        {_script(last), _script(first)} <= _HAN_AND_KANA | WITHOUT_SPACES
        or (_script(last) in _HAN_AND_KANA and first.isdigit())
        or (last.isdigit() and _script(first) in _HAN_AND_KANA)
        or _wide_punctuation(last)
        or _wide_punctuation(first)
        or (_closes(first) and not any(map(str.isalnum, right)))
        or (_opens(last) and not any(map(str.isalnum, left)))
    )


def _script(character: str) -> str:
    return unicodedata.name(character, "").replace("-", " ").split(" ")[0]


def _wide_punctuation(character: str) -> bool:
    return unicodedata.east_asian_width(character) in "WF" and unicodedata.category(character).startswith("P")


def _closes(character: str) -> bool:
    return character in _CLOSING or unicodedata.category(character) == "Pe"


def _opens(character: str) -> bool:
    return character in "¿¡" or unicodedata.category(character) == "Ps"

"""Cutting a text: into sentences, and a running text into words."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

from isogloss.common.languages import writes_spaces

_END = re.compile(r"(?<=[.!?؟।။።…])[\"'”’»)\]]*\s+|(?<=[。！？])[」』”’）]*\s*|\n+")
"""What stands between two sentences: white space after their end, or in scripts without spaces the end itself."""


def sentences(text: str, keep: tuple[int, int] | None = None) -> list[tuple[int, int]]:
    """Where the sentences of a text begin and end, none blank.

    The ends are guessed from punctuation, so an abbreviation may cut a sentence in two.

    Args:
        text: The text.
        keep: Begin and end of a stretch that is not cut.

    Example:
        >>> text = "He came. She went!"
        >>> [text[start:stop] for start, stop in sentences(text)]
        ['He came.', 'She went!']
    """
    begin, found = 0, []
    for match in _END.finditer(text):
        # Closing marks belong to the sentence that they end.
        stop = match.end() - (len(match[0]) - len(match[0].rstrip())) if match[0].strip() else match.start()
        if keep is not None and keep[0] < match.end() and stop < keep[1]:
            continue
        found.append((begin, stop))
        begin = match.end()
    found.append((begin, len(text)))
    return [(start, stop) for start, stop in found if text[start:stop].strip()]


def words(text: str, language: str) -> tuple[list[str], list[bool]]:
    """The words of a running text, and before which of them a space stands.

    Words end at spaces, and punctuation at their ends is a word of its own; in a language that writes no spaces every
    character is one, as in WikiANN's Chinese and Japanese.

    Example:
        >>> words("Ja, das geht (wohl).", "de")
        (['Ja', ',', 'das', 'geht', '(', 'wohl', ')', '.'], [False, False, True, True, True, False, False, False])
        >>> words("我喜欢。", "zh")[0]
        ['我', '喜', '欢', '。']
    """
    spaced = writes_spaces(language)
    found: list[str] = []
    spaces: list[bool] = []
    for number, chunk in enumerate(text.split()):
        parts = _peeled(chunk) if spaced else _characters(chunk)
        found += parts
        spaces += [number > 0, *[False] * (len(parts) - 1)]
    return found, spaces


def _peeled(chunk: str) -> list[str]:
    """A chunk without the punctuation at its ends, and each of these marks; a chunk of marks alone stays whole."""
    first = next((place for place, mark in enumerate(chunk) if not _is_mark(mark)), None)
    if first is None:
        return [chunk]
    last = next(place for place in range(len(chunk), 0, -1) if not _is_mark(chunk[place - 1]))
    return [*chunk[:first], chunk[first:last], *chunk[last:]]


def _characters(chunk: str) -> list[str]:
    """Single characters with the marks that combine with them; words in Latin letters, and numbers, stay whole."""
    found: list[str] = []
    for character in unicodedata.normalize("NFC", chunk):
        combines = unicodedata.category(character).startswith("M")
        goes_on = found and character.isascii() and character.isalnum() and found[-1][-1].isascii()
        if found and (combines or (goes_on and found[-1][-1].isalnum())):
            found[-1] += character
        else:
            found.append(character)
    return found


def _is_mark(character: str) -> bool:
    return unicodedata.category(character).startswith("P")


def joined(parts: Sequence[str], language: str) -> str:
    """Sentences one after the other, with spaces between them where the language writes some."""
    return (" " if writes_spaces(language) else "").join(part for part in parts if part)

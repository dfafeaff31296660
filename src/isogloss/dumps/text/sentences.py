"""Paragraphs cut into sentences, in scripts without spaces and without stops too.

sentencex (Wikimedia, MIT) knows about 300 languages and falls back to their relatives. What it does not: it ends no
sentence at the stops of Khmer and Tibetan, it cuts Thai and Lao not at all, and it cuts inside a mention.
"""

from __future__ import annotations

import itertools
import re
import unicodedata

from sentencex import segment

from isogloss.common.languages import find
from isogloss.dumps.text.linked import Linked

PHRASES = 200
"""Characters of Thai or Lao that are taken for a sentence: as many phrases as fit, since only spaces part them."""
_STOPS = re.compile(r"(?<=[។៕།༎༑৷])\s*(?![។៕།༎])")
# Where these end sentences, a full stop of Latin is that of an abbreviation.
_OWN_STOPS = {code: "।৷॥" for code in ("as", "bn", "hi", "ne", "or", "sa", "mai", "bho")} | {"hy": "։:"}
_UNMARKED = frozenset({"th", "lo"})
_SHORT = re.compile(r"\w{1,3}\.\s*")
_INITIAL = re.compile(r"(?<![^\W\d_])[^\W\d_]\.\s*$")
_OPENING = " \"'([«“„‘"
_GOES_ON = frozenset("-–—,;:)]»”’")
_ENDS = frozenset(".!?…。！？｡।॥৷։؟۔።፧។៕།༎။")
_CLOSING = "\"'’”»›)]）」』】〉》"


def split(content: Linked, language: str) -> list[Linked]:
    """The sentences of a paragraph, without white space at their ends.

    Args:
        content: A paragraph in one line.
        language: Its code.

    Example:
        >>> [part.text for part in split(Linked("It is Dr. Smith. He left."), "en")]
        ['It is Dr. Smith.', 'He left.']
        >>> [part.text for part in split(Linked("你好。再见！"), "zh")]
        ['你好。', '再见！']
    """
    known = find(language)
    code = known.code if known is not None else language
    starts = _phrases(content.text) if code in _UNMARKED else _starts(content.text, code)
    inside = {place for link in content.links for place in range(link.start + 1, link.end)}
    places = [0, *(start for start in starts if start not in inside), len(content.text)]
    parts = (content.cut(begin, end).stripped() for begin, end in itertools.pairwise(places))
    return [part for part in parts if part.text]


def ends(text: str, language: str) -> bool:
    """Whether a text ends as sentences of the language do, which in Thai and Lao is any way.

    Example:
        >>> ends("He said “no.”", "en"), ends("A map of Kyiv", "en")
        (True, False)
    """
    known = find(language)
    code = known.code if known is not None else language
    last = text.rstrip(_CLOSING)[-1:]
    return code in _UNMARKED or last in _ENDS or (last != "" and last in _OWN_STOPS.get(code, ""))


def _starts(text: str, code: str) -> list[int]:
    """Where sentences begin, but for the first."""
    pieces = [part for piece in segment(code, text) for part in _STOPS.split(piece) if part]
    if "".join(pieces) != text:
        # White space between stops is lost in splitting; places are found again in order.
        pieces = _placed(pieces, text)
    own = _OWN_STOPS.get(code, "")
    has_own = any(stop in text for stop in own)
    starts, at = list[int](), 0
    for before, piece in itertools.pairwise(pieces):
        at += len(before)
        is_foreign = has_own and before.rstrip().endswith(".")
        if not is_foreign and not _belongs(before, piece):
            starts.append(at)
    return starts


def _placed(pieces: list[str], text: str) -> list[str]:
    """The pieces with the white space that follows each."""
    found, at = list[int](), 0
    for piece in pieces:
        at = text.find(piece, at)
        if at < 0:
            return [text]
        found.append(at)
        at += len(piece)
    return [text[begin:end] for begin, end in zip(found, [*found[1:], len(text)], strict=True)]


def _belongs(before: str, piece: str) -> bool:
    """Whether a cut is wrong: the sentence goes on in a small letter or with a dash, or the stop was an initial's."""
    first = piece.lstrip(_OPENING)[:1]
    return (
        first in _GOES_ON
        or unicodedata.category(first or " ") == "Ll"
        or _SHORT.fullmatch(before) is not None
        or _INITIAL.search(before) is not None
    )


def _phrases(text: str) -> list[int]:
    starts, begin = list[int](), 0
    for found in re.finditer(r"\s+", text):
        following = text.find(" ", found.end())
        end = len(text) if following < 0 else following
        if end - begin > PHRASES and found.start() > begin:
            starts.append(found.end())
            begin = found.end()
    return starts

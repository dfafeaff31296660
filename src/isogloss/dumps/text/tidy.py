"""What removed markup leaves behind: empty brackets, spaces before stops, holes of footnotes."""

from __future__ import annotations

import re
import unicodedata

from isogloss.dumps.text.linked import Linked, join
from isogloss.dumps.text.markup import HOLE

_BLANKS = re.compile(r"[\s\u00a0\u2000-\u200a\u202f\u205f\u3000]+")
# Not the joiners U+200C and U+200D, which are spelling in Persian and in India.
_INVISIBLE = re.compile("[\u00ad\u200b\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff]")
_OPEN, _CLOSE, _BETWEEN = r"[(\[（［]", r"[)\]）］]", r"[\s,;:،؛、，；/–—-]"
# Inside of brackets a hole and the comma beside it go; a bracket of which nothing is left goes whole.
_IN_BRACKETS = re.compile(rf"({_OPEN})([^()\[\]（）［］]*)({_CLOSE})")
_HOLES = re.compile(rf"(?:{_BETWEEN}*{HOLE}+)+{_BETWEEN}*")
_EMPTY = re.compile(rf"\s*{_OPEN}{_BETWEEN}*{_CLOSE}")
_AFTER_OPEN = re.compile(rf"(?<={_OPEN})(?:\s|[,;:،؛、，；])+")
_BEFORE_CLOSE = re.compile(rf"(?:\s|[,;:،؛、，；])+(?={_CLOSE})")
# A hole right behind a letter or a stop is a footnote.
_NOTE = re.compile(rf"(?<=\S){HOLE}+(?=[\s.,;:!?)»”\"।։。、，]|$)|^(?:\s*{HOLE})+\s*")
_BEFORE_STOP = re.compile(r" +(?=[,.;!?。，、।։](?:\s|$))")
_DOUBLE = re.compile(r"([,;،])(?:\s*[,;،])+")


def tidy(content: Linked) -> Linked:
    """The paragraph in one line, in NFC, with single spaces; what is still a hole could not be told.

    Example:
        >>> tidy(Linked(f"Kyiv ({HOLE}; {HOLE}) is\\na city{HOLE} ,  here.")).text
        'Kyiv is a city, here.'
    """
    found = content.replace(_INVISIBLE, "").replace(_BLANKS, " ")
    for _ in range(3):  # brackets within brackets
        before = found.text
        found = _brackets(found).replace(_EMPTY, "")
        if found.text == before:
            break
    found = found.replace(_AFTER_OPEN, "").replace(_BEFORE_CLOSE, "")
    found = found.replace(_NOTE, "").replace(_BEFORE_STOP, "").replace(_DOUBLE, r"\1").replace(_BLANKS, " ")
    return _composed(found).stripped()


def _brackets(content: Linked) -> Linked:
    """Take holes out of brackets, each with what separates it from its neighbours."""
    spans = [(found.start(2), found.end(2)) for found in _IN_BRACKETS.finditer(content.text) if HOLE in found[2]]
    for start, end in reversed(spans):
        inside = content.cut(start, end).replace(_HOLES, _separator)
        content = join(content.cut(0, start), inside, content.cut(end, len(content.text)))
    return content


def _separator(found: re.Match[str]) -> str:
    at_edge = found.start() == 0 or found.end() == len(found.string)
    marks = [mark for mark in found[0] if mark in ",;،؛、，；"]
    return "" if at_edge else f"{marks[0]} " if marks else " "


def _composed(content: Linked) -> Linked:
    """The text in NFC; letters of different origin may only now stand together."""
    if unicodedata.is_normalized("NFC", content.text):
        return content
    return content.map_pieces(lambda piece: unicodedata.normalize("NFC", piece))

"""What removed markup leaves behind: empty brackets, spaces before stops, holes of footnotes."""

from __future__ import annotations

import re
import unicodedata

from isogloss.dumps.text.linked import Linked, join
from isogloss.dumps.text.templates import SPOKEN
from isogloss.dumps.text.walk import HOLE

_BLANKS = re.compile(r"[\s\u00a0\u2000-\u200a\u202f\u205f\u3000]+")
# Not the joiners U+200C and U+200D, which are spelling in Persian and in India.
_INVISIBLE = re.compile("[\u00ad\u200b\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff]")
_OPEN, _CLOSE, _BETWEEN = r"[(\[（［]", r"[)\]）］]", r"[\s,;:،؛、，；/–—-]"
_SEPARATORS = ",;،؛、，；"
_IN_BRACKETS = re.compile(rf"({_OPEN})([^()\[\]（）［］]*)({_CLOSE})")
# What stands between two commas goes with its hole: "(born {{age}} years ago; a painter)" keeps the painter.
_HOLES = re.compile(rf"[^{_SEPARATORS}]*[{HOLE}{SPOKEN}][^{_SEPARATORS}]*")
_SPOKEN = re.compile(rf"\s*{SPOKEN}")
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
        >>> tidy(Linked(f"Kyiv ({HOLE}; {HOLE}) is  a city{HOLE} ,  here.")).text
        'Kyiv is a city, here.'
        >>> tidy(Linked(f"Kyiv (spoken {HOLE}, once Kiev; {HOLE} years old) is far.")).text
        'Kyiv (once Kiev) is far.'
    """
    found = content.replace(_INVISIBLE, "").replace(_BLANKS, " ")
    for _ in range(3):  # brackets within brackets
        before = found.text
        found = _brackets(found).replace(_EMPTY, "")
        if found.text == before:
            break
    found = found.replace(_AFTER_OPEN, "").replace(_BEFORE_CLOSE, "").replace(_SPOKEN, "")
    found = found.replace(_NOTE, "").replace(_BEFORE_STOP, "").replace(_DOUBLE, r"\1").replace(_BLANKS, " ")
    return _composed(found).stripped()


def _brackets(content: Linked) -> Linked:
    """Take holes out of brackets, each with all between its neighbouring commas."""
    found = [(match.start(2), match.end(2)) for match in _IN_BRACKETS.finditer(content.text) if _HOLES.search(match[2])]
    for start, end in reversed(found):
        inside = content.cut(start, end).replace(_HOLES, "")
        content = join(content.cut(0, start), inside, content.cut(end, len(content.text)))
    return content


def _composed(content: Linked) -> Linked:
    """The text in NFC; letters of different origin may only now stand together."""
    if unicodedata.is_normalized("NFC", content.text):
        return content
    return content.map_pieces(lambda piece: unicodedata.normalize("NFC", piece))

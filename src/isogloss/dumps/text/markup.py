"""Wikitext to paragraphs with links: what a reader of the page would see, without what is no running text.

What of the markup is text is decided in `isogloss.dumps.text.walk`; here its lines become paragraphs. Nothing that
could be text is dropped in silence: a hole stands where something could not be told, and lists and tables are counted.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from isogloss.dumps import reasons
from isogloss.dumps.text.linked import Linked
from isogloss.dumps.text.templates import SPOKEN
from isogloss.dumps.text.walk import HEADING, HOLE, ITEM, OWN, walked
from isogloss.dumps.titles import Site

_MARK = re.compile(ITEM)
_NOTHING = f"{HOLE}{SPOKEN} \t\n"
# `__NOTOC__` and its like, in any language.
_WORDS = re.compile(r"__[^\W\d_]+(?:_[^\W\d_]+)*__")
_TABLE_LINE = re.compile(r"\s*(\{\||\|\}|\||!)")
# Four apostrophes are one, and bold; the parser's own reading of two and three fails on broken markup.
_FOUR, _STYLE = re.compile(r"(?<!')'{4}(?!')"), re.compile(r"'{2,}")


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A paragraph of an article.

    Attributes:
        content: Its text and links.
        is_opening: Whether it stands before the first heading, and is no item of a list.
        is_item: Whether it is an item of a list.
    """

    content: Linked
    is_opening: bool
    is_item: bool = False


def paragraphs(wikitext: str, site: Site, drops: Counter[str]) -> Iterator[Paragraph]:
    """The paragraphs of an article in order; the targets of their links are as the page has them.

    Args:
        wikitext: The markup of the page.
        site: Its wiki.
        drops: Takes what is left out, by reason.
    """
    clean = _WORDS.sub("", OWN.sub("", unicodedata.normalize("NFC", wikitext)))
    whole = walked(clean, site, drops)
    is_opening, begin, at = True, 0, 0
    for line in whole.text.splitlines(keepends=True):
        end = at + len(line)
        kind = _kind(line)
        if kind is not None:
            yield from _paragraph(whole, begin, at, is_opening)
            begin = end
            if kind == HEADING:
                is_opening = False
            elif kind == ITEM:
                yield from _paragraph(whole, at, end, is_opening)
            elif kind:
                drops[kind] += 1
        at = end
    yield from _paragraph(whole, begin, at, is_opening)


def _kind(line: str) -> str | None:
    """What ends a paragraph: a blank line (empty), a heading, an item, or the reason to drop the line; None: text."""
    if HEADING in line:
        return HEADING
    if ITEM in line:
        return ITEM
    if _TABLE_LINE.match(line):
        return reasons.IN_TABLE
    return None if line.strip(_NOTHING) else ""


def _paragraph(whole: Linked, begin: int, end: int, is_opening: bool) -> Iterator[Paragraph]:
    found = whole.cut(begin, end).replace(_FOUR, "'").replace(_STYLE, "").stripped()
    is_item = found.text.startswith(ITEM)
    if is_item:
        found = found.replace(_MARK, "").stripped()
    if found.text.strip(_NOTHING):
        yield Paragraph(found, is_opening and not is_item, is_item)

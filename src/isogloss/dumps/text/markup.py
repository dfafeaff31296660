"""Wikitext to paragraphs with links: what a reader of the page would see, without what is no running text.

mwparserfromhell reads the markup; here it is decided what of it is text. Nothing that could be text is dropped in
silence: a hole stands where something could not be told, and lists and tables are counted.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

import mwparserfromhell
from mwparserfromhell.nodes import (
    Argument,
    Comment,
    ExternalLink,
    Heading,
    HTMLEntity,
    Tag,
    Template,
    Text,
    Wikilink,
)
from mwparserfromhell.wikicode import Wikicode

from isogloss.common.languages import writes_spaces
from isogloss.dumps import reasons
from isogloss.dumps.text.linked import Link, Linked
from isogloss.dumps.text.templates import SPOKEN, text_of
from isogloss.dumps.titles import Site, target

HOLE = "\ue000"
"""Stands where something was that cannot be told in words."""
_HEADING, _ITEM = "\ue001", "\ue002"
_MARK = re.compile(_ITEM)
_NOTHING = f"{HOLE}{SPOKEN} \t\n"
_OWN = re.compile(f"[{HOLE}{_HEADING}{_ITEM}{SPOKEN}]")

_NOT_SHOWN = """
    ref references gallery table timeline imagemap templatestyles section includeonly score hiero graph mapframe
    indicator style inputbox categorytree tr td th caption languages s del strike
"""
_BLOCK_TAGS = "p div blockquote center poem hr ul ol dl table h1 h2 h3 h4 h5 h6"
_GONE = frozenset(_NOT_SHOWN.split())
_LOST = frozenset(["math", "chem", "ce", "maplink", "syntaxhighlight", "source", "pre"])
# Digits have letters of their own above and below the line; 10<sup>9</sup> is not 109.
_RAISED = {
    "sup": str.maketrans("0123456789+-−–=()n", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻⁻⁼⁽⁾ⁿ"),
    "sub": str.maketrans("0123456789+-−–=()", "₀₁₂₃₄₅₆₇₈₉₊₋₋₋₌₍₎"),
}
_BLOCKS = frozenset(
    ["p", "div", "blockquote", "center", "poem", "hr", "ul", "ol", "dl", "table", "h1", "h2", "h3", "h4", "h5", "h6"]
)
_ITEMS = frozenset(["li", "dt", "dd"])
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
    walk = _Walk(site, drops)
    clean = _WORDS.sub("", _OWN.sub("", unicodedata.normalize("NFC", wikitext)))
    walk.code(mwparserfromhell.parse(clean, skip_style_tags=True))
    whole = walk.linked()
    is_opening, begin, at = True, 0, 0
    for line in whole.text.splitlines(keepends=True):
        end = at + len(line)
        kind = _kind(line)
        if kind is not None:
            yield from _paragraph(whole, begin, at, is_opening)
            begin = end
            if kind == _HEADING:
                is_opening = False
            elif kind == _ITEM:
                yield from _paragraph(whole, at, end, is_opening)
            elif kind:
                drops[kind] += 1
        at = end
    yield from _paragraph(whole, begin, at, is_opening)


def _kind(line: str) -> str | None:
    """What ends a paragraph: a blank line (empty), a heading, an item, or the reason to drop the line; None: text."""
    if _HEADING in line:
        return _HEADING
    if _ITEM in line:
        return _ITEM
    if _TABLE_LINE.match(line):
        return reasons.IN_TABLE
    return None if line.strip(_NOTHING) else ""


def _paragraph(whole: Linked, begin: int, end: int, is_opening: bool) -> Iterator[Paragraph]:
    found = whole.cut(begin, end).replace(_FOUR, "'").replace(_STYLE, "").stripped()
    is_item = found.text.startswith(_ITEM)
    if is_item:
        found = found.replace(_MARK, "").stripped()
    if found.text.strip(_NOTHING):
        yield Paragraph(found, is_opening and not is_item, is_item)


class _Walk:
    """Collects text and links in the order of the page."""

    def __init__(self, site: Site, drops: Counter[str]) -> None:
        self._site, self._drops = site, drops
        self._pieces, self._length, self._links = list[str](), 0, list[Link]()
        self._trails = writes_spaces(site.language)

    def linked(self) -> Linked:
        return Linked("".join(self._pieces), tuple(self._links))

    def code(self, code: Wikicode) -> None:
        after_link = False
        for node in code.nodes:
            if isinstance(node, Text):
                text = node.value
                if after_link and self._trails:
                    text = self._trail(text)
                self._add(text)
            elif isinstance(node, Wikilink):
                after_link = self._link(node)
                continue
            elif isinstance(node, Template):
                self._template(node)
            elif isinstance(node, Tag):
                self._tag(node)
            elif isinstance(node, Heading):
                self._add(f"\n{_HEADING}\n")
            elif isinstance(node, HTMLEntity):
                self._add(_OWN.sub("", node.normalize() or ""))
            elif isinstance(node, ExternalLink):
                if node.title is not None:
                    self.code(node.title)
            elif isinstance(node, Argument):
                self._add(HOLE)
            else:
                assert isinstance(node, Comment)
                continue
            after_link = False

    def _add(self, text: str) -> None:
        self._pieces.append(text)
        self._length += len(text)

    def _link(self, node: Wikilink) -> bool:
        """Add a link; whether letters that follow belong to it."""
        to = target(str(node.title), self._site)
        if not to.shown:
            return False
        start = self._length
        if node.text is not None:
            self.code(node.text)
        else:
            self._add(str(node.title).strip().lstrip(":").replace("_", " "))
        # Of a link within the text of another, as broken markup has it, the outer one counts.
        while self._links and self._links[-1].end > start:
            self._links.pop()
        if to.namespace != 0:
            self._drops[reasons.OTHER_LINK] += 1
        elif not to.title:
            self._drops[reasons.TO_ITSELF] += 1
        elif self._length > start:
            self._links.append(Link(start, self._length, to.title))
            return True
        return False

    def _trail(self, text: str) -> str:
        """Give the letters that follow a link to its text, as ``[[cat]]s`` is shown; the rest is returned."""
        number = next((place for place, letter in enumerate(text) if unicodedata.category(letter)[0] not in "LM"), None)
        trail = text if number is None else text[:number]
        self._add(trail)
        last = self._links[-1]
        self._links[-1] = Link(last.start, self._length, last.target)
        return text[len(trail) :]

    def _template(self, node: Template) -> None:
        shown = text_of(node)
        if shown is None:
            self._add(HOLE)
        for piece in shown or ():
            if isinstance(piece, str):
                self._add(piece)
            else:
                self.code(piece)

    def _tag(self, node: Tag) -> None:
        name = str(node.tag).strip().casefold()
        if name in _ITEMS and node.wiki_markup:
            self._add(f"\n{_ITEM}" if not self._pieces or not self._pieces[-1].endswith(_ITEM) else "")
        elif name == "br":
            self._add(" ")
        elif name in _LOST:
            self._add(HOLE)
        elif name in _RAISED and node.contents is not None:
            self._raised(node.contents, _RAISED[name])
        elif name in _GONE:
            if name == "table":
                self._drops[reasons.IN_TABLE] += 1
                self._add("\n\n")
        else:
            is_block = name in _BLOCKS
            self._add("\n\n" if is_block else f"\n{_ITEM}" if name in _ITEMS else "")
            if node.contents is not None:
                self.code(node.contents)
            self._add("\n\n" if is_block else "\n" if name in _ITEMS else "")

    def _raised(self, code: Wikicode, letters: dict[int, int]) -> None:
        first = len(self._pieces)
        self.code(code)
        text = "".join(self._pieces[first:])
        if text and all(ord(letter) in letters for letter in text):
            self._pieces[first:] = [text.translate(letters)]

"""Wikitext to one text with links: what of its markup is text, and where headings, items and blocks begin.

mwparserfromhell reads the markup, node by node.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter

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
HEADING, ITEM = "\ue001", "\ue002"
"""Stand where a heading was, and before an item of a list."""
OWN = re.compile(f"[{HOLE}{HEADING}{ITEM}{SPOKEN}]")
"""What stands for something here, and so for nothing in a page."""

_NOT_SHOWN = """
    ref references gallery table timeline imagemap templatestyles section includeonly score hiero graph mapframe
    indicator style inputbox categorytree tr td th caption languages s del strike
"""
_BLOCK_TAGS = "p div blockquote center poem hr ul ol dl table h1 h2 h3 h4 h5 h6"
_GONE, _BLOCKS = frozenset(_NOT_SHOWN.split()), frozenset(_BLOCK_TAGS.split())
_LOST = frozenset(["math", "chem", "ce", "maplink", "syntaxhighlight", "source", "pre"])
# Digits have letters of their own above and below the line; 10<sup>9</sup> is not 109.
_RAISED = {
    "sup": str.maketrans("0123456789+-−–=()n", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻⁻⁼⁽⁾ⁿ"),
    "sub": str.maketrans("0123456789+-−–=()", "₀₁₂₃₄₅₆₇₈₉₊₋₋₋₌₍₎"),
}
_ITEMS = frozenset(["li", "dt", "dd"])


def walked(wikitext: str, site: Site, drops: Counter[str]) -> Linked:
    """The text of a page with its links, whose targets are as the page has them.

    Args:
        wikitext: The markup, without characters that stand for something here.
        site: Its wiki.
        drops: Takes what is left out, by reason.
    """
    walk = _Walk(site, drops)
    walk.code(mwparserfromhell.parse(wikitext, skip_style_tags=True))
    return walk.linked()


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
                self._add(f"\n{HEADING}\n")
            elif isinstance(node, HTMLEntity):
                self._add(OWN.sub("", node.normalize() or ""))
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
            self._add(f"\n{ITEM}" if not self._pieces or not self._pieces[-1].endswith(ITEM) else "")
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
            self._add("\n\n" if is_block else f"\n{ITEM}" if name in _ITEMS else "")
            if node.contents is not None:
                self.code(node.contents)
            self._add("\n\n" if is_block else "\n" if name in _ITEMS else "")

    def _raised(self, code: Wikicode, letters: dict[int, int]) -> None:
        first = len(self._pieces)
        self.code(code)
        text = "".join(self._pieces[first:])
        if text and all(ord(letter) in letters for letter in text):
            self._pieces[first:] = [text.translate(letters)]

"""A text that knows which of its characters link where, and keeps knowing it while it is cut and mended."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Link:
    """A link in a text: first character, one behind the last, and where it leads."""

    start: int
    end: int
    target: str


@dataclass(frozen=True, slots=True)
class Linked:
    """A text and its links, in order and without overlap.

    Example:
        >>> text = Linked("a  b", (Link(3, 4, "B"),))
        >>> text.replace(re.compile(" +"), " ")
        Linked(text='a b', links=(Link(start=2, end=3, target='B'),))
        >>> text.cut(2, 4).stripped()
        Linked(text='b', links=(Link(start=0, end=1, target='B'),))
    """

    text: str
    links: tuple[Link, ...] = ()

    def cut(self, start: int, end: int) -> Linked:
        """The characters from ``start`` to ``end``; a link that is not wholly among them is text."""
        inside = (link for link in self.links if start <= link.start and link.end <= end)
        return Linked(
            self.text[start:end], tuple(Link(link.start - start, link.end - start, link.target) for link in inside)
        )

    def stripped(self) -> Linked:
        """The text without white space at its ends."""
        left = len(self.text) - len(self.text.lstrip())
        return self.cut(left, max(left, len(self.text.rstrip())))

    def replace(self, pattern: re.Pattern[str], new: str | Callable[[re.Match[str]], str]) -> Linked:
        """The text with all matches replaced. A link that begins or ends inside of a match loses that part."""
        pieces, begins, ends, news = list[str](), list[int](), list[int](), list[int]()
        at = length = 0
        for found in pattern.finditer(self.text):
            replacement = new(found) if not isinstance(new, str) else found.expand(new) if "\\" in new else new
            kept = self.text[at : found.start()]
            pieces += (kept, replacement)
            length += len(kept)
            begins.append(found.start())
            ends.append(found.end())
            news.append(length)
            length += len(replacement)
            at = found.end()
        if not begins:
            return self
        text = "".join((*pieces, self.text[at:]))
        widths = [len(piece) for piece in pieces[1::2]]

        def moved(position: int, is_end: bool) -> int:
            # The last match that begins before the position, or at it where a link begins.
            match = bisect_right(begins, position - is_end) - 1
            if match < 0:
                return position
            behind = news[match] + widths[match]
            if position >= ends[match]:
                return behind + position - ends[match]
            return news[match] if is_end else behind

        links = (Link(moved(link.start, False), moved(link.end, True), link.target) for link in self.links)
        return Linked(text, tuple(link for link in links if link.start < link.end))

    def map_pieces(self, change: Callable[[str], str]) -> Linked:
        """The text with every link, and every stretch between links, changed by itself."""
        pieces, links, length, at = list[str](), list[Link](), 0, 0

        def add(text: str) -> None:
            nonlocal length
            pieces.append(change(text))
            length += len(pieces[-1])

        for link in self.links:
            add(self.text[at : link.start])
            start = length
            add(self.text[link.start : link.end])
            links.append(Link(start, length, link.target))
            at = link.end
        add(self.text[at:])
        return Linked("".join(pieces), tuple(links))


def join(*parts: Linked) -> Linked:
    """Texts one after another."""
    links, length = list[Link](), 0
    for part in parts:
        links += (Link(link.start + length, link.end + length, link.target) for link in part.links)
        length += len(part.text)
    return Linked("".join(part.text for part in parts), tuple(links))

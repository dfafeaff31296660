"""Parsoid's HTML to paragraphs with links, by mwparserfromhtml, which knows what of it is running text.

It gives plain text. To know afterwards where the links and the opening were, both are marked before.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator

from mwparserfromhtml.parse.article import Article as Html
from mwparserfromhtml.parse.elements import Wikilink

from isogloss.dumps import reasons
from isogloss.dumps.text.linked import Link, Linked
from isogloss.dumps.text.markup import Paragraph
from isogloss.dumps.titles import Site, target

_MARKED = re.compile("\ue010(\\d+)\ue011(.*?)\ue012", re.DOTALL)
_MARKS = re.compile("[\ue010-\ue013]")
_OPENING = "\ue013"
"""Stands at the beginning of each paragraph before the first heading."""


def html_paragraphs(html: str, site: Site, drops: Counter[str]) -> Iterator[Paragraph]:
    """The paragraphs of an article in order; the targets of their links are titles.

    Args:
        html: The page.
        site: Its wiki.
        drops: Takes what is left out, by reason.
    """
    article = Html(_MARKS.sub("", unicodedata.normalize("NFC", html)))
    tree = article.wikistew.tag
    targets = _mark(tree, site, drops)
    for part in getattr(tree.find("section"), "find_all", lambda name: ())("p"):
        part.insert(0, _OPENING)
    for marked in article.get_plaintext():
        text = marked.replace(_OPENING, "")
        links, pieces, length, at = list[Link](), list[str](), 0, 0
        for found in _MARKED.finditer(text):
            before = text[at : found.start()]
            pieces += (before, found[2])
            start = length + len(before)
            length = start + len(found[2])
            if found[2]:
                links.append(Link(start, length, targets[int(found[1])]))
            at = found.end()
        whole = "".join((*pieces, text[at:]))
        if not _MARKS.search(whole):
            yield Paragraph(Linked(whole, tuple(links)), text != marked)


def _mark(tree: object, site: Site, drops: Counter[str]) -> list[str]:
    """Put marks around the links to articles; their targets."""
    targets: list[str] = []
    for tag in tree.find_all("a"):  # type: ignore[attr-defined]
        if not Wikilink.is_wikilink(tag):
            continue
        to = target(re.sub(r"^\./", "", str(tag.get("href") or "")), site)
        if "mw:WikiLink/Interwiki" in "".join(tag["rel"]) or to.namespace != 0:
            drops[reasons.OTHER_LINK] += 1
        elif not to.title:
            drops[reasons.TO_ITSELF] += 1
        else:
            tag.insert(0, f"\ue010{len(targets)}\ue011")
            tag.append("\ue012")
            targets.append(to.title)
    return targets

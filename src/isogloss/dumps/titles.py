"""Titles as MediaWiki reads them in links: spaces, first letters, namespaces, other wikis."""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import unquote

from isogloss.common.languages import find

FILE, CATEGORY = 6, 14
CANONICAL: dict[str, int] = {
    "media": -2, "special": -1, "talk": 1, "user": 2, "user talk": 3, "project": 4, "wikipedia": 4, "project talk": 5,
    "file": FILE, "image": FILE, "file talk": 7, "mediawiki": 8, "mediawiki talk": 9, "template": 10,
    "template talk": 11, "help": 12, "help talk": 13, "category": CATEGORY, "category talk": 15, "portal": 100,
    "module": 828,
}  # fmt: skip
"""Names of namespaces that every wiki understands beside its own."""
# Other projects and tools that wikis link to by a prefix.
_PREFIXES = """
    w wikt wiktionary n wikinews b wikibooks q wikiquote s wikisource species wikispecies v wikiversity voy wikivoyage c
    commons m meta metawikimedia mw d wikidata wmf foundation phab doi iarchive google imdb arxiv
"""
SISTERS = frozenset(_PREFIXES.split())
_MEDIA = re.compile(r"\.(jpe?g|png|svg|gif|tiff?|webp|webm|og[agv]|mp[34]|wav|flac|pdf|djvu|mid|stl|xcf)$", re.I)
# Marks of direction and width that MediaWiki takes out of titles.
_MARKS = re.compile("[\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_BLANKS = re.compile(r"[ _\u00a0\u1680\u180e\u2000-\u200a\u2028\u2029\u202f\u205f\u3000\s]+")


@dataclass(frozen=True, slots=True)
class Site:
    """A wiki, as its dump describes it.

    Attributes:
        language: Code as in the name of the dump.
        namespaces: By the name in small letters, the number; the wiki's own names.
        first_letter: Whether the first letter of a title is always a capital.
    """

    language: str
    namespaces: Mapping[str, int]
    first_letter: bool = True


@dataclass(frozen=True, slots=True)
class Target:
    """Where a link leads.

    Attributes:
        title: The title there, without its namespace and section; empty for a section of the page itself.
        namespace: Number of the namespace, 0 for articles; None: another wiki.
        shown: Whether the link is text of the page: files and categories are not, unless a colon comes first.
    """

    title: str
    namespace: int | None
    shown: bool


def normal(title: str, site: Site) -> str:
    """A title in the form in which the wiki keeps it.

    Example:
        >>> normal(" côte_d'Ivoire ", Site("fr", {}))
        "Côte d'Ivoire"
    """
    text = _BLANKS.sub(" ", _MARKS.sub("", unicodedata.normalize("NFC", title))).strip()
    return _capital(text[:1]) + text[1:] if site.first_letter else text


def _capital(letter: str) -> str:
    """The capital, but where MediaWiki has none: Georgian is written without, and ß has none of one letter."""
    capital = letter.upper()
    return letter if len(capital) != 1 or "\u10d0" <= letter <= "\u10ff" else capital


def target(link: str, site: Site) -> Target:
    """Where the link ``[[link|...]]`` leads.

    Example:
        >>> uk = Site("uk", {"файл": 6})
        >>> target("київ#Історія", uk).title, target("Файл:А.jpg", uk).namespace, target(":de:Kiew", uk).namespace
        ('Київ', 6, None)
    """
    text = html.unescape(link)
    if "%" in text:
        text = unquote(text, errors="replace") if "\ufffd" not in unquote(text, errors="replace") else text
    text = _BLANKS.sub(" ", text).strip()
    colon = text.startswith(":")
    title = text.lstrip(": ").split("#", 1)[0]
    prefix, mark, rest = title.partition(":")
    if mark and rest.strip():
        name = _MARKS.sub("", prefix).strip().casefold()
        number = site.namespaces.get(name, CANONICAL.get(name))
        if number is not None and number != 0:
            return Target(normal(rest, site), number, colon or number not in (FILE, CATEGORY))
        if name in SISTERS or _is_wiki(prefix.strip(), rest):
            # Without a colon, a link to the same page in another language is no text.
            return Target(rest.strip(), None, colon or name in SISTERS)
        if _MEDIA.search(rest.strip()):
            return Target(normal(rest, site), FILE, colon)  # a file by a name of the namespace that the dump lacks
    return Target(normal(title, site), 0, True)


def _is_wiki(prefix: str, rest: str) -> bool:
    """Whether a prefix is the code of a language, written as one: small letters, and no space behind the colon."""
    known = re.fullmatch(r"[a-z]{2,3}(-[a-z]+)*|simple", prefix) and find(prefix) is not None
    return bool(known) and not rest.startswith(" ")

"""Pages of a dump in MediaWiki's XML, one after another, and what the dump says of its wiki."""

from __future__ import annotations

import codecs
import html
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

from isogloss.common.errors import IsoglossError
from isogloss.dumps.readers.compressed import Chunk, lines
from isogloss.dumps.titles import Site

LONGEST_PAGE = 64 << 20
"""Bytes. MediaWiki takes no revision beyond 2 MiB; what is far beyond is no page, but a page that does not end."""
_HEADER_LINES = 2000


@dataclass(frozen=True, slots=True)
class Page:
    """A page as it stands in the dump.

    Attributes:
        id: Number of the page, which it keeps when it moves.
        title: With its namespace, with spaces.
        namespace: 0 for articles.
        redirect: Title that it sends its readers to; None if it is no redirect.
        model: Content model, ``wikitext`` for articles.
        text: Its markup.
    """

    id: int
    title: str
    namespace: int
    redirect: str | None
    model: str
    text: str


def read_site(path: Path, language: str) -> Site:
    """What the head of a dump says of its wiki.

    Args:
        path: The dump.
        language: Code of the language, by the name of the file.

    Raises:
        IsoglossError: The file is no such dump, is not UTF-8, or is the dump of another wiki.
    """
    head: list[str] = []
    for number, (line, _) in enumerate(lines(Chunk(path))):
        if number == 0:
            _check_beginning(path, line)
        head.append(_decoded(path, line))
        if b"</siteinfo>" in line:
            break
        if number > _HEADER_LINES or b"<page>" in line:
            raise IsoglossError(f"{path}: no <siteinfo> before the first page; is this a dump of pages-articles?")
    else:
        raise IsoglossError(f"{path}: no MediaWiki dump: it ends before </siteinfo>")
    text = "".join(head)
    found = {name: html.unescape(value) for name, value in re.findall(r"<(dbname|case)>([^<]*)<", text)}
    wiki = found.get("dbname", "")
    declared = re.search(r'xml:lang="([^"]*)"', text)
    named = wiki.removesuffix("wiki").replace("_", "-") or (declared[1] if declared else language)
    if named != language:
        raise IsoglossError(
            f"{path}: the name says {language!r}, but the dump is of {wiki or named!r}; rename the file to "
            f"{wiki or named + 'wiki'}-..."
        )
    namespaces = {
        html.unescape(name or "").casefold(): int(key)
        for key, name in re.findall(r'<namespace key="(-?\d+)"[^>]*?(?:/>|>([^<]*)</namespace>)', text)
    }
    return Site(language, namespaces, found.get("case", "first-letter") == "first-letter")


def read_pages(chunk: Chunk) -> Iterator[Page]:
    """The pages whose beginning lies in the chunk.

    Raises:
        IsoglossError: The file is damaged or cut off, not UTF-8, or a page is not XML; the message names the page.
    """
    page: list[bytes] | None = None
    size, closed, ended = 0, False, True
    for line, inside in lines(chunk):
        if page is None:
            if not inside:
                ended = True
                break
            ended = False
            closed = closed or line.startswith(b"</mediawiki>")
            if line.strip() != b"<page>":
                continue
            page, size = [], 0
        page.append(line)
        size += len(line)
        if size > LONGEST_PAGE:
            raise IsoglossError(f"{chunk.path}: {_named(page)} does not end within {LONGEST_PAGE >> 20} MiB")
        if line.strip() == b"</page>":
            yield _page(chunk.path, page)
            page = None
    if page is not None:
        raise IsoglossError(f"{chunk.path}: the file ends in the middle of {_named(page)}; it is cut off")
    if not ended and not closed:
        raise IsoglossError(f"{chunk.path}: the file ends before </mediawiki>; it is cut off")


def _page(path: Path, page: list[bytes]) -> Page:
    try:
        tree = ElementTree.fromstring(b"".join(page))
        revision = tree.find("revision")
        redirect = tree.find("redirect")
        return Page(
            int(tree.findtext("id", "")),
            tree.findtext("title", ""),
            int(tree.findtext("ns", "0")),
            None if redirect is None else redirect.get("title", ""),
            "wikitext" if revision is None else revision.findtext("model", "wikitext"),
            "" if revision is None else revision.findtext("text") or "",
        )
    except (ElementTree.ParseError, ValueError) as error:
        raise IsoglossError(f"{path}: {_named(page)} is damaged: {error}") from error


def _named(page: list[bytes]) -> str:
    found = re.search(rb"<title>([^<]*)", b"".join(page[:5]))
    return f"page {html.unescape(found[1].decode('utf-8', 'replace'))!r}" if found else "a page"


def _check_beginning(path: Path, line: bytes) -> None:
    marks = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
    if line.startswith(marks) or b"\0" in line[:200] or re.search(rb'encoding="utf-?16', line, re.I):
        raise IsoglossError(f"{path}: the file is UTF-16; dumps are UTF-8, and so must this be")
    if not re.match(rb"(\xef\xbb\xbf)?\s*(<\?xml|<mediawiki|<!--)", line):
        shown = line[:40].decode("utf-8", "replace").strip()
        raise IsoglossError(f"{path}: no MediaWiki dump: it begins with {shown!r}, not with <mediawiki>")


def _decoded(path: Path, line: bytes) -> str:
    try:
        return line.decode("utf-8")
    except UnicodeDecodeError as error:
        raise IsoglossError(f"{path}: not UTF-8: {error}") from error

"""First stage, a task per wiki: its titles, redirects and items, as a file that later tasks ask."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from isogloss.dumps.index import PageRow, write_index
from isogloss.dumps.plan import Plan
from isogloss.dumps.readers.compressed import Chunk
from isogloss.dumps.readers.enterprise import read_articles
from isogloss.dumps.readers.pages import Page, read_pages, read_site
from isogloss.dumps.readers.sql import read_table
from isogloss.dumps.sources import Source
from isogloss.dumps.titles import Site, normal, target

# Names of the templates that mark a disambiguation, where no table says which pages are one. Beside these, every name
# that begins as the first four letters of them would, in the languages that write it so.
_DISAMBIGUATION = re.compile(
    r"\{\{\s*(?:disamb|disambig|dab|hndis|geodis|bkl|begriffsklärung|homonymie|desambig|disambigua|ujednozn|"
    r"неоднозначність|неоднозначность|багатозн|вишезначна|định hướng|trang định hướng|đn|tđn|բազմիմաստ|երկիմաստ|"
    r"দ্ব্যর্থতা|দ্ব্যর্থ|消歧义|消歧義|曖昧さ回避|aimai|توضيح|ابهام|ابهام‌زدایی|פירושונים|동음이의|แก้ความกำกวม|"
    r"anlam ayrımı|täsmennyssivu|förgrening|flertydig|doorverwijspagina|dp|rozcestník|egyért|dezambiguizare|"
    r"пояснение|аиртҵоо|maana|disambiguasi|nyahkekaburan|बहुविकल्पी)[^{}]{0,80}\}\}|__DISAMBIG__",
    re.IGNORECASE,
)
# The index of an HTML dump has no namespaces of its own.
_NAMESPACES: dict[str, int] = {}


@dataclass(frozen=True)
class Titles:
    """The stage."""

    plan: Plan

    def __call__(self, rank: int) -> None:
        """Write the index of a wiki."""
        language = self.plan.wikis[rank]
        props = self.plan.of("page_props", language)
        html = self.plan.of("html", language)
        if html:
            path = index_path(self.plan, language)
            write_index(path, _html_pages(html, language), _html_items(html, language))
            return
        pages, redirects = self.plan.of("page", language), self.plan.of("redirect", language)
        dumps = self.plan.of("pages", language)
        site = site_of(self.plan, language)
        for source in dumps:
            read_site(source.path, language)  # all of them must be of this wiki
        wiki, spared = _wiki(language), bool(pages and redirects)
        write_index(
            index_path(self.plan, language),
            _listed(pages, site, wiki) if spared else _dumped(dumps, site),
            _props(props, wiki) if props else None,
            _redirected(redirects, site, wiki) if spared else (),
        )


def index_path(plan: Plan, language: str) -> Path:
    """Where the index of a wiki is."""
    return plan.work / "titles" / f"{language}.sqlite"


def site_of(plan: Plan, language: str) -> Site:
    """What is known of a wiki."""
    dumps = plan.of("pages", language)
    return read_site(dumps[0].path, language) if dumps else Site(language, _NAMESPACES)


def is_disambiguation(page: Page) -> bool:
    """Whether a page says of itself that it lists articles of similar title."""
    return _DISAMBIGUATION.search(page.text) is not None


def _wiki(language: str) -> str:
    return f"{language.replace('-', '_')}wiki"


def _dumped(dumps: list[Source], site: Site) -> Iterator[PageRow]:
    """The articles and redirects of dumps in XML."""
    for source in dumps:
        for page in read_pages(Chunk(source.path)):
            if page.namespace == 0:
                redirect = None if page.redirect is None else _redirect(page.redirect, site)
                yield PageRow(normal(page.title, site), page.id, redirect, redirect is None and is_disambiguation(page))


def _redirect(title: str, site: Site) -> str:
    to = target(title, site)
    return to.title if to.namespace == 0 else ""


def _listed(pages: list[Source], site: Site, wiki: str) -> Iterator[PageRow]:
    """The articles and redirects that the tables of pages list."""
    for source in pages:
        for number, namespace, title in read_table(
            source.path, "page", ("page_id", "page_namespace", "page_title"), wiki
        ):
            if namespace == "0":
                yield PageRow(normal(title or "", site), int(number or 0), None)


def _redirected(redirects: list[Source], site: Site, wiki: str) -> Iterator[tuple[int, str]]:
    """Where the tables of redirects say that pages lead."""
    columns = ("rd_from", "rd_namespace", "rd_title", "rd_interwiki")
    for source in redirects:
        for number, namespace, title, other in read_table(source.path, "redirect", columns, wiki):
            yield int(number or 0), normal(title or "", site) if namespace == "0" and not other else ""


def _props(tables: list[Source], wiki: str) -> Iterator[tuple[int, str | None, bool]]:
    for source in tables:
        for number, name, value in read_table(source.path, "page_props", ("pp_page", "pp_propname", "pp_value"), wiki):
            if name == "wikibase_item":
                yield int(number or 0), value, False
            elif name == "disambiguation":
                yield int(number or 0), None, True


def _html_pages(dumps: list[Source], language: str) -> Iterator[PageRow]:
    site = Site(language, _NAMESPACES)
    for source in dumps:
        for article in read_articles(source.path, language):
            title = normal(article.title, site)
            yield PageRow(title, article.id, None)
            yield from (PageRow(normal(other, site), 0, title) for other in article.redirects)


def _html_items(dumps: list[Source], language: str) -> Iterator[tuple[int, str | None, bool]]:
    for source in dumps:
        for article in read_articles(source.path, language):
            yield article.id, article.entity, False

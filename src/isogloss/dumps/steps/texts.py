"""Second stage, a task per part of a dump: its sentences and descriptions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from isogloss.dumps import reasons
from isogloss.dumps.articles import Article, rows
from isogloss.dumps.index import Index
from isogloss.dumps.leaving_out import left_out, read_left_out
from isogloss.dumps.limits import words
from isogloss.dumps.linker import Linker, language_of, read_names
from isogloss.dumps.own import read_paragraphs, read_rows
from isogloss.dumps.plan import Piece, Plan
from isogloss.dumps.readers.enterprise import read_articles
from isogloss.dumps.readers.pages import Page, read_pages
from isogloss.dumps.rows import DESCRIPTIONS, SENTENCES, Description, Sentence
from isogloss.dumps.same import same_entities
from isogloss.dumps.steps.titles import index_path, is_disambiguation, site_of
from isogloss.dumps.tables import tables, whole_folder, write_counts
from isogloss.dumps.text.html import html_paragraphs
from isogloss.dumps.text.linked import Linked
from isogloss.dumps.text.markup import paragraphs
from isogloss.dumps.text.sentences import split
from isogloss.dumps.titles import Site, normal


@dataclass(frozen=True)
class Texts:
    """The stage."""

    plan: Plan

    def __call__(self, rank: int) -> None:
        """Write the sentences and descriptions of a piece."""
        piece = self.plan.texts[rank]
        counts, drops = Counter[str](), Counter[str]()
        with (
            whole_folder(text_folder(self.plan, rank)) as folder,
            tables(folder, {"sentences": SENTENCES, "descriptions": DESCRIPTIONS}) as written,
        ):
            for row in _rows(self.plan, piece, counts, drops):
                written["descriptions" if isinstance(row, Description) else "sentences"].add(row)
            write_counts(folder, counts, drops)


def text_folder(plan: Plan, rank: int) -> Path:
    """Where a task writes."""
    return plan.work / "texts" / f"{rank:05d}"


def _rows(plan: Plan, piece: Piece, counts: Counter[str], drops: Counter[str]) -> Iterator[Sentence | Description]:
    if piece.kind in ("pages", "html"):
        index = Index(index_path(plan, piece.language), piece.language, same_entities(plan.same))
        site = site_of(plan, piece.language)
        omitted = left_out(read_left_out(plan.leave_out), piece.language, index, site)
        dumped = _dumped if piece.kind == "pages" else _html
        for article in dumped(piece, index, site, counts, drops):
            if omitted.isdisjoint((article.title, article.known.entity or article.title)):
                counts["articles"] += 1
                yield from rows(article, piece.language, index, plan.limits, drops)
            else:
                drops[reasons.LEFT_OUT] += 1
        return
    linkers = _Linkers(plan)
    if piece.kind == "text":
        for text in read_paragraphs(piece):
            for part in split(Linked(text), piece.language):
                yield from _linked(Sentence(part.text, piece.language, (), ""), linkers, plan, drops)
        return
    for row in read_rows(piece):
        if isinstance(row, Description):
            yield row
        else:
            yield from _linked(row, linkers, plan, drops)


def _dumped(piece: Piece, index: Index, site: Site, counts: Counter[str], drops: Counter[str]) -> Iterator[Article]:
    for page in read_pages(piece.chunk):
        counts["pages"] += 1
        title = normal(page.title, site)
        reason = _no_article(page, index, title)
        if reason is not None:
            drops[reason] += 1
        else:
            yield Article(title, index.of_page(page.id, title), paragraphs(page.text, site, drops))


def _no_article(page: Page, index: Index, title: str) -> str | None:
    if page.namespace != 0:
        return reasons.OTHER_NAMESPACE
    if page.redirect is not None:
        return reasons.REDIRECT
    if page.model != "wikitext":
        return reasons.NOT_WIKITEXT
    if is_disambiguation(page) or index.of_page(page.id, title).reason == reasons.TO_DISAMBIGUATION:
        return reasons.DISAMBIGUATION_PAGE
    return None


def _html(piece: Piece, index: Index, site: Site, counts: Counter[str], drops: Counter[str]) -> Iterator[Article]:
    for article in read_articles(Path(piece.path), piece.language, piece.part, piece.parts):
        counts["pages"] += 1
        title = normal(article.title, site)
        yield Article(title, index.of_page(article.id, title), html_paragraphs(article.html, site, drops))


class _Linkers:
    """A linker per language that there are names of, made when it is first needed."""

    def __init__(self, plan: Plan) -> None:
        self._paths = {language_of(path): path for path in plan.names}
        self._made: dict[str, Linker] = {}

    def __call__(self, sentence: Sentence) -> Sentence:
        """The sentence with its mentions; one that has some is left as it is."""
        path = self._paths.get(sentence.language)
        if sentence.mentions or path is None:
            return sentence
        if sentence.language not in self._made:
            self._made[sentence.language] = Linker(read_names(path), sentence.language)
        return replace(sentence, mentions=self._made[sentence.language](sentence.text))


def _linked(sentence: Sentence, linkers: _Linkers, plan: Plan, drops: Counter[str]) -> Iterator[Sentence]:
    found = linkers(sentence)
    if words(found.text, found.language) < plan.limits.min_words:
        drops[reasons.TOO_SHORT] += 1
    elif len(found.text) > plan.limits.max_characters:
        drops[reasons.TOO_LONG] += 1
    elif not found.mentions and not plan.limits.unlinked:
        drops[reasons.NO_MENTION] += 1
    else:
        yield found

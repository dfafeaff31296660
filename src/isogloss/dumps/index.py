"""From a title to its entity: through redirects to an article, and from it to its Wikidata item.

The tables lie in a file of SQLite, since those of a large wiki do not fit into the memory of every process.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from isogloss.common.errors import IsoglossError
from isogloss.common.writing import hidden, writing
from isogloss.dumps import reasons

HOPS = 8
"""Redirects that are followed, at most. MediaWiki follows one; double ones wait to be mended by bots."""
_CACHE = 200_000
_ELSEWHERE = ""


class Known(NamedTuple):
    """What is known of a title.

    Attributes:
        title: The article that it leads to.
        entity: The entity of the article; None if there is none.
        reason: Why there is none.
    """

    title: str
    entity: str | None
    reason: str | None


class PageRow(NamedTuple):
    """A page of the namespace of articles.

    Attributes:
        title: Its title.
        id: Its number.
        redirect: Where it sends its readers, empty for a page that is no article; None if it is no redirect.
        disambiguation: Whether it lists articles of similar title.
    """

    title: str
    id: int
    redirect: str | None
    disambiguation: bool = False


@contextmanager
def new_database(path: Path) -> Iterator[sqlite3.Connection]:
    """A database that has its name only once it is whole."""
    partial = hidden(path)
    with writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            database = sqlite3.connect(partial, isolation_level=None)
            try:
                database.execute("PRAGMA journal_mode=OFF")
                database.execute("PRAGMA synchronous=OFF")
                database.execute("BEGIN")
                yield database
                database.execute("COMMIT")
            finally:
                database.close()
            partial.replace(path)
        except sqlite3.Error as error:
            raise IsoglossError(f"cannot write {path}: {error}") from error
        finally:
            partial.unlink(missing_ok=True)


def write_index(
    path: Path,
    pages: Iterable[PageRow],
    props: Iterable[tuple[int, str | None, bool]] | None,
    redirects: Iterable[tuple[int, str]] = (),
) -> int:
    """Write what `Index` reads.

    Args:
        path: The file.
        pages: The pages of the wiki; of two with one title the first counts.
        props: Number, Wikidata item and whether it is a disambiguation, of pages of any namespace, in any number of
            rows a page; None if nothing is known of items.
        redirects: Number of a page, and where it sends its readers, for pages that do not say it themselves.

    Returns:
        How many pages there are.
    """
    with new_database(path) as database:
        database.execute("CREATE TABLE pages (title TEXT, id INTEGER, redirect TEXT, disambiguation INTEGER)")
        database.executemany("INSERT INTO pages VALUES (?, ?, ?, ?)", pages)
        database.execute("CREATE INDEX by_title ON pages (title)")
        database.execute("CREATE TABLE redirects (id INTEGER PRIMARY KEY, title TEXT)")
        database.executemany("INSERT OR IGNORE INTO redirects VALUES (?, ?)", redirects)
        if props is not None:
            database.execute("CREATE TABLE items (id INTEGER PRIMARY KEY, entity TEXT, disambiguation INTEGER)")
            database.executemany(
                "INSERT INTO items VALUES (?, ?, ?) ON CONFLICT (id) DO UPDATE SET "
                "entity = coalesce(entity, excluded.entity), "
                "disambiguation = max(disambiguation, excluded.disambiguation)",
                props,
            )
        (number,) = database.execute("SELECT count(*) FROM pages").fetchone()
    return int(number)


class Index:
    """Entities by title.

    Args:
        path: What `write_index` wrote.
        language: Code of the wiki; an entity without an item is ``language:title``.
        same: By such an entity the one that it is the same as.
    """

    def __init__(self, path: Path, language: str, same: Mapping[str, str] | None = None) -> None:
        self._database = open_readonly(path)
        self._language, self._same = language, same or {}
        found = self._database.execute("SELECT count(*) FROM sqlite_master WHERE name = 'items'").fetchone()
        self._has_items = bool(found[0])
        self.find = lru_cache(_CACHE)(self._find)

    def _find(self, title: str) -> Known:
        """What a title in its normal form leads to."""
        seen, at = set[str](), title
        for _ in range(HOPS + 1):
            row = self._database.execute(
                "SELECT pages.id, coalesce(redirect, redirects.title), disambiguation FROM pages "
                "LEFT JOIN redirects ON redirects.id = pages.id WHERE pages.title = ? ORDER BY pages.rowid LIMIT 1",
                (at,),
            ).fetchone()
            if row is None:
                return Known(at, None, reasons.NO_ARTICLE)
            number, redirect, is_disambiguation = row
            if redirect is None:
                return self.of_page(number, at, bool(is_disambiguation))
            if redirect == _ELSEWHERE:
                return Known(at, None, reasons.OTHER_LINK)
            if redirect in seen:
                break
            seen.add(redirect)
            at = redirect
        return Known(at, None, reasons.CIRCLE)

    def of_page(self, number: int, title: str, is_disambiguation: bool = False) -> Known:
        """What is known of an article by its number, which a page keeps when it moves."""
        item = None
        if self._has_items:
            row = self._database.execute("SELECT entity, disambiguation FROM items WHERE id = ?", (number,)).fetchone()
            item, is_listed = row or (None, 0)
            is_disambiguation = is_disambiguation or bool(is_listed)
        if is_disambiguation:
            return Known(title, None, reasons.TO_DISAMBIGUATION)
        if self._has_items:
            return Known(title, item, None if item else reasons.NO_ITEM)
        own = f"{self._language}:{title}"
        return Known(title, self._same.get(own, own), None)


def open_readonly(path: Path) -> sqlite3.Connection:
    """A database that is only read.

    Raises:
        IsoglossError: There is none, or it is damaged.
    """
    try:
        database = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, check_same_thread=False)
        database.execute("SELECT count(*) FROM sqlite_master").fetchone()
    except sqlite3.Error as error:
        raise IsoglossError(f"{path}: cannot be read: {error}") from error
    return database

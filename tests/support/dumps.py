"""Dumps of wikis, made by hand: XML as MediaWiki writes it, and tables of its database."""

from __future__ import annotations

import bz2
import gzip
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape, quoteattr

import pyarrow.parquet as pq

from isogloss.dumps.build import build, plan_build
from isogloss.dumps.limits import Limits
from isogloss.dumps.plan import Plan
from isogloss.dumps.stages import Stage

NAMESPACES = {0: "", 6: "File", 10: "Template", 14: "Category"}


@dataclass(frozen=True)
class Made:
    """A page of a dump."""

    id: int
    title: str
    text: str = ""
    redirect: str | None = None
    namespace: int = 0
    model: str = "wikitext"


def xml_of(wiki: str, pages: Sequence[Made], namespaces: dict[int, str] = NAMESPACES) -> str:
    """The dump in XML."""
    return head_of(wiki, namespaces) + "".join(page_of(page) for page in pages) + "</mediawiki>\n"


def head_of(wiki: str, namespaces: dict[int, str] = NAMESPACES) -> str:
    """What a dump begins with."""
    language = wiki.removesuffix("wiki")
    names = "".join(
        f'      <namespace key="{key}" case="first-letter">{name}</namespace>\n' if name else
        f'      <namespace key="{key}" case="first-letter" />\n'
        for key, name in namespaces.items()
    )  # fmt: skip
    return (
        f'<mediawiki xmlns="http://www.mediawiki.org/xml/export-0.10/" version="0.10" xml:lang="{language}">\n'
        f"  <siteinfo>\n    <sitename>W</sitename>\n    <dbname>{wiki}</dbname>\n    <case>first-letter</case>\n"
        f"    <namespaces>\n{names}    </namespaces>\n  </siteinfo>\n"
    )


def page_of(page: Made) -> str:
    """A page in XML."""
    redirect = f"    <redirect title={quoteattr(page.redirect)} />\n" if page.redirect is not None else ""
    text = f"#REDIRECT [[{page.redirect}]]" if page.redirect is not None else page.text
    return (
        f"  <page>\n    <title>{escape(page.title)}</title>\n    <ns>{page.namespace}</ns>\n    <id>{page.id}</id>\n"
        f"{redirect}"
        f"    <revision>\n      <id>9{page.id}</id>\n      <model>{page.model}</model>\n"
        f'      <text xml:space="preserve">{escape(text)}</text>\n    </revision>\n  </page>\n'
    )


def write_dump(folder: Path, wiki: str, pages: Sequence[Made], per_stream: int | None = None, **more: Any) -> Path:
    """Write a dump packed by bzip2: all in one stream, or so many pages a stream as multistream dumps have it."""
    path = folder / f"{wiki}-20240101-pages-articles.xml.bz2"
    if per_stream is None:
        path.write_bytes(bz2.compress(xml_of(wiki, pages, **more).encode()))
        return path
    parts = [head_of(wiki, **more)]
    parts += ["".join(page_of(one) for one in pages[at : at + per_stream]) for at in range(0, len(pages), per_stream)]
    path.write_bytes(b"".join(bz2.compress(part.encode()) for part in [*parts, "</mediawiki>\n"]))
    return path


def sql_of(table: str, wiki: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    """A table of the database as mysqldump writes it, two rows a statement."""

    def value(found: Any) -> str:
        if found is None:
            return "NULL"
        if isinstance(found, int | float):
            return str(found)
        return "'" + str(found).replace("\\", "\\\\").replace("'", "\\'").replace("\n", "\\n") + "'"

    lines = ["-- MySQL dump 10.19  Distrib 10.3.38-MariaDB", f"-- Host: db1206    Database: {wiki}", ""]
    lines += [
        f"CREATE TABLE `{table}` (",
        *(f"  `{name}` varbinary(255) NOT NULL," for name in columns),
        ") ENGINE=InnoDB;",
    ]
    for at in range(0, len(rows), 2):
        told = ",".join(f"({','.join(value(cell) for cell in row)})" for row in rows[at : at + 2])
        lines.append(f"INSERT INTO `{table}` VALUES {told};")
    return "\n".join([*lines, "-- Dump completed"]) + "\n"


def write_sql(folder: Path, table: str, wiki: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> Path:
    """Write a table, packed by gzip."""
    path = folder / f"{wiki}-20240101-{table}.sql.gz"
    path.write_bytes(gzip.compress(sql_of(table, wiki, columns, rows).encode()))
    return path


def write_props(folder: Path, wiki: str, items: dict[int, str], disambiguations: Sequence[int] = ()) -> Path:
    """Write the table of properties: an item a page, and which pages are disambiguations."""
    rows = [(page, "wikibase_item", item, None) for page, item in items.items()]
    rows += [(page, "page_image_free", "It's (a) picture, too.jpg", 0.5) for page in items]
    rows += [(page, "disambiguation", "", None) for page in disambiguations]
    return write_sql(folder, "page_props", wiki, ("pp_page", "pp_propname", "pp_value", "pp_sortkey"), rows)


def at_once(stages: list[Stage], logs: Path) -> bool:
    """Run all tasks here, one after another, without datatrove."""
    for stage in stages:
        for rank in range(stage.tasks):
            stage.task(rank)
    return True


def built(paths: Sequence[Path], folder: Path, limits: Limits | None = None, **more: Any) -> Plan:
    """Build a corpus here."""
    plan = plan_build(paths, folder, limits or Limits(), **more)
    assert build(plan, at_once)
    return plan


def rows_of(folder: Path, table: str) -> list[dict[str, Any]]:
    """All rows of a table, in the order of its files."""
    return [row for path in sorted(folder.glob(f"{table}-*.parquet")) for row in pq.read_table(path).to_pylist()]


def told(sentence: dict[str, Any]) -> str:
    """A sentence with its mentions in brackets, easy to read and to compare."""
    text = sentence["text"]
    for one in reversed(sentence["mentions"]):
        text = f"{text[: one['start']]}[{text[one['start'] : one['end']]}|{one['entity']}]{text[one['end'] :]}"
    return text

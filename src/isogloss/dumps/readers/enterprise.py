"""Articles of a Wikimedia Enterprise HTML dump: JSON, an article a line, in a packed archive."""

from __future__ import annotations

import json
import tarfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from isogloss.common.errors import IsoglossError


@dataclass(frozen=True, slots=True)
class HtmlArticle:
    """An article.

    Attributes:
        id: Number of the page.
        title: Its title.
        entity: Wikidata item; None if it has none.
        redirects: Titles that lead to it.
        html: Its text.
        language: Code of its language; empty where the dump says none.
    """

    id: int
    title: str
    entity: str | None
    redirects: tuple[str, ...]
    html: str
    language: str


def read_articles(path: Path, language: str, part: int = 0, parts: int = 1) -> Iterator[HtmlArticle]:
    """Articles of namespace 0, every ``parts``-th beginning with number ``part``.

    Raises:
        IsoglossError: The archive is cut off or damaged, a line is no article, or it is of another language.
    """
    number = -1
    try:
        with tarfile.open(path, "r|gz") as archive:
            for member in archive:
                content = archive.extractfile(member)
                for place, line in enumerate(content or (), start=1):
                    number += 1
                    if number % parts == part and line.strip():
                        found = _article(line, f"{path}, {member.name}:{place}")
                        if found.language not in ("", language):
                            raise IsoglossError(
                                f"{path}: the name says {language!r}, but {found.title!r} is of {found.language!r}"
                            )
                        yield found
    except (OSError, EOFError, zlib.error, tarfile.TarError) as error:
        raise IsoglossError(f"{path}: cannot be read: {error}. Is the file whole?") from error


def _article(line: bytes, where: str) -> HtmlArticle:
    try:
        found: dict[str, Any] = json.loads(line)
        item = found.get("main_entity") or {}
        return HtmlArticle(
            int(found["identifier"]),
            str(found["name"]),
            str(item["identifier"]) if item.get("identifier") else None,
            tuple(str(one["name"]) for one in found.get("redirects") or ()),
            str((found.get("article_body") or {}).get("html") or ""),
            str((found.get("in_language") or {}).get("identifier") or ""),
        )
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise IsoglossError(f"{where}: no article of an Enterprise dump: {error!r}") from error

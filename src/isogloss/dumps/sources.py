"""What each given file is, by its name: the names are those that Wikimedia gives its dumps."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from isogloss.common.errors import IsoglossError

Kind = Literal[
    "pages", "page", "redirect", "page_props", "html", "triples", "items", "lines", "text", "facts", "relations"
]
_NAMES: tuple[tuple[Kind, re.Pattern[str]], ...] = (
    ("pages", re.compile(r"(?P<wiki>[a-z][a-z0-9_]*)wiki-.*pages-articles.*\.xml(-p\d+p\d+)?(\.bz2|\.gz)?")),
    ("page_props", re.compile(r"(?P<wiki>[a-z][a-z0-9_]*)wiki-.*page_props\.sql(\.gz)?")),
    ("redirect", re.compile(r"(?P<wiki>[a-z][a-z0-9_]*)wiki-.*redirect\.sql(\.gz)?")),
    ("page", re.compile(r"(?P<wiki>[a-z][a-z0-9_]*)wiki-.*-page\.sql(\.gz)?")),
    ("html", re.compile(r"(?P<wiki>[a-z][a-z0-9_]*)wiki[-_].*\.(json|ndjson)\.tar\.gz|"
                        r"(?P<wiki2>[a-z][a-z0-9_]*)wiki_namespace_0\.tar\.gz")),
    ("triples", re.compile(r".*\.nt(\.gz|\.bz2)?")),
    ("items", re.compile(r"(latest|wikidata).*\.json(\.gz|\.bz2)?")),
    ("lines", re.compile(r".*\.jsonl(\.gz|\.bz2)?")),
    ("relations", re.compile(r"relations\.(?P<wiki>[a-z_-]+)\.tsv(\.gz)?")),
    ("facts", re.compile(r".*\.tsv(\.gz|\.bz2)?")),
    ("text", re.compile(r"(.*\.)?(?P<wiki>[a-z]{2,3}([_-][A-Za-z]+)*)\.txt(\.gz|\.bz2)?")),
)  # fmt: skip
VALID = (
    "ukwiki-DATE-pages-articles*.xml.bz2, ukwiki-DATE-page_props.sql.gz, -redirect.sql.gz and -page.sql.gz, "
    "ukwiki-NS0-DATE-ENTERPRISE-HTML.json.tar.gz, latest-truthy.nt.bz2, latest-all.json.bz2, *.jsonl, *.tsv (facts), "
    "relations.uk.tsv, *.uk.txt"
)
_OF_OPTIONS = {
    "--link-names": re.compile(r"names\.[a-z_-]+\.tsv(\.gz)?"),
    "--same-entities": re.compile(r"titles\.[a-z_]+-[a-z_]+\.tsv(\.gz)?"),
}
"""Files that a pattern of the shell hands over as dumps when it stands after an option that takes one file."""
WITH_LANGUAGE = frozenset({"pages", "page", "redirect", "page_props", "html", "relations", "text"})


@dataclass(frozen=True, slots=True)
class Source:
    """A given file.

    Attributes:
        kind: What it is.
        path: Where it is.
        language: Code of its language, as its name says; empty where the name says none.
    """

    kind: Kind
    path: Path
    language: str


def recognised(paths: Iterable[Path]) -> list[Source]:
    """What the files are.

    Raises:
        IsoglossError: A file is not there, is given twice, is one of an option, or has a name that says nothing.

    Example:
        >>> import tempfile
        >>> path = Path(tempfile.mkdtemp()) / "zh_min_nanwiki-20240101-page_props.sql.gz"
        >>> path.touch()
        >>> [(source.kind, source.language) for source in recognised([path])]
        [('page_props', 'zh-min-nan')]
    """
    found: list[Source] = []
    for path in paths:
        if not path.is_file():
            raise IsoglossError(f"{path}: no such file" if not path.exists() else f"{path}: a file expected")
        if any(path.samefile(other.path) for other in found):
            raise IsoglossError(f"{path}: given twice")
        for option, pattern in _OF_OPTIONS.items():
            if pattern.fullmatch(path.name):
                raise IsoglossError(f"{path}: no dump; give {option} before each such file: {option} {path}")
        for kind, pattern in _NAMES:
            if named := pattern.fullmatch(path.name):
                groups = named.groupdict()
                language = next((value for key, value in groups.items() if key.startswith("wiki") and value), "")
                found.append(Source(kind, path, language.replace("_", "-") if kind in WITH_LANGUAGE else ""))
                break
        else:
            raise IsoglossError(f"{path}: the name does not say what the file is (valid: {VALID})")
    return found

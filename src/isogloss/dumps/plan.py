"""What a build is made of: the tasks of each stage, decided before the first, with which a killed build goes on."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from isogloss.common.errors import IsoglossError
from isogloss.common.writing import read_json, write_json
from isogloss.dumps.limits import Limits
from isogloss.dumps.readers.compressed import Chunk, cut
from isogloss.dumps.sources import Kind, Source

WORK, PLAN, RESULT = ".work", "plan.json", "corpus.json"
HTML_PART = 1 << 30
"""Bytes of packed HTML per task. Every task unpacks the whole file, since gzip cannot be entered."""
MOST_HTML_PARTS = 16


@dataclass(frozen=True, slots=True)
class Piece:
    """The part of a file that a task reads.

    Attributes:
        kind: What the file is.
        language: Code of its language, or empty.
        path: The file.
        start: First byte.
        stop: One behind the last; None: to the end.
        part: Of HTML, which cannot be cut: the task takes every ``parts``-th article, from this one.
        parts: See there.
    """

    kind: Kind
    language: str
    path: str
    start: int = 0
    stop: int | None = None
    part: int = 0
    parts: int = 1

    @property
    def chunk(self) -> Chunk:
        """The bytes."""
        return Chunk(Path(self.path), self.start, self.stop)


@dataclass(frozen=True, slots=True)
class Plan:
    """A build.

    Attributes:
        folder: Where the corpus will be.
        sources: What is read.
        texts: A task each: pieces that give sentences and descriptions.
        knowledge: A task each: pieces that give facts.
        limits: The filters.
        same: Files of pairs of titles.
        leave_out: Lists of pages.
        names: Files of names to link.
    """

    folder: Path
    sources: tuple[Source, ...]
    texts: tuple[Piece, ...]
    knowledge: tuple[Piece, ...]
    limits: Limits
    same: tuple[Path, ...] = ()
    leave_out: tuple[Path, ...] = ()
    names: tuple[Path, ...] = ()

    @property
    def work(self) -> Path:
        """Where tasks write."""
        return self.folder / WORK

    @property
    def wikis(self) -> tuple[str, ...]:
        """Languages with a dump of their wiki."""
        return tuple(sorted({source.language for source in self.sources if source.kind in ("pages", "html")}))

    def of(self, kind: Kind, language: str | None = None) -> list[Source]:
        """The sources of a kind."""
        return [one for one in self.sources if one.kind == kind and language in (None, one.language)]


def cut_sources(sources: Sequence[Source], size: int) -> tuple[tuple[Piece, ...], tuple[Piece, ...]]:
    """The tasks that give text and those that give facts, of about ``size`` bytes each."""
    texts, knowledge = list[Piece](), list[Piece]()
    for source in sources:
        if source.kind in ("pages", "lines", "text"):
            texts += _pieces(source, size)
        elif source.kind == "html":
            parts = min(MOST_HTML_PARTS, 1 + source.path.stat().st_size // HTML_PART)
            texts += (Piece("html", source.language, str(source.path), part=n, parts=parts) for n in range(parts))
        elif source.kind in ("triples", "items", "facts", "relations"):
            knowledge += _pieces(source, size)
    return tuple(texts), tuple(knowledge)


def _pieces(source: Source, size: int) -> list[Piece]:
    chunks = cut(source.path, size)
    return [Piece(source.kind, source.language, str(source.path), one.start, one.stop) for one in chunks]


def check(sources: Sequence[Source]) -> None:
    """Refuse what makes no corpus.

    Raises:
        IsoglossError: Nothing gives text, a table belongs to no dump, or a wiki is given twice.
    """
    if not any(source.kind in ("pages", "html", "lines", "text") for source in sources):
        raise IsoglossError("corpus: nothing given has text; name a dump of pages-articles, or JSON lines")
    wikis = {source.language for source in sources if source.kind in ("pages", "html")}
    for source in sources:
        if source.kind in ("page", "redirect", "page_props") and source.language not in wikis:
            raise IsoglossError(
                f"{source.path}: a table of {source.language!r}, but no dump of that wiki is given "
                f"(given: {', '.join(sorted(wikis)) or 'none'})"
            )
        if source.kind == "html" and any(
            other.kind == "pages" and other.language == source.language for other in sources
        ):
            raise IsoglossError(f"{source.path}: the wiki {source.language!r} is given as XML too; give one of the two")


def identity(plan: Plan) -> dict[str, Any]:
    """All that decides what a build makes, to be compared with what an earlier call meant."""

    def file(path: Path) -> list[Any]:
        found = path.stat()
        return [str(path.resolve()), found.st_size, found.st_mtime_ns]

    def task(piece: Piece) -> dict[str, Any]:
        return {**dataclasses.asdict(piece), "path": str(Path(piece.path).resolve())}

    found = {
        "sources": [[source.kind, source.language, *file(source.path)] for source in plan.sources],
        "limits": dataclasses.asdict(plan.limits),
        **{name: [file(path) for path in getattr(plan, name)] for name in ("same", "leave_out", "names")},
        "tasks": [[task(piece) for piece in pieces] for pieces in (plan.texts, plan.knowledge)],
        "versions": versions(),
    }
    return dict(json.loads(json.dumps(found)))  # as it is read back


def versions() -> dict[str, str]:
    """The versions of what reads and cuts."""
    return {
        name: version(name)
        for name in ("isogloss", "datatrove", "mwparserfromhell", "mwparserfromhtml", "pyarrow", "sentencex", "babel")
    }


def begin(plan: Plan) -> None:
    """Write down what is built, or find that an earlier call was building the same.

    Raises:
        IsoglossError: The folder holds something else, or another build.
    """
    path, own = plan.work / PLAN, identity(plan)
    if path.exists():
        same_build(plan.folder, read_json(path), own)
        return
    if plan.folder.exists() and any(not one.name.startswith(".") for one in plan.folder.iterdir()):
        raise IsoglossError(f"{plan.folder}: exists and holds something else; name another folder")
    write_json(path, own)


def same_build(folder: Path, found: Mapping[str, Any], own: Mapping[str, Any], is_whole: bool = False) -> None:
    """Refuse to go on with a build of something else.

    Raises:
        IsoglossError: What was given then is not what is given now.
    """
    changed = sorted(key for key in {*found, *own} if found.get(key) != own.get(key))
    if changed:
        raise IsoglossError(
            f"{folder}: holds a build of other {', '.join(changed)}; give what was given then, or name another folder"
            + ("" if is_whole else f", or delete {folder / WORK} to begin again")
        )

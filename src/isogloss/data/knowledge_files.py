"""Knowledge in a folder, as `isogloss corpus` writes it: Parquet or JSON lines, in any number of shards a part.

| files | columns |
|---|---|
| ``sentences-*`` | ``text``, ``language``, ``mentions``: a list of ``start``, ``end`` (characters) and ``entity`` |
| ``descriptions-*`` | ``entity``, ``language``, ``text``, ``title`` |
| ``facts-*`` | ``subject``, ``relation``, ``object`` |
| ``relations-*`` | ``relation``, ``language``, ``label`` |

Other columns are passed over. ``.parquet``, ``.jsonl`` and ``.jsonl.gz`` may stand side by side.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

from isogloss.common.errors import IsoglossError, nearest
from isogloss.data.json_text import NotJson, parse
from isogloss.data.knowledge import Description, Fact, Knowledge, Linked, Mention

COLUMNS: Mapping[str, tuple[str, ...]] = {
    "sentences": ("text", "language", "mentions"),
    "descriptions": ("entity", "language", "text", "title"),
    "facts": ("subject", "relation", "object"),
    "relations": ("relation", "language", "label"),
}
"""The parts of a folder, and what a row of each must have."""

PARQUET, JSON_LINES = ".parquet", (".jsonl", ".jsonl.gz")
BATCH = 4096
"""Rows of Parquet in memory at a time."""

Row = TypeVar("Row")


class KnowledgeFolder:
    """The knowledge in a folder; implements `isogloss.data.knowledge.Knowledge`.

    Args:
        folder: The folder.

    Raises:
        IsoglossError: There is no such folder, or it has no sentences.
    """

    def __init__(self, folder: Path) -> None:
        if not folder.is_dir():
            raise IsoglossError(f"{folder}: no such folder of knowledge; `isogloss world` writes one, as does a corpus")
        self.folder = folder
        self.files = {part: _shards(folder, part) for part in COLUMNS}
        if not self.files["sentences"]:
            endings = ", ".join(f"sentences-*{ending}" for ending in (PARQUET, *JSON_LINES))
            raise IsoglossError(f"{folder}: holds no sentences ({endings})")

    def identity(self) -> Mapping[str, str]:
        """SHA-256 of every file."""
        return self._digests

    def languages(self) -> Iterator[str]:
        """The language of each sentence."""
        return self._rows("sentences", _language, ("language",))

    def sentences(self) -> Iterator[Linked]:
        """The sentences.

        Raises:
            IsoglossError: A row breaks a rule; the message names file and row, from 1.
        """
        return self._rows("sentences", _linked)

    def descriptions(self) -> Iterator[Description]:
        """What entities are; errors as in `sentences`."""
        return self._rows("descriptions", _description)

    def facts(self) -> Iterator[Fact]:
        """What is true; errors as in `sentences`."""
        return self._rows("facts", _fact)

    def relations(self) -> Iterator[Description]:
        """The names of relations; errors as in `sentences`."""
        return self._rows("relations", _relation)

    @cached_property
    def _digests(self) -> dict[str, str]:
        found = {}
        for path in (path for shards in self.files.values() for path in shards):
            with path.open("rb") as file:
                found[str(path)] = hashlib.file_digest(file, "sha256").hexdigest()
        return found

    def _rows(
        self, part: str, read: Callable[[Mapping[str, Any]], Row], columns: Sequence[str] | None = None
    ) -> Iterator[Row]:
        wanted = COLUMNS[part] if columns is None else columns
        for path in self.files[part]:
            rows = _parquet(path, wanted) if path.suffix == PARQUET else _json_lines(path, wanted)
            for number, row in enumerate(rows, start=1):
                try:
                    yield read(row)
                except ValueError as error:
                    raise IsoglossError(f"{path}: row {number}: {error}") from None


def write_knowledge(folder: Path, knowledge: Knowledge) -> None:
    """Write knowledge into a folder as JSON lines, a file for each part."""
    folder.mkdir(parents=True, exist_ok=True)
    parts: dict[str, Iterable[Sequence[Any]]] = {
        "sentences": ((s.text, s.language, [m._asdict() for m in s.mentions]) for s in knowledge.sentences()),
        "descriptions": ((d.key, d.language, d.text, d.title) for d in knowledge.descriptions()),
        "facts": knowledge.facts(),
        "relations": ((label.key, label.language, label.text) for label in knowledge.relations()),
    }
    for part, rows in parts.items():
        lines = (json.dumps(dict(zip(COLUMNS[part], row, strict=True)), ensure_ascii=False) + "\n" for row in rows)
        with (folder / f"{part}-0.jsonl").open("w", encoding="utf-8", newline="\n") as file:
            file.writelines(lines)


def _shards(folder: Path, part: str) -> list[Path]:
    endings = (PARQUET, *JSON_LINES)
    return sorted(path for path in folder.glob(f"{part}-*") if path.name.endswith(endings))


def _parquet(path: Path, columns: Sequence[str]) -> Iterator[Mapping[str, Any]]:
    import pyarrow as pa  # it takes a while, and JSON lines need none of it
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(path) as file:
            _require(path, columns, file.schema_arrow.names)
            found = [name for name in columns if name in file.schema_arrow.names]
            for batch in file.iter_batches(BATCH, columns=found):
                yield from batch.to_pylist()
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
        reason = str(error).strip().split("\n")[0].rstrip(".")
        raise IsoglossError(f"{path}: not a whole Parquet file: {reason}") from error


def _json_lines(path: Path, columns: Sequence[str]) -> Iterator[Mapping[str, Any]]:
    number = 0
    try:
        with gzip.open(path, "rt", encoding="utf-8") if path.suffix == ".gz" else path.open(encoding="utf-8") as file:
            for number, line in enumerate(file, start=1):
                row = parse(line)
                if not isinstance(row, dict):
                    raise IsoglossError(f"{path}: row {number}: must be an object, found {line.strip()[:60]!r}")
                _require(path, columns, list(row), number)
                yield row
    except NotJson as error:
        raise IsoglossError(f"{path}: row {number}: {error}") from None
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise IsoglossError(f"{path}: not a whole gzip file, as its name says: {error}") from error
    except UnicodeDecodeError as error:
        raise IsoglossError(f"{path}: row {number + 1}: not UTF-8: {error.reason}") from None


def _require(path: Path, columns: Sequence[str], found: Sequence[str], number: int | None = None) -> None:
    lacking = [name for name in columns if name not in found and name != "title"]
    if lacking:
        where = f"{path}" if number is None else f"{path}: row {number}"
        raise IsoglossError(f"{where}: has no {lacking[0]!r}{nearest(lacking[0], found)}")


def _text(row: Mapping[str, Any], name: str) -> str:
    value = row.get(name)
    if not isinstance(value, str) or not value.strip():
        raise ValueError(f"{name} must be a text that is not empty, found {value!r}")
    return value


def _language(row: Mapping[str, Any]) -> str:
    return _text(row, "language")


def _linked(row: Mapping[str, Any]) -> Linked:
    text, mentions = _text(row, "text"), row["mentions"]
    if not isinstance(mentions, list | None):
        raise ValueError(f"mentions must be a list of start, end and entity, found {mentions!r}")
    return Linked(text, _language(row), tuple(_mention(mention, text) for mention in mentions or ()))


def _mention(found: Any, text: str) -> Mention:  # noqa: ANN401 - any JSON
    if not isinstance(found, dict) or not {"start", "end", "entity"} <= found.keys():
        raise ValueError(f"a mention must have start, end and entity, found {found!r}")
    start, end = found["start"], found["end"]
    if not isinstance(start, int) or not isinstance(end, int) or not 0 <= start < end <= len(text):
        raise ValueError(
            f"start and end of a mention must be characters of the text, 0 <= start < end <= {len(text)}, found "
            f"{start!r} and {end!r} of {found['entity']!r}"
        )
    return Mention(start, end, _text(found, "entity"))


def _description(row: Mapping[str, Any]) -> Description:
    return Description(_text(row, "entity"), _language(row), _text(row, "text"), row.get("title") or "")


def _fact(row: Mapping[str, Any]) -> Fact:
    return Fact(_text(row, "subject"), _text(row, "relation"), _text(row, "object"))


def _relation(row: Mapping[str, Any]) -> Description:
    return Description(_text(row, "relation"), _language(row), _text(row, "label"))

"""The examples of data files, read once and then mapped into memory."""

from __future__ import annotations

import dataclasses
import hashlib
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from isogloss.examples import Choice, Example, LabelledText, Question, TaggedSentence
from isogloss.store.cache import Cache, read_entry, write_entry
from isogloss.store.lazy import Lazy

CHUNK = 1000
"""Examples that are made at a time; those of the last chunk stay in memory."""

KINDS: dict[str, type[Example]] = {kind.__name__: kind for kind in (TaggedSentence, LabelledText, Choice, Question)}

TEXTS = pa.list_(pa.string())
TYPES: dict[str, pa.DataType] = {
    **dict.fromkeys(
        ("id", "text", "pair", "label", "context", "question", "question_language", "part", "original"), pa.string()
    ),
    **dict.fromkeys(("tokens", "tags", "alternatives"), TEXTS),
    "spaces": pa.list_(pa.bool_()),
    "answers": pa.list_(pa.struct([("text", pa.string()), ("start", pa.int64())])),
    "line": pa.int64(),
    "numbered": pa.bool_(),
}
"""Type of each column; path and language are the same for a whole file."""


@dataclass(frozen=True)
class StoredFile:
    """The examples of one file.

    Attributes:
        key: Name of the entry, and so of all that the examples depend on.
        facts: What was found when the file was read, beside the examples.
        rows: The examples.
    """

    key: str
    facts: Mapping[str, Any]
    rows: pa.ipc.RecordBatchFileReader

    def __len__(self) -> int:
        """Number of examples."""
        return int(self.facts["number"])

    def chunk(self, number: int) -> list[Example]:
        """The examples of one chunk."""
        columns = self.rows.get_batch(number).to_pydict()
        fields = {name: map(_as_read[name], values) if name in _as_read else values for name, values in columns.items()}
        kind, shared = KINDS[self.facts["kind"]], {name: self.facts[name] for name in ("language", "path")}
        names = tuple(fields)
        return [kind(**dict(zip(names, row, strict=True)), **shared) for row in zip(*fields.values(), strict=True)]


class StoredExamples(Lazy[Example]):
    """Examples of files of one language, file after file; they are made when they are asked for.

    Args:
        cache: Where they are stored, and what is made of them can be.
        files: The files.
        chosen: Indices of the examples that count, in order; None: all.
    """

    def __init__(self, cache: Cache, files: Sequence[StoredFile], chosen: np.ndarray | None = None) -> None:
        self.cache, self.files = cache, tuple(files)
        self._starts = np.concatenate([[0], np.cumsum([len(file) for file in files])]).tolist()
        self._chosen = chosen
        self._chunk = lru_cache(maxsize=1)(self._read)

    @property
    def key(self) -> dict[str, Any]:
        """All that the examples depend on."""
        chosen = None if self._chosen is None else hashlib.sha256(self._chosen.tobytes()).hexdigest()
        return {"files": [file.key for file in self.files], "chosen": chosen}

    @property
    def language(self) -> str:
        """The language of all of them."""
        return str(self.files[0].facts["language"])

    def witnesses(self) -> list[Example]:
        """A few examples that have every label that occurs in the files."""
        files = [StoredExamples(self.cache, [file]) for file in self.files]
        return [alone[index] for alone in files for index in alone.files[0].facts["witnesses"]]

    def label_numbers(self) -> Counter[str]:
        """How often each label occurs in the files."""
        return sum((Counter(file.facts["labels"]) for file in self.files), Counter())

    def spread(self, limit: int) -> StoredExamples:
        """``limit`` of them, evenly spaced."""
        indices = np.arange(limit) * len(self) // limit
        return StoredExamples(self.cache, self.files, indices if self._chosen is None else self._chosen[indices])

    def __len__(self) -> int:
        """Number of examples."""
        return int(self._starts[-1]) if self._chosen is None else len(self._chosen)

    def _make(self, place: int) -> Example:
        place = place if self._chosen is None else int(self._chosen[place])
        file = bisect_right(self._starts, place) - 1
        number, rest = divmod(place - self._starts[file], CHUNK)
        example: Example = self._chunk(file, number)[rest]
        return example

    def _read(self, file: int, number: int) -> list[Example]:
        return self.files[file].chunk(number)


def joined(parts: Sequence[Sequence[Example]]) -> Sequence[Example]:
    """The examples of several files one after the other: stored, if all of the files are."""
    stored = [part for part in parts if isinstance(part, StoredExamples)]
    if parts and len(stored) == len(parts):
        return StoredExamples(stored[0].cache, [file for part in stored for file in part.files])
    return [example for part in parts for example in part]


def witnesses(examples: Sequence[Example]) -> Sequence[Example]:
    """Examples that have every label that occurs: a few of the stored ones, else all."""
    return examples.witnesses() if isinstance(examples, StoredExamples) else examples


def label_numbers(examples: Sequence[Example]) -> Counter[str]:
    """How often each label occurs; for stored ones, in all of their files."""
    if isinstance(examples, StoredExamples):
        return examples.label_numbers()
    return Counter(label for example in examples for label in example.labels or ())


def write_examples(folder: Path, examples: Sequence[Example], facts: Mapping[str, Any]) -> None:
    """Write the examples of a file, all of one kind, language and path, and what else was found in it.

    Raises:
        pyarrow.ArrowException: A text cannot be written as UTF-8.
        UnicodeEncodeError: Likewise.
    """
    first = examples[0]
    # Soft tags come with translations only, which are joined anew for each run.
    names = [field.name for field in dataclasses.fields(first) if field.name in TYPES]
    schema = pa.schema([(name, TYPES[name]) for name in names])
    seen: dict[str, int] = {}
    for index, example in enumerate(examples):
        for label in example.labels or ():
            seen.setdefault(label, index)
    own = {
        "kind": type(first).__name__,
        "language": first.language,
        "path": first.path,
        "number": len(examples),
        "witnesses": sorted(set(seen.values())),
        "labels": label_numbers(examples),
    }
    batches = (
        pa.record_batch(
            [pa.array(_column(examples[start : start + CHUNK], name), TYPES[name]) for name in names], schema
        )
        for start in range(0, len(examples), CHUNK)
    )
    write_entry(folder, schema, batches, lambda: {**facts, **own})


def read_examples(folder: Path) -> StoredFile:
    """The examples that `write_examples` has written."""
    rows, facts = read_entry(folder)
    if facts["kind"] not in KINDS or rows.num_record_batches != -(-facts["number"] // CHUNK):
        raise ValueError("not the rows that were written")
    return StoredFile(folder.name, facts, rows)


def _column(examples: Sequence[Example], name: str) -> list[Any]:
    values = [getattr(example, name) for example in examples]
    if name != "answers":
        return values
    keys = ("text", "start")
    return [value and [dict(zip(keys, answer, strict=True)) for answer in value] for value in values]


def _tuple(value: list[Any] | None) -> tuple[Any, ...] | None:
    return None if value is None else tuple(value)


def _answers(value: list[dict[str, Any]] | None) -> tuple[tuple[str, int | None], ...] | None:
    return None if value is None else tuple((answer["text"], answer["start"]) for answer in value)


_as_read: dict[str, Callable[[Any], Any]] = {
    "tokens": _tuple,
    "tags": _tuple,
    "spaces": _tuple,
    "alternatives": _tuple,
    "answers": _answers,
}

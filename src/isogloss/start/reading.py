"""Data files read and checked once: good ones are stored, and read from there the next time."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa

from isogloss.common.errors import IsoglossError
from isogloss.data.collection import Collection
from isogloss.data.problems import Problems
from isogloss.data.validate import Complaint, check_claim, check_labelled, read_checked
from isogloss.examples import Example
from isogloss.store.cache import Cache
from isogloss.store.examples import StoredExamples, read_examples, write_examples


def read_stored(
    collection: Collection,
    language: str,
    split: str,
    path: Path,
    content: str | None,
    complaint: Complaint,
    owners: dict[str, tuple[str, Path]],
    problems: Problems,
    cache: Cache | None,
) -> Sequence[Example]:
    """The examples of a file that have a gold label, of those that `read_checked` gives, with the same problems.

    They come from the cache if they are there. An entry depends on the file's content and all that decides what is read
    from it. Files with errors are not stored; a file without any gold label is one.

    Args:
        collection: The data set.
        language: Language of the file.
        split: Split of the file.
        path: The file.
        content: Its digest now; None: it cannot be read.
        complaint: What makes an example unfit for the task.
        owners: Language and path by content of the files read so far; this one is added.
        problems: Takes what is wrong.
        cache: Where to look and to store; None: nowhere.

    Raises:
        IsoglossError: The file changes while it is read.
    """

    def read(owners: dict[str, tuple[str, Path]], problems: Problems) -> list[Example]:
        examples = read_checked(collection, language, split, path, complaint, owners, problems)
        check_labelled(examples, split, path, problems)
        return [example for example in examples if example.labels is not None]

    if cache is None or content is None:
        return read(owners, problems)
    key = {
        "content": content,
        "path": str(path),
        "language": language,
        "format": repr(collection.format),
        "label_map": dict(collection.label_map),
        "scripts": collection.scripts.get(language),
        "complaint": f"{complaint.__module__}.{complaint.__qualname__}",
    }

    def build(folder: Path) -> None:
        own, found = Problems(), dict[str, tuple[str, Path]]()
        examples = read(found, own)
        if digest(path) != content:
            raise IsoglossError(f"{path}: changed while it was read")
        if own.errors or not examples:
            raise _NotStored
        facts = {"warnings": own.summary(), "content": next(iter(found), None)}
        try:
            write_examples(folder, examples, facts)
        except (pa.ArrowException, UnicodeEncodeError) as error:
            raise _NotStored from error

    try:
        stored = cache.get("examples", key, build, read_examples)
    except _NotStored:
        stored = None
    if stored is not None:
        problems.add_summary(stored.facts["warnings"])
        if stored.facts["content"] is not None:
            check_claim(stored.facts["content"], path, language, owners, problems)
        return StoredExamples(cache, [stored])
    return read(owners, problems)


def digest(path: Path) -> str | None:
    """SHA-256 of a file; None if it cannot be read."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return None


class _NotStored(Exception):
    """Only whole files without a fault are stored."""

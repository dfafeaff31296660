"""Make a local copy of a public data set from the hub."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa

from isogloss.catalogue.entry import PublicSet
from isogloss.catalogue.hub import Snapshot, Unreachable, download, sha256
from isogloss.catalogue.manifest import Manifest
from isogloss.catalogue.rows import Written
from isogloss.common.arrow import read_parquet
from isogloss.common.errors import IsoglossError
from isogloss.common.locking import locked


def copy(
    name: str,
    public: PublicSet,
    folder: Path,
    *,
    languages: Sequence[str] | None = None,
    splits: Sequence[str] | None = None,
    offline: bool = False,
) -> dict[str, Any]:
    """Write the files of a data set that are not there yet, and check those that are.

    Every file is written as a whole, so a copy that was broken off can be gone on with.

    Args:
        name: Our name of the data set.
        public: What the catalogue says of it.
        folder: The folder of the copy.
        languages: Codes of the catalogue; None: all.
        splits: train, dev, test; None: all, machine translations left out.
        offline: Whether to take the cache of the hub alone.

    Returns:
        An entry of a recipe's ``data`` that reads the copy.

    Raises:
        IsoglossError: An unknown language or split; the hub does not answer and the cache does not hold all; the files
            have other columns or labels than the catalogue says; a file was changed since it was written.
    """
    cells = public.cells(languages, splits)
    repository = public.repository
    head = {
        "name": name,
        "repository": repository.id,
        "revision": repository.revision,
        "licence": public.licence,
    }
    manifest = Manifest.of(folder, head)
    missing = [cell for cell in cells if not manifest.holds(_path(public, *cell))]
    if missing:
        needed = dict.fromkeys((public.config(language), public.splits[split]) for language, split in missing)
        try:
            snapshot = download(repository, list(needed), offline=offline)
        except Unreachable as error:
            raise Unreachable(f"{error}. {_by_hand(public, folder)}") from error
        with locked(folder):
            # Read anew: what another process has written in the meantime stays in the manifest.
            manifest = Manifest.of(folder, head)
            for language, split in missing:
                _write(public, language, split, snapshot, manifest)
    for split, lacking in public.lacking(languages, splits).items():
        print(f"{public.title} has no {split} for {', '.join(lacking)}", file=sys.stderr)
    print(f"{folder}: {len(cells)} file(s), {len(missing)} of them new, the others as written", file=sys.stderr)
    return public.entry(name, folder)


def _write(public: PublicSet, language: str, split: str, snapshot: Snapshot, manifest: Manifest) -> None:
    """Write one file from those of the hub."""
    config, theirs = public.config(language), public.splits[split]
    sources = snapshot.files(public.repository, config, theirs)
    where = f"hub {public.repository.id}, config {config!r}, split {theirs!r}"
    try:
        written = public.rows.write(_table(sources), public.languages[language], where)
    except (TypeError, ValueError, KeyError, AttributeError) as error:
        raise IsoglossError(
            f"{where}: a value is of another type than the catalogue says ({type(error).__name__}: {error}); columns "
            f"expected: {', '.join(public.rows.columns)}"
        ) from error
    if not written.rows:
        raise IsoglossError(f"{where}: no row for language {language!r}{_changed(written)}")
    path = _path(public, language, split)
    manifest.write(
        path,
        written.content,
        {
            "rows": written.rows,
            "changed": dict(written.changed),
            "commit": snapshot.commit,
            "sources": {str(source.relative_to(snapshot.folder)): sha256(source) for source in sources},
        },
    )
    print(f"{manifest.folder / path}: {written.rows:,} rows{_changed(written)}", file=sys.stderr)


def _table(paths: Sequence[Path]) -> pa.Table:
    """The rows of all files."""
    tables = []
    for path in paths:
        try:
            tables.append(read_parquet(path))
        except IsoglossError as error:
            raise IsoglossError(f"{path.resolve()}: {error}; delete it and run again") from error
    return pa.concat_tables(tables)


def _path(public: PublicSet, language: str, split: str) -> str:
    return public.layout.format(language=language, split=split)


def _changed(written: Written) -> str:
    return "".join(f", {number:,} {what}" for what, number in written.changed.items())


def _by_hand(public: PublicSet, folder: Path) -> str:
    """What to do without the hub."""
    return (
        f"Without it: put your own files at {folder}/{public.layout} (format {public.rows.format}: "
        f"{public.rows.contents}), or give the place and format of those you have, as `path` and `format` of the "
        "recipe's data entry"
    )

"""Which entities there are, gathered from what all tasks of a stage have written: those named, and those described."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pyarrow.compute as pc

from isogloss.dumps.index import new_database
from isogloss.dumps.plan import Plan
from isogloss.dumps.steps.texts import text_folder
from isogloss.dumps.tables import batches


@dataclass(frozen=True)
class Entities:
    """The stage, of one task: entities of the texts.

    Tables: ``named`` of all entities, ``described`` of those with a description in some language, ``told`` of pairs
    ``language entity`` with one.
    """

    plan: Plan

    def __call__(self, rank: int) -> None:
        """Write the file."""
        folders = [text_folder(self.plan, number) for number in range(len(self.plan.texts))]
        with new_database(entities_path(self.plan)) as database:
            for table in ("named", "described", "told"):
                database.execute(f"CREATE TABLE {table} (key TEXT PRIMARY KEY) WITHOUT ROWID")
            for folder in folders:
                for batch in batches(folder / "sentences.parquet"):
                    flat = pc.list_flatten(batch.column("mentions"))
                    _insert(database, "named", pc.unique(flat.field("entity")).to_pylist())
                for batch in batches(folder / "descriptions.parquet"):
                    add_descriptions(database, batch.column("entity").to_pylist(), batch.column("language").to_pylist())


def entities_path(plan: Plan) -> Path:
    """Where the file is."""
    return plan.work / "entities.sqlite"


def add_descriptions(database: sqlite3.Connection, entities: list[str], languages: list[str]) -> None:
    """Note that entities are described, each in its language."""
    for table in ("named", "described"):
        _insert(database, table, entities)
    _insert(database, "told", [f"{code} {one}" for one, code in zip(entities, languages, strict=True)])


def _insert(database: sqlite3.Connection, table: str, keys: list[str]) -> None:
    database.executemany(f"INSERT OR IGNORE INTO {table} VALUES (?)", _single(keys))


def _single(keys: list[str]) -> Iterator[tuple[str]]:
    for key in keys:
        yield (key,)

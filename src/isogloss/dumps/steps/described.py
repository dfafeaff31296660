"""Stage between facts and the end, of one task: which entities are described, and which are unwanted."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from isogloss.dumps.index import new_database
from isogloss.dumps.plan import Plan
from isogloss.dumps.steps.entities import add_descriptions
from isogloss.dumps.steps.knowledge import knowledge_folder
from isogloss.dumps.steps.texts import text_folder
from isogloss.dumps.tables import batches


@dataclass(frozen=True)
class Described:
    """The stage."""

    plan: Plan

    def __call__(self, rank: int) -> None:
        """Write the file: a table ``described`` and one ``unwanted``."""
        with new_database(described_path(self.plan)) as database:
            for table in ("described", "unwanted", "named", "told"):
                database.execute(f"CREATE TABLE {table} (key TEXT PRIMARY KEY) WITHOUT ROWID")
            for folder in knowledge_folders(self.plan):
                for batch in batches(folder / "unwanted.parquet"):
                    keys = [(key,) for key in batch.column("entity").to_pylist()]
                    database.executemany("INSERT OR IGNORE INTO unwanted VALUES (?)", keys)
            for folder in (*text_folders(self.plan), *knowledge_folders(self.plan)):
                for batch in batches(folder / "descriptions.parquet"):
                    add_descriptions(database, batch.column("entity").to_pylist(), batch.column("language").to_pylist())


def described_path(plan: Plan) -> Path:
    """Where the file is."""
    return plan.work / "described.sqlite"


def text_folders(plan: Plan, language: str | None = None) -> list[Path]:
    """What the tasks of the texts have written, those of a language only."""
    return [
        text_folder(plan, number)
        for number, piece in enumerate(plan.texts)
        if language is None or piece.language == language
    ]


def knowledge_folders(plan: Plan) -> list[Path]:
    """What the tasks of the knowledge have written."""
    return [knowledge_folder(plan, number) for number in range(len(plan.knowledge))]

"""Last but one stage: the tables as they will be, a task per language and one for descriptions and facts.

The sentences of a wiki are finished by one task, in the order of its dump, since mentions are counted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from isogloss.dumps.ledger import Keys, Ledger
from isogloss.dumps.plan import Plan
from isogloss.dumps.rows import DESCRIPTIONS, FACTS, RELATIONS, SENTENCES
from isogloss.dumps.sieve import Sieve
from isogloss.dumps.steps.described import described_path, knowledge_folders, text_folders
from isogloss.dumps.tables import Table, batches, whole_folder, write_counts

_LEDGER = ".ledger"


@dataclass(frozen=True)
class Finish:
    """The stage."""

    plan: Plan

    @property
    def shares(self) -> list[str]:
        """The language of each task but the last; empty for text whose files do not say theirs."""
        return sorted({piece.language for piece in self.plan.texts})

    @property
    def tasks(self) -> int:
        """How many tasks there are."""
        return len(self.shares) + 1

    def __call__(self, rank: int) -> None:
        """Write the sentences of a share; the last task, what there is of descriptions and facts."""
        with whole_folder(finished_folder(self.plan, rank)) as folder:
            described, unwanted = (Keys(described_path(self.plan), table) for table in ("described", "unwanted"))
            ledger = Ledger(folder / _LEDGER)
            sieve = Sieve(self.plan.limits, described, unwanted, ledger)
            if rank < len(self.shares):
                share = self.shares[rank]
                source = text_folders(self.plan, share)
                _write(source, "sentences", share or "own", SENTENCES, sieve.sentences, folder)
            else:
                for share in self.shares:
                    source = text_folders(self.plan, share)
                    _write(source, "descriptions", share or "own", DESCRIPTIONS, sieve.descriptions, folder)
                source = knowledge_folders(self.plan)
                _write(source, "descriptions", "wikidata", DESCRIPTIONS, sieve.descriptions, folder)
                _write(source, "facts", "", FACTS, sieve.facts, folder)
                _write(source, "relations", "", RELATIONS, sieve.relations, folder)
            ledger.close()
            (folder / _LEDGER).unlink()
            write_counts(folder, sieve.counts, sieve.drops)


def finished_folder(plan: Plan, rank: int) -> Path:
    """Where a task writes."""
    return plan.work / "finished" / f"{rank:05d}"


def _write(
    folders: Iterable[Path],
    table: str,
    share: str,
    schema: pa.Schema,
    sieve: Callable[[pa.RecordBatch], pa.Table],
    to: Path,
) -> None:
    """Write a file for each that is read, through a sieve; a file of which nothing is left is not kept."""
    number = 0
    for folder in folders:
        name = "-".join(part for part in (table, share, f"{number:05d}") if part)
        kept = 0
        with Table(to / f"{name}.parquet", schema) as written:
            for batch in batches(folder / f"{table}.parquet"):
                rows = sieve(batch)
                kept += rows.num_rows
                written.add_table(rows)
        if kept:
            number += 1
        else:
            (to / f"{name}.parquet").unlink()

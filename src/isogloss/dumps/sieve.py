"""What of each table is kept once all entities are known, a batch at a time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa

from isogloss.dumps import reasons
from isogloss.dumps.ledger import Keys, Ledger
from isogloss.dumps.limits import Limits
from isogloss.dumps.rows import SENTENCES


@dataclass(frozen=True)
class Sieve:
    """The last filters.

    Attributes:
        limits: What is kept.
        described: Entities with a description in some language.
        unwanted: Lists, disambiguations, years and dates.
        ledger: Counts what has been kept.
        counts: Takes the numbers of rows that are kept.
        drops: Takes what is dropped, by reason.
    """

    limits: Limits
    described: Keys
    unwanted: Keys
    ledger: Ledger
    counts: Counter[str] = field(default_factory=Counter)
    drops: Counter[str] = field(default_factory=Counter)

    def sentences(self, batch: pa.RecordBatch) -> pa.Table:
        """Sentences with the mentions that are kept; without any, none unless they are wanted."""
        rows = batch.to_pylist()
        keys = (_key(row, one) for row in rows for one in row["mentions"])
        with self.ledger.counting(keys if self.limits.most_per_entity else ()) as numbers:
            for row in rows:
                row["mentions"] = list(self._mentions(row, numbers))
        kept = [row for row in rows if row["mentions"] or self.limits.unlinked]
        self._drop(reasons.NO_MENTION, len(rows) - len(kept))
        for row in kept:
            self.counts[f"sentences {row['language']}"] += 1
            self.counts[f"mentions {row['language']}"] += len(row["mentions"])
        return pa.Table.from_pylist(kept, SENTENCES)

    def _mentions(self, row: dict[str, Any], numbers: dict[str, int]) -> Iterator[dict[str, Any]]:
        most = self.limits.most_per_entity
        for one in row["mentions"]:
            if one["entity"] in self.unwanted:
                self._drop(reasons.UNWANTED)
            elif one["entity"] not in self.described and not self.limits.undescribed:
                self._drop(reasons.NO_DESCRIPTION)
            elif most and numbers[_key(row, one)] >= most:
                self._drop(reasons.OFTEN)
            else:
                if most:
                    numbers[_key(row, one)] += 1
                yield one

    def descriptions(self, batch: pa.RecordBatch) -> pa.Table:
        """The first description of each entity in each language."""
        pairs = list(zip(*_columns(batch, "entity", "language"), strict=True))
        with self.ledger.counting(f"description {code} {entity}" for entity, code in pairs) as numbers:
            return self._kept(batch, [self._keeps_description(entity, code, numbers) for entity, code in pairs])

    def _keeps_description(self, entity: str, code: str, numbers: dict[str, int]) -> bool:
        key = f"description {code} {entity}"
        if entity in self.unwanted:
            return self._drop(reasons.UNWANTED_DESCRIPTION)
        if numbers[key]:
            return self._drop(reasons.SECOND_DESCRIPTION)
        numbers[key] = 1
        self.counts[f"descriptions {code}"] += 1
        return True

    def facts(self, batch: pa.RecordBatch) -> pa.Table:
        """Facts between entities that are described."""
        facts = list(zip(*_columns(batch, "subject", "relation", "object"), strict=True))
        with self.ledger.counting(f"fact {relation}" for _, relation, _ in facts) as numbers:
            return self._kept(
                batch, [self._keeps_fact(one, relation, other, numbers) for one, relation, other in facts]
            )

    def _keeps_fact(self, subject: str, relation: str, other: str, numbers: dict[str, int]) -> bool:
        if subject not in self.described or subject in self.unwanted:
            return self._drop(reasons.NO_SUBJECT)
        if other not in self.described or other in self.unwanted:
            return self._drop(reasons.NO_OBJECT)
        if self.limits.most_per_relation and numbers[f"fact {relation}"] >= self.limits.most_per_relation:
            return self._drop(reasons.OFTEN_RELATION)
        numbers[f"fact {relation}"] += 1
        self.counts["facts"] += 1
        return True

    def relations(self, batch: pa.RecordBatch) -> pa.Table:
        """The first label of each relation in each language."""
        keys = [f"label {code} {one}" for one, code in zip(*_columns(batch, "relation", "language"), strict=True)]
        kept = []
        with self.ledger.counting(keys) as numbers:
            for key in keys:
                kept.append(not numbers[key])
                numbers[key] = 1
        self.counts["relation labels"] += sum(kept)
        return self._kept(batch, kept)

    def _drop(self, reason: str, number: int = 1) -> bool:
        if number:
            self.drops[reason] += number
        return False

    def _kept(self, batch: pa.RecordBatch, kept: list[bool]) -> pa.Table:
        return pa.Table.from_batches([batch.filter(pa.array(kept, pa.bool_()))])


def _key(row: dict[str, Any], mention: dict[str, Any]) -> str:
    return f"mention {row['language']} {mention['entity']}"


def _columns(batch: pa.RecordBatch, *names: str) -> list[list[Any]]:
    return [batch.column(name).to_pylist() for name in names]

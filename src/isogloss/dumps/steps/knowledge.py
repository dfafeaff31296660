"""Third stage, a task per part of Wikidata or of a table: facts between entities of the texts, labels of relations."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from isogloss.dumps import reasons
from isogloss.dumps.ledger import Keys
from isogloss.dumps.own import read_facts, read_labels
from isogloss.dumps.plan import Piece, Plan
from isogloss.dumps.readers.wikidata import Item, read_items, read_triples
from isogloss.dumps.rows import DESCRIPTIONS, FACTS, RELATIONS, UNWANTED, Description, Fact, Label
from isogloss.dumps.steps.entities import entities_path
from isogloss.dumps.tables import tables, whole_folder, write_counts

IS_A = "P31"
UNWANTED_KINDS = frozenset(
    # Disambiguation, list; year, calendar year, decade, century; day of the year, day of a month, month of a year.
    ("Q4167410", "Q13406463", "Q577", "Q3186692", "Q39911", "Q578", "Q14795564", "Q47150325", "Q47018478")
)
"""What an item is an instance of if nothing can be learned from its mentions."""
# The codes of Wikidata for wikis that are called otherwise.
_CODES = {"no": "nb", "simple": "en", "zh-yue": "yue", "zh-min-nan": "nan", "zh-classical": "lzh", "bat-smg": "sgs"}
_FALL_BACK = "en"
_TABLES = {"facts": FACTS, "relations": RELATIONS, "descriptions": DESCRIPTIONS, "unwanted": UNWANTED}


@dataclass(frozen=True)
class Knowledge:
    """The stage."""

    plan: Plan

    def __call__(self, rank: int) -> None:
        """Write the facts of a piece."""
        piece = self.plan.knowledge[rank]
        counts, drops = Counter[str](), Counter[str]()
        named = Keys(entities_path(self.plan), "named")
        with (
            whole_folder(knowledge_folder(self.plan, rank)) as folder,
            tables(folder, _TABLES) as written,
        ):
            for row in _rows(self.plan, piece, named, counts, drops):
                written[_table(row)].add(row)
            write_counts(folder, counts, drops)


def knowledge_folder(plan: Plan, rank: int) -> Path:
    """Where a task writes."""
    return plan.work / "knowledge" / f"{rank:05d}"


def text_languages(plan: Plan) -> tuple[str, ...]:
    """The languages that the names of the sources say."""
    return tuple(sorted({piece.language for piece in plan.texts if piece.language}))


def _rows(
    plan: Plan, piece: Piece, named: Keys, counts: Counter[str], drops: Counter[str]
) -> Iterator[Fact | Label | Description | dict[str, str]]:
    if piece.kind == "facts":
        yield from read_facts(piece)
    elif piece.kind == "relations":
        yield from read_labels(piece)
    else:
        told = Keys(entities_path(plan), "told")
        codes = {_CODES.get(code, code): code for code in text_languages(plan)}
        for item in _items(piece):
            counts["items"] += 1
            yield from _of_item(item, named, told, codes, drops)


def _items(piece: Piece) -> Iterator[Item]:
    return read_triples(piece.chunk) if piece.kind == "triples" else read_items(piece.chunk)


def _table(row: Fact | Label | Description | dict[str, str]) -> str:
    return {Fact: "facts", Label: "relations", Description: "descriptions", dict: "unwanted"}[type(row)]


def _of_item(
    item: Item, named: Keys, told: Keys, codes: dict[str, str], drops: Counter[str]
) -> Iterator[Fact | Label | Description | dict[str, str]]:
    if item.id.startswith("P"):
        for code in {**codes, _FALL_BACK: _FALL_BACK}:
            if code in item.labels:
                yield Label(item.id, codes.get(code, code), item.labels[code])
        return
    if item.id not in named:
        drops[reasons.FACT_OUTSIDE] += len(item.facts)
        return
    if any(relation == IS_A and kind in UNWANTED_KINDS for relation, kind in item.facts):
        yield {"entity": item.id}
        return
    for relation, other in item.facts:
        if other in named:
            yield Fact(item.id, relation, other)
        else:
            drops[reasons.FACT_OUTSIDE] += 1
    for code, language in codes.items():
        if code in item.descriptions and f"{language} {item.id}" not in told:
            yield Description(item.id, language, item.descriptions[code], item.labels.get(code, ""))

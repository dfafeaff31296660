"""Entities and facts that are kept apart from training, so that they can be measured on: by share, or by a list."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from isogloss.common.errors import IsoglossError
from isogloss.common.randomness import derive
from isogloss.data.lines import read_lines
from isogloss.data.problems import Problems


@dataclass(frozen=True)
class Listed:
    """Entities and facts of a list, as numbers (`isogloss.common.randomness.derive` of their ids).

    Attributes:
        entities: The entities.
        facts: The facts: subject, relation, object.
    """

    entities: frozenset[int] = frozenset()
    facts: frozenset[tuple[int, int, int]] = frozenset()

    @classmethod
    def of(cls, ids: Iterable[str | tuple[str, str, str]]) -> Listed:
        """From ids of entities, and triples of ids of facts.

        Example:
            >>> listed = Listed.of(["Q64", ("Q64", "P17", "Q183")])
            >>> len(listed.entities), len(listed.facts), derive("Q64") in listed.entities
            (1, 1, True)
        """
        given = list(ids)
        facts = (one for one in given if not isinstance(one, str))
        return cls(
            frozenset(derive(one) for one in given if isinstance(one, str)),
            frozenset((derive(subject), derive(relation), derive(other)) for subject, relation, other in facts),
        )


@dataclass(frozen=True)
class Apart:
    """Which entities and facts are kept apart.

    Of an entity that is kept apart nothing is learned: no mention, and no fact about it. A share is one of all ids
    that there could be, so what is kept apart does not depend on what else there is.

    Attributes:
        entities: Share of the entities, in [0, 1).
        facts: Share of the facts, in [0, 1).
        listed: Others by name.

    Example:
        >>> apart = Apart(listed=Listed.of(["Q64"]))
        >>> berlin, country, germany, france = map(derive, ("Q64", "P17", "Q183", "Q142"))
        >>> apart.has_entity(berlin), apart.has_entity(germany)
        (True, False)
        >>> apart.has_fact(berlin, country, germany), apart.has_fact(france, country, germany)
        (True, False)
    """

    entities: float = 0.0
    facts: float = 0.0
    listed: Listed = Listed()

    def has_entity(self, entity: int) -> bool:
        """Whether an entity is kept apart."""
        return entity in self.listed.entities or _place(entity) < self.entities

    def has_fact(self, subject: int, relation: int, other: int) -> bool:
        """Whether a fact is kept apart, by itself or since an entity of it is."""
        own = (subject, relation, other)
        return (
            own in self.listed.facts or _place(*own) < self.facts or self.has_entity(subject) or self.has_entity(other)
        )

    def key(self) -> dict[str, Any]:
        """All of it, as JSON."""
        names = sorted(self.listed.entities), sorted(self.listed.facts)
        return {
            "entities": self.entities,
            "facts": self.facts,
            "listed": hashlib.sha256(repr(names).encode()).hexdigest(),
        }


NONE = Apart()
"""Nothing is kept apart."""


def read_listed(path: Path, key: str) -> Listed:
    """A list of entities and facts: a line is the id of an entity, or subject, relation and object with tabs between.

    Args:
        path: The file; blank lines are passed over.
        key: What a user calls it, for messages.

    Raises:
        IsoglossError: It cannot be read, names nothing, or a line is neither.
    """
    problems, found = Problems(), list[str | tuple[str, str, str]]()
    for number, line in enumerate(read_lines(path, problems), start=1):
        if not line.strip():
            continue
        match [part.strip() for part in line.split("\t")]:
            case [entity]:
                found.append(entity)
            case [subject, relation, other] if subject and relation and other:
                found.append((subject, relation, other))
            case parts:
                problems.error(
                    path,
                    number,
                    "must be the id of an entity, or subject, relation and object with tabs between, found "
                    f"{len(parts)} columns in {line[:60]!r}",
                )
    problems.raise_errors()
    if not found:
        raise IsoglossError(f"{key}: {path} names no entity and no fact")
    return Listed.of(found)


def _place(*key: int) -> float:
    """Where a key lies between 0 and 1, whatever else there is."""
    return derive("apart", *key) / 2**63

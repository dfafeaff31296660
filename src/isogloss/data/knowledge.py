"""Knowledge to pre-train on: sentences with linked entities, descriptions of entities, facts, names of relations."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple, Protocol


class Mention(NamedTuple):
    """A place in a text that stands for an entity.

    Attributes:
        start: First character.
        end: The character after its last.
        entity: Id of the entity, such as ``Q64``.
    """

    start: int
    end: int
    entity: str


class Linked(NamedTuple):
    """A sentence and what it mentions.

    Attributes:
        text: The sentence.
        language: Its language.
        mentions: What it mentions.
    """

    text: str
    language: str
    mentions: tuple[Mention, ...]


class Description(NamedTuple):
    """What an entity, or a relation, is in one language.

    Attributes:
        key: Id of the entity or relation.
        language: The language.
        text: The description of an entity, the name of a relation.
        title: Name of an entity; empty for relations.
    """

    key: str
    language: str
    text: str
    title: str = ""


class Fact(NamedTuple):
    """That a relation holds between two entities."""

    subject: str
    relation: str
    object: str


class Knowledge(Protocol):
    """Where knowledge comes from; each part can be gone through as often as wanted, and need not fit into memory."""

    def identity(self) -> Mapping[str, str]:
        """What tells it from other knowledge, such as the SHA-256 of each file."""

    def languages(self) -> Iterator[str]:
        """The language of each sentence."""

    def sentences(self) -> Iterator[Linked]:
        """The sentences, those of a page one after the other."""

    def descriptions(self) -> Iterator[Description]:
        """What entities are, one for each entity and language at most."""

    def facts(self) -> Iterator[Fact]:
        """What is true."""

    def relations(self) -> Iterator[Description]:
        """The names of relations."""

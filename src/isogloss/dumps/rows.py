"""The tables of a corpus: what a row of each holds."""

from __future__ import annotations

from dataclasses import dataclass

import pyarrow as pa


@dataclass(frozen=True, slots=True)
class Mention:
    """A place in a sentence that names an entity.

    Attributes:
        start: First character, from 0, counted in code points of Unicode.
        end: One behind the last.
        entity: Wikidata id; without one, language and title of the article (``uk:Київ``).
    """

    start: int
    end: int
    entity: str


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence, or several that follow one another.

    Attributes:
        text: In NFC, without line breaks.
        language: Code as in the name of the dump.
        mentions: In order, without overlap.
        page: Title of the article; empty for text of other origin.
    """

    text: str
    language: str
    mentions: tuple[Mention, ...]
    page: str


@dataclass(frozen=True, slots=True)
class Description:
    """What a language says of an entity.

    Attributes:
        entity: As in a mention.
        language: Code as in the name of the dump.
        text: The opening of the article, or the description that Wikidata has.
        title: Title of the article, or the label that Wikidata has.
    """

    entity: str
    language: str
    text: str
    title: str


@dataclass(frozen=True, slots=True)
class Fact:
    """That two entities are related, as Wikidata says it."""

    subject: str
    relation: str
    object: str


@dataclass(frozen=True, slots=True)
class Label:
    """What a language calls a relation."""

    relation: str
    language: str
    label: str


Row = Sentence | Description | Fact | Label

MENTION = pa.struct([("start", pa.int32()), ("end", pa.int32()), ("entity", pa.string())])
SENTENCES = pa.schema(
    [("text", pa.string()), ("language", pa.string()), ("mentions", pa.list_(MENTION)), ("page", pa.string())]
)
DESCRIPTIONS = pa.schema([(name, pa.string()) for name in ("entity", "language", "text", "title")])
FACTS = pa.schema([(name, pa.string()) for name in ("subject", "relation", "object")])
RELATIONS = pa.schema([(name, pa.string()) for name in ("relation", "language", "label")])
UNWANTED = pa.schema([("entity", pa.string())])

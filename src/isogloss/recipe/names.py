"""Names of tasks and formats, and the objects they stand for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from isogloss.data.conll import TokenTag
from isogloss.data.conllu import ConllU
from isogloss.data.delimiters import COMMA
from isogloss.data.formats import Format
from isogloss.data.json_lines import JsonLines
from isogloss.data.tables import Table
from isogloss.errors import IsoglossError
from isogloss.tasks.classification import Classification
from isogloss.tasks.tagging import named_entities, part_of_speech
from isogloss.tasks.task import Task

Columns = Mapping[str, str | int] | None


@dataclass(frozen=True)
class NamedTask:
    """A task as a user names it.

    Attributes:
        summary: One line for `isogloss list tasks`.
        build: Makes the task from its labels.
        batch_size: Sentences per batch where a recipe says nothing (Sequential Reptile paper: 16 for NER).
    """

    summary: str
    build: Callable[[tuple[str, ...]], Task]
    batch_size: int


@dataclass(frozen=True)
class NamedFormat:
    """A file format as a user names it.

    Attributes:
        summary: One line for `isogloss list formats`.
        build: Makes the format from the columns a recipe names, if any.
        holds: What a line or block of the file is.
    """

    summary: str
    build: Callable[[Columns], Format]
    holds: str


def _classification(name: str) -> Callable[[tuple[str, ...]], Task]:
    return lambda labels: Classification(name, labels)


def _without_columns(make: Callable[[], Format]) -> Callable[[Columns], Format]:
    def build(columns: Columns) -> Format:
        if columns is not None:
            raise IsoglossError(f"columns: only tables and JSON lines have named columns, found {dict(columns)}")
        return make()

    return build


def _json_lines(columns: Columns) -> Format:
    return JsonLines(None if columns is None else {name: str(key) for name, key in columns.items()})


TASKS: dict[str, NamedTask] = {
    "pos": NamedTask("part-of-speech tagging: token accuracy, F1 as XTREME computes it", part_of_speech, 16),
    "ner": NamedTask("named entities: entity F1, precision, recall (seqeval), token accuracy", named_entities, 16),
    "nli": NamedTask(
        "natural language inference, premise and hypothesis: accuracy, macro-F1", _classification("nli"), 32
    ),
    "topic": NamedTask("classification of one text: accuracy, macro-F1", _classification("topic"), 32),
}

FORMATS: dict[str, NamedFormat] = {
    "conllu": NamedFormat(
        "CoNLL-U, tags from UPOS; ranges and empty nodes are passed over", _without_columns(ConllU), "sentence"
    ),
    "conll": NamedFormat(
        "token and tag per line, blank line between sentences; IOB1, IOB2, BIOES",
        _without_columns(TokenTag),
        "sentence",
    ),
    "tsv": NamedFormat("tab-separated columns without quoting", lambda columns: Table(columns=columns), "text"),
    "csv": NamedFormat("comma-separated columns with quoting", lambda columns: Table(COMMA, columns), "text"),
    "jsonl": NamedFormat("one JSON object per line", _json_lines, "text"),
}

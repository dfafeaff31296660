"""How the rows of a table from the hub are written down in one of our own formats."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from isogloss.catalogue.conform import names_of_labels, require_columns
from isogloss.common.errors import IsoglossError

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True, slots=True)
class Written:
    """The content of one file of a local copy.

    Attributes:
        text: The whole file.
        rows: Its examples.
        changed: What was left out or repaired, and how often.
    """

    text: str
    rows: int
    changed: Mapping[str, int] = field(default_factory=dict)


class Rows(Protocol):
    """Which columns a table must have, and what its rows become."""

    @property
    def format(self) -> str:
        """Our name of the format that is written."""

    @property
    def suffix(self) -> str:
        """End of a file's name."""

    @property
    def contents(self) -> str:
        """What stands in a file, in words."""

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that the table must have."""

    @property
    def labels(self) -> tuple[str, ...] | None:
        """The labels in the order of the hub's integers; None where there are none or the order is not known."""

    def write(self, table: pa.Table, word: str, where: str) -> Written:
        """What a table becomes.

        Args:
            table: The table.
            word: The repository's word for the language, where one table holds several.
            where: The table, for messages.

        Raises:
            IsoglossError: It lacks a column, or has other labels.
        """


@dataclass(frozen=True, slots=True)
class Texts:
    """Texts, or pairs of them, with a label: JSON lines under the names of the repository.

    A row without gold label (-1) is left out. The id is the repository's, or else the number of the row from 0, so that
    the rows of translations keep the same ids.

    Args:
        texts: Columns of the texts.
        label: Column of the label.
        labels: Its names in the order of the hub's integers; None: not known.
        id: Column of the id; None: there is none.
    """

    texts: tuple[str, ...]
    label: str = "label"
    labels: tuple[str, ...] | None = None
    id: str | None = None
    format: str = "jsonl"
    suffix: str = ".jsonl"

    @property
    def contents(self) -> str:
        """What stands in a file, in words."""
        return f"keys id, {', '.join(self.texts)}, {self.label}"

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that the table must have."""
        return (*self.texts, self.label, *((self.id,) if self.id else ()))

    def write(self, table: pa.Table, word: str, where: str) -> Written:
        """One object a row."""
        require_columns(table, self.columns, where)
        names = names_of_labels(table, self.label, self.labels, where)
        lines, changed = [], Counter[str]()
        for number, row in enumerate(_rows(table, self.columns)):
            label = _named(row[self.label], names, where, number)
            if label is None:
                changed["rows without label left out"] += 1
                continue
            identity = str(row[self.id]) if self.id else str(number)
            lines.append({"id": identity, **{name: row[name] for name in self.texts}, self.label: label})
        return _json_lines(lines, changed)


@dataclass(frozen=True, slots=True)
class Tagged:
    """Tagged sentences: a token, a tab and its tag a line.

    Args:
        tags: Column of the tags; that of the tokens is ``tokens``.
        labels: Names of the tags in the order of the hub's integers; None: not known.
    """

    tags: str
    labels: tuple[str, ...] | None = None
    format: str = "conll"
    suffix: str = ".tsv"
    contents: str = "token, tab, tag a line; a blank line between sentences"

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that the table must have."""
        return ("tokens", self.tags)

    def write(self, table: pa.Table, word: str, where: str) -> Written:
        """One token a line."""
        require_columns(table, self.columns, where)
        names = names_of_labels(table, self.tags, self.labels, where)
        blocks, changed = [], Counter[str]()
        for number, row in enumerate(_rows(table, self.columns)):
            tags = [_named(tag, names, where, number) for tag in row[self.tags]]
            if not tags or None in tags or len(tags) != len(row["tokens"]):
                changed["sentences without a tag for each token left out"] += 1
                continue
            lines = []
            for token, tag in zip(row["tokens"], tags, strict=True):
                # A token a line: white space inside of it cannot stand but as spaces, and some must stand there.
                kept = " ".join(token.split()) or "_"
                changed["tokens with other white space than spaces repaired"] += kept != token
                lines.append(f"{kept}\t{tag}\n")
            blocks.append("".join(lines))
        return Written("\n".join(blocks), len(blocks), +changed)


@dataclass(frozen=True, slots=True)
class Questions:
    """Questions with the spans of their answers: SQuAD v1.1 JSON.

    Args:
        by_language: Whether a table holds several languages, the id of a question beginning with the word for its own.
    """

    by_language: bool = False
    columns: tuple[str, ...] = ("id", "context", "question", "answers")
    labels: None = None
    format: str = "squad"
    suffix: str = ".json"
    contents: str = "SQuAD v1.1"

    def write(self, table: pa.Table, word: str, where: str) -> Written:
        """One article a title, one paragraph a context, in the order of the rows."""
        require_columns(table, self.columns, where)
        titled = "title" in table.column_names
        articles: dict[str, dict[str, list[dict[str, Any]]]] = {}
        number = 0
        for row in _rows(table, (*self.columns, *(("title",) if titled else ()))):
            if self.by_language and not row["id"].startswith(f"{word}-"):
                continue
            number += 1
            spans = list(_spans(row["answers"]))
            question = {"id": row["id"], "question": row["question"], "answers": spans}
            paragraphs = articles.setdefault(row["title"] if titled else "", {})
            paragraphs.setdefault(row["context"], []).append(question)
        data = [
            {"title": title, "paragraphs": [{"context": context, "qas": qas} for context, qas in paragraphs.items()]}
            for title, paragraphs in articles.items()
        ]
        return Written(json.dumps({"version": "1.1", "data": data}, ensure_ascii=False) + "\n", number)


@dataclass(frozen=True, slots=True)
class Choices:
    """A premise, a question and the choices of which one is right: JSON lines with a list of alternatives.

    A row without gold label (-1) is left out.

    Args:
        choices: Columns of the choices.
        premise: Column of the premise.
        labels: Names of the labels in the order of the hub's integers, where they have some.
        first: The label of the first choice, where labels are numbers; it becomes 0.
    """

    choices: tuple[str, ...] = ("choice1", "choice2")
    premise: str = "premise"
    labels: tuple[str, ...] | None = None
    first: int = 0
    format: str = "choice_jsonl"
    suffix: str = ".jsonl"

    @property
    def contents(self) -> str:
        """What stands in a file, in words."""
        return f"keys id, context, question, alternatives ({len(self.choices)}), label from 0"

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that the table must have."""
        return (self.premise, "question", *self.choices, "label")

    def write(self, table: pa.Table, word: str, where: str) -> Written:
        """One object a row."""
        require_columns(table, self.columns, where)
        if self.labels is not None:
            names_of_labels(table, "label", self.labels, where)
        lines, changed = [], Counter[str]()
        numbered = "idx" in table.column_names
        for number, row in enumerate(_rows(table, (*self.columns, *(("idx",) if numbered else ())))):
            # Social IQa's labels are strings, some with the line end of the file that they were read from.
            label = int(row["label"]) - self.first
            if label < 0:
                changed["rows without label left out"] += 1
                continue
            if label >= len(self.choices):
                raise IsoglossError(f"{where}: row {number + 1}: label {row['label']!r} of {len(self.choices)} choices")
            asked = {"context": row[self.premise], "question": row["question"]}
            alternatives = [row[name] for name in self.choices]
            name = str(row["idx"] if numbered else number)
            lines.append({"id": name, **asked, "alternatives": alternatives, "label": label})
        return _json_lines(lines, changed)


@dataclass(frozen=True, slots=True)
class Translations:
    """Sentences with their English translations: two columns separated by a tab, as `isogloss retrieve` reads them."""

    columns: tuple[str, ...] = ("source_sentence", "target_sentence")
    labels: None = None
    format: str = "tsv"
    suffix: str = ".tsv"
    contents: str = "sentence and English sentence, separated by a tab, without header"

    def write(self, table: pa.Table, word: str, where: str) -> Written:
        """One line a row; tabs and line breaks in a sentence become spaces."""
        require_columns(table, self.columns, where)
        lines, changed = [], Counter[str]()
        for row in _rows(table, self.columns):
            found = [row[name] for name in self.columns]
            sides = [" ".join(re.split(r"[\t\r\n]+", text)) for text in found]
            changed["sentences with tabs or line breaks, which became spaces"] += sides != found
            lines.append("\t".join(sides) + "\n")
        return Written("".join(lines), len(lines), {what: times for what, times in changed.items() if times})


def _rows(table: pa.Table, columns: Sequence[str]) -> Iterator[dict[str, Any]]:
    for batch in table.select(list(columns)).to_batches():
        yield from batch.to_pylist()


def _spans(answers: Any) -> Iterator[dict[str, Any]]:  # noqa: ANN401 - as `datasets` lays them out
    """Each answer with its start: from lists side by side, as `datasets` keeps them, or from a list of pairs."""
    if isinstance(answers, list):
        answers = {key: [answer[key] for answer in answers] for key in ("text", "answer_start")}
    for text, start in zip(answers["text"], answers["answer_start"], strict=True):
        yield {"text": text, "answer_start": start}


def _named(value: Any, names: Sequence[str] | None, where: str, number: int) -> str | None:  # noqa: ANN401
    """The name of a label; None where there is none."""
    if value is None or value == -1:
        return None
    if names is None:
        return str(value).strip() or None
    if not 0 <= value < len(names):
        raise IsoglossError(f"{where}: row {number + 1}: label {value}, but there are {len(names)}: {', '.join(names)}")
    return str(names[value])


def _json_lines(rows: Iterable[Mapping[str, Any]], changed: Mapping[str, int]) -> Written:
    lines = [json.dumps(row, ensure_ascii=False) + "\n" for row in rows]
    return Written("".join(lines), len(lines), changed)

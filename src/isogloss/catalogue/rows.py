"""How the rows of a table from the hub are written down in one of our own formats."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from isogloss.catalogue.conform import names_of_labels, require_columns
from isogloss.common.errors import IsoglossError
from isogloss.data import ChoiceLines, JsonLines, Squad, Table, TokenTag
from isogloss.examples import Choice, LabelledText, Question, TaggedSentence

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True, slots=True)
class Written:
    """One file of a local copy.

    Attributes:
        content: The whole file.
        rows: Its examples.
        changed: What was left out or repaired, and how often.
    """

    content: bytes
    rows: int
    changed: Mapping[str, int] = field(default_factory=dict)


class RowFormat(Protocol):
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
        examples, changed = [], Counter[str]()
        for number, row in enumerate(_rows(table, self.columns)):
            label = _named(row[self.label], names, where, number)
            if label is None:
                changed["rows without label left out"] += 1
                continue
            identity = str(row[self.id]) if self.id else str(number)
            text, pair = (*(row[name] for name in self.texts), None)[:2]
            examples.append(LabelledText(identity, word, text, pair, label))
        keys = dict(zip(("text", "pair"), self.texts, strict=False))
        content = JsonLines({"id": "id", **keys, "label": self.label}).dump(examples)
        return Written(content, len(examples), changed)


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
        sentences, changed = [], Counter[str]()
        for number, row in enumerate(_rows(table, self.columns)):
            named = (_named(tag, names, where, number) for tag in row[self.tags])
            tags = tuple(tag for tag in named if tag is not None)
            if not tags or not len(tags) == len(row[self.tags]) == len(row["tokens"]):
                changed["sentences without a tag for each token left out"] += 1
                continue
            # A token a line: white space inside of it cannot stand but as spaces, and some must stand there.
            kept = tuple(" ".join(token.split()) or "_" for token in row["tokens"])
            repaired = sum(new != old for new, old in zip(kept, row["tokens"], strict=True))
            changed["tokens with other white space than spaces repaired"] += repaired
            sentences.append(TaggedSentence(str(number), word, kept, tags))
        # Copies have no blank line at their end: those that exist must stay those that are written.
        return Written(TokenTag().dump(sentences).removesuffix(b"\n"), len(sentences), +changed)


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
        examples, titles = [], []
        for row in _rows(table, (*self.columns, *(("title",) if titled else ()))):
            if self.by_language and not row["id"].startswith(f"{word}-"):
                continue
            answers = tuple(_spans(row["answers"]))
            examples.append(Question(row["id"], word, word, row["question"], row["context"], answers))
            titles.append(row["title"] if titled else "")
        return Written(Squad().dump(examples, titles), len(examples))


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
        examples, changed = [], Counter[str]()
        numbered = "idx" in table.column_names
        for number, row in enumerate(_rows(table, (*self.columns, *(("idx",) if numbered else ())))):
            # Social IQa's labels are strings, some with the line end of the file that they were read from.
            label = int(row["label"]) - self.first
            if label < 0:
                changed["rows without label left out"] += 1
                continue
            if label >= len(self.choices):
                raise IsoglossError(f"{where}: row {number + 1}: label {row['label']!r} of {len(self.choices)} choices")
            alternatives = tuple(row[name] for name in self.choices)
            name = str(row["idx"] if numbered else number)
            examples.append(Choice(name, word, row[self.premise], row["question"], alternatives, str(label)))
        return Written(ChoiceLines().dump(examples), len(examples), changed)


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
        examples, changed = [], Counter[str]()
        for number, row in enumerate(_rows(table, self.columns)):
            found = [row[name] for name in self.columns]
            sides = [" ".join(re.split(r"[\t\r\n]+", text)) for text in found]
            changed["sentences with tabs or line breaks, which became spaces"] += sides != found
            examples.append(LabelledText(str(number), word, sides[0], sides[1], None))
        return Written(Table(columns={"text": 0, "pair": 1}).dump(examples), len(examples), +changed)


def _rows(table: pa.Table, columns: Sequence[str]) -> Iterator[dict[str, Any]]:
    for batch in table.select(list(columns)).to_batches():
        yield from batch.to_pylist()


def _spans(answers: Any) -> Iterator[tuple[str, int]]:  # noqa: ANN401 - as `datasets` lays them out
    """Each answer with its start: from lists side by side, as `datasets` keeps them, or from a list of pairs."""
    if isinstance(answers, list):
        answers = {key: [answer[key] for answer in answers] for key in ("text", "answer_start")}
    yield from zip(answers["text"], answers["answer_start"], strict=True)


def _named(value: Any, names: Sequence[str] | None, where: str, number: int) -> str | None:  # noqa: ANN401
    """The name of a label; None where there is none."""
    if value is None or value == -1:
        return None
    if names is None:
        return str(value).strip() or None
    if not 0 <= value < len(names):
        raise IsoglossError(f"{where}: row {number + 1}: label {value}, but there are {len(names)}: {', '.join(names)}")
    return str(names[value])

"""Parquet: a sentence, or a labelled text, a row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from isogloss.common.arrow import FEATURES, label_names, read_parquet, to_parquet
from isogloss.common.errors import IsoglossError, nearest
from isogloss.common.writing import write_bytes
from isogloss.data.chunks import renamed_in_iob2
from isogloss.data.columns import added_name, check_columns, labelled_text, locate, usual_columns
from isogloss.data.formats import finish, predicted_labels, predicted_tags
from isogloss.data.labels import SAME_NAMES, as_text, gold_tags, untagged
from isogloss.data.lines import is_blank
from isogloss.data.problems import Problems
from isogloss.data.words import are_running_numbers, check_words_are_there, without_prefix
from isogloss.examples import LabelledText, Prediction, TaggedSentence

TAGGED: Mapping[str, tuple[str, ...]] = {
    "tokens": ("tokens", "words"),
    "tags": ("tags", "ner_tags", "pos_tags", "upos"),
    "id": ("id", "idx"),
}
"""Names that the public benchmarks give to the columns of tagged sentences."""


@dataclass(frozen=True, slots=True)
class Parquet:
    """A file of rows: tagged sentences where it has a column of tokens, else labelled texts.

    Tokens and tags are lists, texts are strings. A label or tag is a string, or an integer: then its name is that of
    the ``ClassLabel`` which `datasets` keeps in the file, or else the number itself; -1 is no label, nor are tags ``_``
    at all tokens of a sentence. Chunk tags come out in IOB2, and running numbers, WikiANN's prefix and words that were
    taken out are found, as by `TokenTag`. Lines of messages are rows, from 1.

    Args:
        columns: The file's column of our ``tokens`` and, where it has them, ``tags`` and ``id``; or of our ``text``
            and, where it has them, ``pair``, ``label`` and ``id``. None: by their usual names, those of `Table` for
            texts, ``tokens``, ``words`` for tokens and ``tags``, ``ner_tags``, ``pos_tags``, ``upos`` for tags.

    Raises:
        IsoglossError: ``columns`` has an unknown name, neither ``tokens`` nor ``text``, or both.
    """

    columns: Mapping[str, str] | None = None

    def __post_init__(self) -> None:
        """Check the columns."""
        if self.columns is None or "tokens" not in self.columns:
            if self.columns is not None:
                check_columns(self.columns)
            return
        for name in self.columns:
            if name not in TAGGED:
                raise IsoglossError(f"columns: unknown column {name!r} beside 'tokens'{nearest(name, TAGGED)}")

    def read(
        self, path: Path, language: str, problems: Problems, label_map: Mapping[str, str] = SAME_NAMES
    ) -> list[TaggedSentence] | list[LabelledText]:
        """The good rows of the file."""
        try:
            table = read_parquet(path)
        except IsoglossError as error:
            problems.error(path, None, str(error))
            return []
        located = self._located(table, path, problems)
        for ours, name in located.items():
            if table.column_names.count(name) > 1:
                problems.error(path, 1, f"several columns are called {name!r} (the {ours})")
        if problems.spoils(path):
            return []
        if "tokens" in located:
            sentences = _sentences(table, located, language, path, problems, label_map)
            if are_running_numbers(sentence.tokens for sentence in sentences):
                others = ", ".join(name for name in table.column_names if name != located["tokens"]) or "no other"
                found = f"the tokens (column {located['tokens']!r}) are running numbers"
                problems.error(
                    path, 1, f"{found}; columns: {{tokens: ..., tags: ...}} names others (there are {others})"
                )
                return []
            sentences = without_prefix(sentences, path, problems, lines_per_token=0)
            check_words_are_there(((one.line, " ".join(one.tokens)) for one in sentences), path, problems)
            tagged = renamed_in_iob2(sentences, label_map, path, problems, lines_per_token=0)
            return finish(tagged, path, problems)
        return finish(_texts(table, located, language, path, problems, label_map), path, problems)

    def dump(self, examples: Sequence[TaggedSentence] | Sequence[LabelledText]) -> bytes:
        """The content of a file from which `read` gives these examples; tags and labels are strings.

        It has the columns of `columns`; without these, by their first usual names what the examples have. What has no
        column is not written.
        """
        texts = [example for example in examples if isinstance(example, LabelledText)]
        usual = usual_columns(texts) if texts else {ours: names[0] for ours, names in TAGGED.items()}
        listed = dict.fromkeys(("tokens", "tags"), pa.list_(pa.string()))
        columns = {
            name: pa.array([getattr(example, ours) for example in examples], listed.get(ours, pa.string()))
            for ours, name in (usual if self.columns is None else self.columns).items()
        }
        return to_parquet(pa.table(columns))

    def write(
        self,
        source: Path,
        predictions: Sequence[Prediction],
        destination: Path,
        label_map: Mapping[str, str] = SAME_NAMES,
    ) -> None:
        """Write ``source`` with the predictions in the column of tags or labels, added where there is none.

        A column of integers with names stays one if it has a name for each prediction, and becomes one of strings
        otherwise.
        """
        table = read_parquet(source)
        located = self._located(table, source, Problems())
        examples = self.read(source, "", Problems(), label_map)
        predicted: dict[int, Any]
        if "tokens" in located:
            tagged = [example for example in examples if isinstance(example, TaggedSentence)]
            predicted = {example.line: list(tags) for example, tags in predicted_tags(tagged, predictions, source)}
        else:
            texts = [example for example in examples if isinstance(example, LabelledText)]
            predicted = dict(predicted_labels(texts, predictions, source))
        ours = "tags" if "tokens" in located else "label"
        write_bytes(destination, to_parquet(_with(table, located.get(ours), ours, predicted)))

    def _located(self, table: pa.Table, path: Path, problems: Problems) -> dict[str, str]:
        """The file's column of each of ours that it has."""
        names = list(table.column_names)
        if self.columns is not None and "tokens" not in self.columns:
            return locate(self.columns, names, path, 1, problems)
        if self.columns is None:
            found = {ours: next((name for name in known if name in names), "") for ours, known in TAGGED.items()}
            if not found["tokens"]:
                return locate(None, names, path, 1, problems)
            tags = [name for name in names if name in TAGGED["tags"]]
            if len(tags) > 1:
                found_tags = f"several columns of tags ({', '.join(tags)})"
                problems.error(path, 1, f"{found_tags}; columns: {{tokens: ..., tags: ...}} names one")
            return {ours: name for ours, name in found.items() if name}
        for ours, name in self.columns.items():
            if name not in names:
                problems.error(path, 1, f"no column {name!r} (the {ours}){nearest(name, names)}")
        return dict(self.columns)


def _sentences(
    table: pa.Table,
    located: Mapping[str, str],
    language: str,
    path: Path,
    problems: Problems,
    label_map: Mapping[str, str],
) -> list[TaggedSentence]:
    """The good rows of a table of sentences."""
    columns = _values(table, located)
    names = _names(table, located.get("tags"))
    sentences = []
    for row, (tokens, tags, name) in enumerate(
        zip(columns["tokens"], columns["tags"], columns["id"], strict=True), start=1
    ):
        try:
            read = _tokens(tokens, located["tokens"])
            read_tags = None if tags is None else _tags(tags, names, located["tags"], len(read), label_map)
        except _BadRow as error:
            problems.error(path, row, str(error))
            continue
        identity = str(row) if name is None else str(name)
        sentences.append(TaggedSentence(identity, language, read, read_tags, str(path), row, numbered=name is None))
    return sentences


def _texts(
    table: pa.Table,
    located: Mapping[str, str],
    language: str,
    path: Path,
    problems: Problems,
    label_map: Mapping[str, str],
) -> list[LabelledText]:
    """The good rows of a table of texts."""
    columns = _values(table, located)
    names = _names(table, located.get("label"))
    texts = []
    for row in range(1, table.num_rows + 1):
        values = {ours: columns[ours][row - 1] for ours in located}
        try:
            for ours in ("text", "pair"):
                if not isinstance(values.get(ours, ""), str):
                    found = type(values[ours]).__name__
                    raise _BadRow(f"{located[ours]!r} (the {ours}) is of type {found}, not a string")
            if "label" in values:
                values["label"] = _label(values["label"], names, located["label"])
            if values.get("id") is not None:
                values["id"] = str(values["id"])
        except _BadRow as error:
            problems.error(path, row, str(error))
            continue
        example = labelled_text(values, row, language, path, row, problems, label_map)
        if example is not None:
            texts.append(example)
    return texts


class _BadRow(Exception):
    """What is wrong with a row; it is left out."""


def _values(table: pa.Table, located: Mapping[str, str]) -> dict[str, list[Any]]:
    """The values of our columns, None for those that the file does not have."""
    nothing = [None] * table.num_rows
    return {
        ours: table.column(located[ours]).to_pylist() if ours in located else nothing
        for ours in ("tokens", "tags", "id", "text", "pair", "label")
    }


def _names(table: pa.Table, column: str | None) -> tuple[str, ...] | None:
    return None if column is None else label_names(table.schema, column)


def _list(value: Any, column: str) -> list[Any]:  # noqa: ANN401 - whatever the file holds
    if not isinstance(value, list):
        raise _BadRow(f"{column!r} holds a {type(value).__name__}, not a list")
    return value


def _tokens(value: Any, column: str) -> tuple[str, ...]:  # noqa: ANN401
    tokens = _list(value, column)
    if not tokens:
        raise _BadRow("sentence without tokens")
    for place, token in enumerate(tokens, start=1):
        if not isinstance(token, str) or is_blank(token):
            raise _BadRow(f"token {place} is empty or no string: {token!r}")
    return tuple(tokens)


def _tags(
    value: Any,  # noqa: ANN401
    names: Sequence[str] | None,
    column: str,
    tokens: int,
    label_map: Mapping[str, str],
) -> tuple[str, ...] | None:
    """The tags of a sentence; None if no token has one."""
    tags = [_tag(tag, names, column) for tag in _list(value, column)]
    if len(tags) != tokens:
        raise _BadRow(f"{tokens} tokens, but {len(tags)} tags")
    given = [tag for tag in tags if tag is not None]
    if given and len(given) < tokens:
        raise _BadRow(f"token {tags.index(None) + 1} has no tag, where others of the sentence have one")
    if (place := untagged(given, label_map)) is not None:
        raise _BadRow(f"token {place + 1} has the tag '_', where others of the sentence have a tag")
    return gold_tags(given, label_map) if given else None


def _tag(value: Any, names: Sequence[str] | None, column: str) -> str | None:  # noqa: ANN401
    """The tag as a string; None where there is none, which integers say by -1."""
    if isinstance(value, bool | float):
        raise _BadRow(f"{column!r} holds {value!r}, which is neither a string nor an integer")
    return None if value == -1 else _label(value, names, column)


def _label(value: Any, names: Sequence[str] | None, column: str) -> str | None:  # noqa: ANN401
    """The label as a string; None where there is none."""
    if value is None or isinstance(value, str):
        return (value or "").strip() or None
    if not isinstance(value, int | float):
        raise _BadRow(f"{column!r} holds {value!r}, which is neither a string nor a number")
    if names is None or value == -1 or value != value:  # NaN
        return as_text(value)
    if value not in range(len(names)):
        raise _BadRow(f"{column!r} holds {value}, but there are {len(names)} labels: {', '.join(names)}")
    return names[int(value)]


def _with(table: pa.Table, column: str | None, added: str, predicted: Mapping[int, Any]) -> pa.Table:
    """The table with the predicted values, by row from 1, in a column."""
    listed = any(isinstance(value, list) for value in predicted.values())
    kind = pa.list_(pa.string()) if listed else pa.string()
    if column is None:
        added = added_name(added, table.column_names)
        return table.append_column(added, pa.array([predicted.get(row + 1) for row in range(table.num_rows)], kind))
    old, names = table.column(column).to_pylist(), label_names(table.schema, column)
    values = [predicted.get(row, value) for row, value in enumerate(old, start=1)]
    place = table.column_names.index(column)
    flat = [label for value in predicted.values() for label in (value if listed else [value])]
    if names is not None and set(flat) <= set(names):
        field = table.schema.field(column)
        return table.set_column(place, field, pa.array(_coded(values, names), field.type))
    metadata = {key: value for key, value in (table.schema.metadata or {}).items() if key != FEATURES}
    written = table.set_column(place, column, pa.array(_named(values, names), kind))
    return written.replace_schema_metadata(metadata)


def _coded(value: Any, names: Sequence[str]) -> Any:  # noqa: ANN401
    if isinstance(value, list):
        return [_coded(entry, names) for entry in value]
    return names.index(value) if isinstance(value, str) else value


def _named(value: Any, names: Sequence[str] | None) -> Any:  # noqa: ANN401
    if isinstance(value, list):
        return [_named(entry, names) for entry in value]
    if value is None or isinstance(value, str):
        return value
    return names[value] if names is not None and 0 <= value < len(names) else str(value)

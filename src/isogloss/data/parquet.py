"""Parquet: a sentence, or a labelled text, a row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from isogloss.common.arrow import FEATURES, label_names, read_parquet, to_parquet
from isogloss.common.errors import IsoglossError
from isogloss.common.writing import write_bytes
from isogloss.data.columns import TAGGED, added_name, check_columns, labelled_text, locate, usual_columns
from isogloss.data.formats import finish, predicted_labels, predicted_tags
from isogloss.data.labels import SAME_NAMES
from isogloss.data.problems import Problems
from isogloss.data.tagged_rows import (
    BadRow,
    check_tagged_columns,
    label_name,
    locate_tagged,
    tagged_sentences,
)
from isogloss.examples import LabelledText, Prediction, TaggedSentence


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
        names: Names of labels that are numbers, from 0; None: those that the file has.

    Raises:
        IsoglossError: ``columns`` has an unknown name, neither ``tokens`` nor ``text``, or both.
    """

    columns: Mapping[str, str] | None = None
    names: tuple[str, ...] | None = None

    def __post_init__(self) -> None:
        """Check the columns."""
        if self.columns is None or "tokens" not in self.columns:
            if self.columns is not None:
                check_columns(self.columns)
            return
        check_tagged_columns(self.columns)

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
            columns = _values(table, located)
            rows = ((row, {ours: columns[ours][row - 1] for ours in located}) for row in range(1, table.num_rows + 1))
            others = [name for name in table.column_names if name != located["tokens"]]
            names = self._names(table, located.get("tags"))
            return tagged_sentences(rows, located, others, names, language, path, problems, label_map)
        return finish(
            _texts(table, located, self._names(table, located.get("label")), language, path, problems, label_map),
            path,
            problems,
        )

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
        write_bytes(destination, to_parquet(_with(table, located.get(ours), self.names, ours, predicted)))

    def _located(self, table: pa.Table, path: Path, problems: Problems) -> dict[str, str]:
        """The file's column of each of ours that it has."""
        names = list(table.column_names)
        if self.columns is not None and "tokens" not in self.columns:
            return locate(self.columns, names, path, 1, problems)
        found = locate_tagged(self.columns, names, path, 1, problems)
        return found or locate(None, names, path, 1, problems)

    def _names(self, table: pa.Table, column: str | None) -> tuple[str, ...] | None:
        """Names of labels that are numbers: the user's, or else the file's own."""
        return self.names or (None if column is None else label_names(table.schema, column))


def _texts(
    table: pa.Table,
    located: Mapping[str, str],
    names: Sequence[str] | None,
    language: str,
    path: Path,
    problems: Problems,
    label_map: Mapping[str, str],
) -> list[LabelledText]:
    """The good rows of a table of texts."""
    columns = _values(table, located)
    texts = []
    for row in range(1, table.num_rows + 1):
        values = {ours: columns[ours][row - 1] for ours in located}
        try:
            for ours in ("text", "pair"):
                if not isinstance(values.get(ours, ""), str):
                    found = type(values[ours]).__name__
                    raise BadRow(f"{located[ours]!r} (the {ours}) is of type {found}, not a string")
            if "label" in values:
                values["label"] = label_name(values["label"], names, located["label"])
            if values.get("id") is not None:
                values["id"] = str(values["id"])
        except BadRow as error:
            problems.error(path, row, str(error))
            continue
        example = labelled_text(values, row, language, path, row, problems, label_map)
        if example is not None:
            texts.append(example)
    return texts


def _values(table: pa.Table, located: Mapping[str, str]) -> dict[str, list[Any]]:
    """The values of our columns, None for those that the file does not have."""
    nothing = [None] * table.num_rows
    return {
        ours: table.column(located[ours]).to_pylist() if ours in located else nothing
        for ours in ("tokens", "tags", "id", "text", "pair", "label")
    }


def _with(
    table: pa.Table, column: str | None, given: Sequence[str] | None, added: str, predicted: Mapping[int, Any]
) -> pa.Table:
    """The table with the predicted values, by row from 1, in a column."""
    listed = any(isinstance(value, list) for value in predicted.values())
    kind = pa.list_(pa.string()) if listed else pa.string()
    if column is None:
        added = added_name(added, table.column_names)
        return table.append_column(added, pa.array([predicted.get(row + 1) for row in range(table.num_rows)], kind))
    old, names = table.column(column).to_pylist(), given or label_names(table.schema, column)
    names = names if pa.types.is_integer(_innermost(table.schema.field(column).type)) else None
    values = [predicted.get(row, value) for row, value in enumerate(old, start=1)]
    place = table.column_names.index(column)
    flat = [label for value in predicted.values() for label in (value if listed else [value])]
    if names is not None and set(flat) <= set(names):
        field = table.schema.field(column)
        return table.set_column(place, field, pa.array(_coded(values, names), field.type))
    metadata = {key: value for key, value in (table.schema.metadata or {}).items() if key != FEATURES}
    written = table.set_column(place, column, pa.array(_named(values, names), kind))
    return written.replace_schema_metadata(metadata)


def _innermost(kind: pa.DataType) -> pa.DataType:
    return kind.value_type if pa.types.is_list(kind) or pa.types.is_large_list(kind) else kind


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

"""Objects of Python as files: lists of mappings, a pandas DataFrame, a `datasets.Dataset`."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from isogloss.common.errors import IsoglossError
from isogloss.data.json_lines import json_line
from isogloss.data.lines import to_bytes

Row = dict[str, Any]


def rows_of(given: Any, where: str) -> list[Row]:  # noqa: ANN401 - the caller's own
    """The rows of a table that the caller has in memory, as plain values of JSON.

    Args:
        given: A list of mappings, a pandas DataFrame, or a `datasets.Dataset`, in which labels by number get the names
            that its features have. A value that is missing in a DataFrame (NaN, None) is null.
        where: What it is, for messages.

    Raises:
        IsoglossError: It is none of these, or a row is no mapping or holds what JSON cannot.

    Example:
        >>> rows_of([{"text": "Yes.", "label": 1}], "data")
        [{'text': 'Yes.', 'label': 1}]
    """
    if hasattr(given, "to_dict") and hasattr(given, "columns"):  # a DataFrame
        missing = given.isna()
        given = given.astype(object).where(~missing, None).to_dict("records")
    names = {key: _names(feature) for key, feature in (getattr(given, "features", None) or {}).items()}
    if isinstance(given, str | bytes | Mapping) or not isinstance(given, Iterable):
        raise IsoglossError(
            f"{where}: rows are a list of mappings, a DataFrame or a Dataset, found {type(given).__name__}"
        )
    rows = []
    for number, row in enumerate(given, start=1):
        if not isinstance(row, Mapping):
            raise IsoglossError(f"{where}: row {number} is a {type(row).__name__}, not a mapping of columns to values")
        try:
            rows.append({str(key): _plain(value, names.get(key)) for key, value in row.items()})
        except (TypeError, IndexError) as error:
            raise IsoglossError(f"{where}: row {number} cannot be written as JSON: {error}") from None
    return rows


def as_json_lines(rows: Sequence[Row]) -> bytes:
    """The content of a file of JSON lines that holds the rows."""
    return to_bytes(map(json_line, rows))


def as_squad(rows: Sequence[Row]) -> bytes:
    """The content of a file in SQuAD's JSON of rows with question, context, id and answers, as `datasets` has them.

    ``answers`` is a list of ``{text, answer_start}``, or one mapping of lists under these keys. What a row lacks is
    lacking in the file, where its reader says so.

    Example:
        >>> row = {"question": "Who?", "context": "Eva.", "answers": {"text": ["Eva"], "answer_start": [0]}}
        >>> json.loads(as_squad([row]))["data"][0]["paragraphs"][0]["qas"]
        [{'question': 'Who?', 'answers': [{'text': 'Eva', 'answer_start': 0}]}]
    """
    paragraphs = []
    for row in rows:
        question = {key: row[key] for key in ("id", "question", "answers") if row.get(key) is not None}
        answers = question.get("answers")
        if isinstance(answers, Mapping) and all(isinstance(column, list) for column in answers.values()):
            columns = [[(key, value) for value in column] for key, column in answers.items()]
            question["answers"] = [dict(values) for values in zip(*columns, strict=True)]
        paragraphs.append({**({"context": row["context"]} if "context" in row else {}), "qas": [question]})
    return (json.dumps({"data": [{"paragraphs": paragraphs}]}, ensure_ascii=False) + "\n").encode()


def _names(feature: Any) -> Sequence[str] | None:  # noqa: ANN401 - any feature of datasets
    """The names of labels that a feature, or one inside of it, has."""
    inner = feature[0] if isinstance(feature, list) and feature else getattr(feature, "feature", None)
    return getattr(feature, "names", None) or (None if inner is None else _names(inner))


def _plain(value: Any, names: Sequence[str] | None) -> Any:  # noqa: ANN401 - any value of a row
    """The value as JSON has it, labels by their names."""
    if hasattr(value, "tolist"):  # of numpy
        value = value.tolist()
    if isinstance(value, Mapping):
        return {str(key): _plain(inner, None) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner, names) for inner in value]
    if names is not None and isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return names[value]
    if isinstance(value, float) and math.isnan(value):
        return None
    if value is None or isinstance(value, str | int | float):
        return value
    raise TypeError(f"a value of type {type(value).__name__}")

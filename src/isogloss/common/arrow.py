"""Parquet files: their tables, and the label names that `datasets` writes beside them."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from isogloss.common.errors import IsoglossError
from isogloss.common.packing import ENDING, unpacked

FEATURES = b"huggingface"
"""Key of the schema's metadata under which `datasets` keeps the features of a table, as JSON."""


def read_parquet(path: Path) -> pa.Table:
    """The whole table of a Parquet file; ``*.gz`` is unpacked.

    Raises:
        IsoglossError: There is no such file, or it is not a whole Parquet file; the message begins without the path.
    """
    if not path.exists():
        raise IsoglossError("no such file")
    if path.is_dir():
        raise IsoglossError("is a directory, not a file")
    try:
        stored = io.BytesIO(unpacked(path, path.read_bytes())) if path.suffix == ENDING else path
        with pq.ParquetFile(stored) as file:
            table = file.read()
        table.validate(full=True)  # a string may hold what is not UTF-8, which would come out only later
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
        reason = str(error).strip().split("\n")[0].rstrip(".")
        raise IsoglossError(f"not a whole Parquet file: {reason}") from error
    return table


def to_parquet(table: pa.Table) -> bytes:
    """The content of a Parquet file with this table."""
    content = io.BytesIO()
    pq.write_table(table, content)
    return content.getvalue()


def label_names(schema: pa.Schema, column: str) -> tuple[str, ...] | None:
    """The names of a column's integer labels, in their order; None where the file does not say.

    Args:
        schema: The table's schema. `datasets` keeps a ``ClassLabel``, alone or in a list, in its metadata.
        column: Name of the column.
    """
    features = _features(schema)
    return _names(features.get(column)) if isinstance(features, Mapping) else None


def _features(schema: pa.Schema) -> Any:  # noqa: ANN401 - any JSON
    try:
        return json.loads((schema.metadata or {})[FEATURES])["info"]["features"]
    except (KeyError, TypeError, ValueError):
        return None


def _names(feature: Any) -> tuple[str, ...] | None:  # noqa: ANN401 - any JSON
    if isinstance(feature, list) and len(feature) == 1:
        return _names(feature[0])
    if not isinstance(feature, Mapping):
        return None
    if feature.get("_type") == "ClassLabel" and isinstance(feature.get("names"), list):
        return tuple(map(str, feature["names"]))
    return _names(feature.get("feature"))

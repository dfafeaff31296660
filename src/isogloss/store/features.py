"""Encoded examples, kept as Arrow and mapped into memory."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from isogloss.protocols import Feature
from isogloss.store.cache import read_entry, write_entry
from isogloss.store.lazy import Lazy

NUMBERS = pa.list_(pa.int32())
INPUT = "input:"
"""Before the names of columns that hold model inputs."""

OUTSIDE = -1
"""Stands for the characters of a sub-word outside the context."""


class StoredFeatures(Lazy[Feature]):
    """Features in a file; each is made anew when it is asked for.

    Args:
        rows: The rows of the file.
        language: Their language.
        one_label: Whether each has one class, and not a target per sub-word or two ends.
    """

    def __init__(self, rows: pa.ipc.RecordBatchFileReader, language: str, one_label: bool) -> None:
        self._rows, self._language, self._one_label = rows, language, one_label
        batches = [rows.get_batch(number) for number in range(rows.num_record_batches)]
        self._batches = [_views(batch) for batch in batches]
        self._starts = np.concatenate([[0], np.cumsum([batch.num_rows for batch in batches])]).astype(int).tolist()

    @cached_property
    def lengths(self) -> np.ndarray:
        """Sub-words of each ``[n]``."""
        return np.concatenate([np.empty(0, int), *(np.diff(views[f"{INPUT}input_ids"][0]) for views in self._batches)])

    @cached_property
    def examples(self) -> np.ndarray:
        """Index of the example of each ``[n]``."""
        columns = [views["example"] for views in self._batches]
        return np.concatenate([np.empty(0, int), *(numbers[offsets[:-1]] for offsets, numbers, _ in columns)])

    def __len__(self) -> int:
        """Number of features."""
        return int(self._starts[-1])

    def _make(self, place: int) -> Feature:
        batch = bisect_right(self._starts, place) - 1
        row = place - self._starts[batch]
        values: dict[str, list[int] | None] = {
            name: None if not valid[row] else numbers[offsets[row] : offsets[row + 1]].tolist()
            for name, (offsets, numbers, valid) in self._batches[batch].items()
        }
        labels, example = values.pop("labels"), values.pop("example") or [0]
        starts, stops = values.pop("starts") or [], values.pop("stops") or []
        return Feature(
            inputs={name.removeprefix(INPUT): ids or [] for name, ids in values.items() if name.startswith(INPUT)},
            labels=labels[0] if labels is not None and self._one_label else labels,
            language=self._language,
            example=example[0],
            words=values["words"] or (),
            anchors=values["anchors"] or (),
            ends=values["ends"] or (),
            spans=[None if a == OUTSIDE else (a, b) for a, b in zip(starts, stops, strict=True)],
        )


def lengths(features: Sequence[Feature]) -> np.ndarray:
    """Sub-words of each feature ``[n]``, special ones included."""
    known: np.ndarray | None = getattr(features, "lengths", None)  # known without making a feature
    if known is not None:
        return known
    return np.array([len(feature) for feature in features], dtype=int)


def example_indices(features: Sequence[Feature]) -> np.ndarray:
    """Index of the example of each feature ``[n]``."""
    known: np.ndarray | None = getattr(features, "examples", None)
    if known is not None:
        return known
    return np.array([feature.example for feature in features], dtype=int)


def write_features(
    folder: Path, pieces: Iterable[Sequence[Feature]], language: str, facts: Callable[[], Mapping[str, Any]]
) -> None:
    """Write features piece by piece, and what is known of them when all have been made.

    Args:
        folder: Where to.
        pieces: The features, a list at a time, all of one task.
        language: Their language.
        facts: Called when the last piece has been written.
    """
    pending = (piece for piece in pieces if piece)  # an empty piece does not say which inputs there are
    first = next(pending, ())
    inputs = [f"{INPUT}{name}" for name in (first[0].inputs if first else ("input_ids",))]
    names = [*inputs, "labels", "example", "words", "anchors", "ends", "starts", "stops"]
    schema = pa.schema([(name, NUMBERS) for name in names])
    one_label = False

    def batches() -> Iterator[pa.RecordBatch]:
        nonlocal one_label
        for piece in (first, *pending):
            one_label = one_label or any(isinstance(feature.labels, int) for feature in piece)
            rows = [_row(feature) for feature in piece]
            yield pa.record_batch([pa.array([row[name] for row in rows], NUMBERS) for name in names], schema)

    write_entry(folder, schema, batches(), lambda: {**facts(), "language": language, "one_label": one_label})


def read_features(folder: Path) -> tuple[StoredFeatures, dict[str, Any]]:
    """The features that `write_features` has written, and the facts."""
    rows, facts = read_entry(folder)
    return StoredFeatures(rows, facts["language"], facts["one_label"]), facts


def _row(feature: Feature) -> dict[str, Sequence[int] | None]:
    spans = [(OUTSIDE, OUTSIDE) if span is None else span for span in feature.spans]
    return {
        **{f"{INPUT}{name}": ids for name, ids in feature.inputs.items()},
        "labels": [feature.labels] if isinstance(feature.labels, int) else feature.labels,
        "example": [feature.example],
        "words": feature.words,
        "anchors": feature.anchors,
        "ends": feature.ends,
        "starts": [start for start, _ in spans],
        "stops": [stop for _, stop in spans],
    }


def _views(batch: pa.RecordBatch) -> dict[str, tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Per column where its lists begin ``[n + 1]``, all their numbers, and whether there is a list ``[n]``."""
    return {
        name: (
            column.offsets.to_numpy(),
            column.values.to_numpy(zero_copy_only=False),
            column.is_valid().to_numpy(zero_copy_only=False),
        )
        for name, column in zip(batch.schema.names, batch.columns, strict=True)
    }

"""Probabilities of classes as a file: of tags to learn from, of labels to look at."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from isogloss.common.errors import IsoglossError
from isogloss.common.packing import ENDING
from isogloss.data.json_lines import json_line
from isogloss.data.lines import to_bytes
from isogloss.data.soft_tags import SoftTagLines
from isogloss.examples import Example, SoftTags, TaggedSentence
from isogloss.tasks.classification import Classification
from isogloss.tasks.tagging import Tagging
from isogloss.tasks.task import Task


@dataclass(frozen=True)
class Layout:
    """How probabilities are written.

    Attributes:
        ending: Ending of a file's name.
        content: The file's content, from the classes, the examples, and what
            `isogloss.run.evaluation.Evaluator.probabilities` says of each.
    """

    ending: str
    content: Callable[[Sequence[str], Sequence[Example], Sequence[Any]], bytes]

    def path(self, source: Path) -> Path:
        """The file beside one that was read."""
        return source.with_name(f"{Path(source.name.removesuffix(ENDING)).stem}.probabilities{self.ending}")


def layout_of(task: Task) -> Layout:
    """How probabilities of a task are written.

    - Tags: soft tags, see `isogloss.data.soft_tags`.
    - Labels of texts: JSON lines, ``{"id": ..., "probabilities": {label: ...}}``.

    Raises:
        IsoglossError: The task has no classes.
    """
    if isinstance(task, Tagging):
        return Layout(".tsv", _tags)
    if isinstance(task, Classification):
        return Layout(".jsonl", _labels)
    raise IsoglossError(f"probabilities: of tags and of labels of texts only; task {task.name!r} has no classes")


def _tags(labels: Sequence[str], examples: Sequence[Example], found: Sequence[Any]) -> bytes:
    sentences = []
    for example, rows in zip(examples, found, strict=True):
        assert isinstance(example, TaggedSentence)
        sentences.append(dataclasses.replace(example, tags=None, soft=SoftTags(tuple(labels), np.array(rows))))
    return SoftTagLines().dump(sentences)


def _labels(labels: Sequence[str], examples: Sequence[Example], found: Sequence[Any]) -> bytes:
    lines = []
    for example, row in zip(examples, found, strict=True):
        named = {name: float(f"{share:.6g}") for name, share in zip(labels, row.tolist(), strict=True)}
        lines.append(json_line({"id": example.id, "probabilities": named}))
    return to_bytes(lines)

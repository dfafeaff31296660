"""Probabilities as a file: of tags to learn from, of labels, alternatives and answers to look at."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from isogloss.common.errors import IsoglossError
from isogloss.common.packing import ENDING
from isogloss.data.delimiters import TAB
from isogloss.data.json_lines import json_line
from isogloss.data.lines import to_bytes
from isogloss.data.soft_tags import SoftTagLines
from isogloss.examples import Example, SoftTags, TaggedSentence
from isogloss.tasks.classification import Classification
from isogloss.tasks.distributions import Shares
from isogloss.tasks.tagging import Tagging
from isogloss.tasks.task import Task


@dataclass(frozen=True)
class Layout:
    """How probabilities are written.

    Attributes:
        ending: Ending of a file's name.
        content: The file's content, from the examples and what `Task.shares` says of each.
    """

    ending: str
    content: Callable[[Sequence[Example], Sequence[Shares]], bytes]


def layout_of(task: Task, output: Path | None) -> Layout:
    """How probabilities of a task are written to a file: as its name ends, or else as is usual for the task.

    - ``.tsv`` of tags, which is usual: soft tags, see `isogloss.data.soft_tags`.
    - ``.tsv`` of labels of texts: a header, then an id and how probable each label is.
    - ``.jsonl``: an ``id``, of tagged sentences their ``tokens``, and ``probabilities``, a mapping from labels, or
      positions of alternatives, or the most probable answers, the best first; of tags a list of such mappings.

    Raises:
        IsoglossError: The output is called ``.tsv``, and the task has neither tags nor labels.
    """
    tables = _soft_tags if isinstance(task, Tagging) else _table if isinstance(task, Classification) else None
    asked = "" if output is None else Path(output.name.removesuffix(ENDING)).suffix
    if asked == ".tsv" and tables is None:
        raise IsoglossError(f"{output}: probabilities of task {task.name!r} are JSON lines; name the output *.jsonl")
    if tables is not None and (asked == ".tsv" or (asked != ".jsonl" and isinstance(task, Tagging))):
        return Layout(".tsv", tables)
    return Layout(".jsonl", _lines)


def _soft_tags(examples: Sequence[Example], found: Sequence[Shares]) -> bytes:
    sentences = []
    for example, shares in zip(examples, found, strict=True):
        assert isinstance(example, TaggedSentence)
        sentences.append(dataclasses.replace(example, tags=None, soft=SoftTags(shares.names, shares.values)))
    return SoftTagLines().dump(sentences)


def _table(examples: Sequence[Example], found: Sequence[Shares]) -> bytes:
    rows = [["id", *(found[0].names if found else ())]]
    for example, shares in zip(examples, found, strict=True):
        rows.append([example.id, *(f"{value:.6g}" for value in shares.values.tolist())])
    return to_bytes(map(TAB.join, rows))


def _lines(examples: Sequence[Example], found: Sequence[Shares]) -> bytes:
    lines = []
    for example, shares in zip(examples, found, strict=True):
        tokens = {"tokens": list(example.tokens)} if isinstance(example, TaggedSentence) else {}
        lines.append(json_line({"id": example.id, **tokens, "probabilities": shares.named()}))
    return to_bytes(lines)

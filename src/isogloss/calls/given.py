"""What a user gives to be labelled, as examples of a task: raw text, tokens, or rows with the columns of files."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from isogloss.common.errors import IsoglossError
from isogloss.data.conll import TokenTag
from isogloss.data.json_lines import JsonLines
from isogloss.data.objects import as_json_lines, as_squad, rows_of
from isogloss.data.problems import FoundErrors, Problems
from isogloss.examples import Example, LabelledText, Prediction, TaggedSentence
from isogloss.recipe.names import FORMATS, TASKS
from isogloss.start.raw_text import from_text
from isogloss.tasks.tagging import Tagging
from isogloss.tasks.task import Task

LINES = "lines"
"""The format of raw text, one sentence a line; there is no gold in it, so recipes cannot name it."""


def as_examples(given: Any, task: Task, language: str) -> list[Example]:  # noqa: ANN401 - the caller's own
    """What was given in Python, as examples.

    Args:
        given: A list of raw texts, of tuples of two texts, or in tagging of lists of tokens; or a list of mappings, a
            DataFrame or a Dataset with the columns that files of the task have: ``tokens``, or ``text`` (and ``pair``,
            or one of their usual names), ``question`` and ``context``, or the keys of ``choice_jsonl``.
        task: The task.
        language: Their language.

    Raises:
        IsoglossError: An example cannot be used; the message counts from 1.
    """
    if isinstance(given, str | Mapping):
        raise IsoglossError(f"examples: give a list of them, found one {type(given).__name__}")
    if hasattr(given, "columns") or hasattr(given, "features") or any(isinstance(one, Mapping) for one in given):
        return _from_rows(rows_of(given, "examples"), task, language)
    return [_from_value(value, number, task, language) for number, value in enumerate(given, start=1)]


def _from_value(value: Any, number: int, task: Task, language: str) -> Example:  # noqa: ANN401
    """A raw text, a pair of texts, or the tokens of a sentence."""
    parts = [value] if isinstance(value, str) else list(value) if isinstance(value, Sequence) else []
    if not parts or not all(isinstance(part, str) and part.strip() for part in parts):
        raise IsoglossError(f"examples:{number}: a text, two texts, tokens or a mapping, none empty, found {value!r}")
    if isinstance(task, Tagging) and not isinstance(value, str):
        return TaggedSentence(str(number), language, tuple(parts), None, "examples", number)
    return from_text(LabelledText(str(number), language, "\t".join(parts), None, None, "examples", number), task)


def _from_rows(rows: Sequence[dict[str, Any]], task: Task, language: str) -> list[Example]:
    """The examples that a file with these rows holds, read by the reader of such files."""
    if (
        isinstance(task, Tagging)
        and rows
        and all("text" in row and not {"tokens", "words"} & row.keys() for row in rows)
    ):
        return [_from_value(row["text"], number, task, language) for number, row in enumerate(rows, start=1)]
    name, content = rows_as_file(rows, task.name)
    problems = Problems()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "rows"
        path.write_bytes(content)
        examples = list(FORMATS[name].build(None).read(path, language, problems))
    try:
        problems.raise_errors()
    except FoundErrors as error:
        raise IsoglossError(str(error).replace(str(path), "examples")) from None
    for example in examples:
        if (found := TASKS[task.name].complaint(example.without_labels())) is not None:
            raise IsoglossError(f"examples:{example.line}: {found}")
    return examples


def rows_as_file(rows: Sequence[dict[str, Any]], task: str) -> tuple[str, bytes]:
    """The format and the content of a file that holds the rows of a task."""
    formats = TASKS[task].formats
    name = next(name for name in ("jsonl", "choice_jsonl", "squad") if name in formats)
    return name, as_squad(rows) if name == "squad" else as_json_lines(rows)


def labelled(examples: Sequence[Example], predictions: Sequence[Prediction]) -> bytes:
    """The content of a file that holds raw texts with what is predicted: tags as `conll`, labels as `jsonl`."""
    sentences, texts = list[TaggedSentence](), list[LabelledText]()
    for example, found in zip(examples, predictions, strict=True):
        if isinstance(example, TaggedSentence):
            sentences.append(TaggedSentence(example.id, example.language, example.tokens, tuple(found)))
        elif isinstance(example, LabelledText):
            texts.append(LabelledText(example.id, example.language, example.text, example.pair, str(found)))
    return TokenTag().dump(sentences) if sentences else JsonLines().dump(texts)

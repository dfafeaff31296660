"""What a file format has to offer, and what all formats share."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Protocol, TypeVar

from isogloss.common.errors import IsoglossError
from isogloss.data.labels import SAME_NAMES, two_spellings
from isogloss.data.problems import Problems
from isogloss.examples import Choice, Example, LabelledText, Prediction, Question, TaggedSentence

AnyExample = TypeVar("AnyExample", TaggedSentence, LabelledText, Choice, Question)


class Reader(Protocol):
    """How examples are read from a file."""

    def read(
        self, path: Path, language: str, problems: Problems, label_map: Mapping[str, str] = SAME_NAMES
    ) -> Sequence[Example]:
        """The good examples of the file, their labels renamed; what is wrong with the others goes to ``problems``."""


class Format(Reader, Protocol):
    """How the examples of one language and split stand in a file."""

    def write(
        self,
        source: Path,
        predictions: Sequence[Prediction],
        destination: Path,
        label_map: Mapping[str, str] = SAME_NAMES,
    ) -> None:
        """Write ``source`` to ``destination`` with the predictions in place of the labels.

        There is one prediction per example that `read` gives with the same ``label_map``; they are written as they are.
        """


def finish(examples: Sequence[AnyExample], path: Path, problems: Problems) -> list[AnyExample]:
    """The examples of a whole file, checked for what no single example shows, with unique ids.

    Args:
        examples: All good examples of the file.
        path: The file.
        problems: Takes an error if there is no example at all or if two labels are one spelt in two ways, a warning for
            each repeated id, and one for all examples without gold label where others have one.
    """
    if not examples and not problems.spoils(path):
        problems.error(path, None, "no example in this file")
    unlabelled = [example for example in examples if example.labels is None]
    if 0 < len(unlabelled) < len(examples):
        found = f"{len(unlabelled):,} of {len(examples):,} examples (first here)"
        problems.warning(path, unlabelled[0].line, f"no gold label: {found}, left out of training and scores")
    _check_spelling(examples, path, problems)
    taken = {example.id for example in examples}
    times: Counter[str] = Counter()
    finished = []
    for example in examples:
        times[example.id] += 1
        name = example.id
        if times[name] > 1:
            problems.warning(path, example.line, "duplicate id, made unique by a number at its end")
            while (name := f"{example.id}#{times[example.id]}") in taken:
                times[example.id] += 1
            taken.add(name)
        finished.append(example if name == example.id else dataclasses.replace(example, id=name))
    return finished


def _check_spelling(examples: Sequence[Example], path: Path, problems: Problems) -> None:
    """No file has 1 and true as two classes."""
    lines: dict[str, int] = {}
    for example in examples:
        if isinstance(example, LabelledText) and example.label is not None:
            lines.setdefault(example.label, example.line)
    if (pair := two_spellings(lines)) is not None:
        first, second = pair
        problems.error(
            path,
            lines[second],
            f"label {second!r}, but {first!r} in line {lines[first]}: two spellings of one truth value; label_map "
            f"renames one, such as {{{second}: {first}}}",
        )


def predicted_tags(
    examples: Sequence[TaggedSentence], predictions: Sequence[Prediction], source: Path
) -> Iterator[tuple[TaggedSentence, tuple[str, ...]]]:
    """Each sentence with its predicted tags.

    Raises:
        IsoglossError: There is not one prediction per sentence, and in it one tag per token.
    """
    check_number(examples, predictions, source)
    for example, tags in zip(examples, predictions, strict=True):
        if isinstance(tags, str) or len(tags) != len(example.tokens):
            raise IsoglossError(
                f"{source}:{example.line}: {len(example.tokens)} tokens, but the prediction is {tags!r}"
            )
        yield example, tags


def predicted_labels(
    examples: Sequence[LabelledText | Choice], predictions: Sequence[Prediction], source: Path
) -> dict[int, str]:
    """The predicted label of each text by its line.

    Raises:
        IsoglossError: There is not one prediction per text, or one is not a label.
    """
    check_number(examples, predictions, source)
    labels = {}
    for example, label in zip(examples, predictions, strict=True):
        if not isinstance(label, str) or "\n" in label:
            raise IsoglossError(f"{source}:{example.line}: a text has one label on one line, not {label!r}")
        labels[example.line] = label
    return labels


def check_number(examples: Sequence[Example], predictions: Sequence[Prediction], source: Path) -> None:
    """Stop unless there is one prediction per example of ``source``.

    Raises:
        IsoglossError: The two numbers differ; the message gives both.
    """
    if len(examples) != len(predictions):
        raise IsoglossError(f"{source}: {len(predictions)} predictions for {len(examples)} examples")

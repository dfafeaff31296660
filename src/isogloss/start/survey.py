"""What files hold and what a tokenizer makes of it, per file: what `isogloss data validate` reports beside problems."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tabulate import tabulate

from isogloss.data.problems import Problems
from isogloss.data.repetition import ReadFile
from isogloss.tasks.task import Task
from isogloss.tasks.unknown import Unknown

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase


@dataclass(frozen=True)
class FileSurvey:
    """A file in numbers.

    Attributes:
        data: Name of its data set.
        language: Its language.
        split: Its split.
        path: Where it is.
        examples: Number of good examples.
        labels: How often each gold label occurs (of tagged sentences: each tag).
        unlabelled: Number of examples without gold label, tags or answer.
        overlong: Share of examples that are longer than ``max_length`` sub-words, in [0, 1]; None: not looked at.
        unknown: Share of sub-words that are unknown to the tokenizer, in [0, 1]; None: not looked at.
    """

    data: str
    language: str
    split: str
    path: str
    examples: int
    labels: dict[str, int]
    unlabelled: int
    overlong: float | None = None
    unknown: float | None = None


@dataclass(frozen=True)
class Validation:
    """What was found in the data of a recipe or in files.

    Attributes:
        problems: Everything that is wrong.
        files: The files that could be read.
    """

    problems: Problems
    files: list[FileSurvey] = field(default_factory=list)

    def table(self) -> str:
        """The files as plain text; labels that train files have and a file lacks are named."""
        trained = {label for file in self.files if file.split == "train" for label in file.labels}
        body = [
            [
                *(file.data, file.language, file.split, f"{file.examples:,}"),
                _percent(file.overlong),
                _percent(file.unknown),
                f"{file.unlabelled:,}",
                "" if file.unlabelled == file.examples else ", ".join(sorted(trained - set(file.labels))),
            ]
            for file in self.files
        ]
        headers = ["data", "language", "split", "examples", "too long %", "unknown sub-words %", "unlabelled"]
        headers.append("labels not in it")
        alignment = ["left", "left", "left", "right", "right", "right", "right", "left"]
        return tabulate(body, headers=headers, disable_numparse=True, colalign=alignment)


def survey(
    file: ReadFile, task: Task | None, tokenizer: PreTrainedTokenizerBase | None, max_length: int, problems: Problems
) -> FileSurvey:
    """Count a file's labels and, with a tokenizer, its overlong examples and unknown sub-words.

    Args:
        file: The file, its good examples read.
        task: The task, with the labels of the training data; None, as without tokenizer: nothing is encoded.
        tokenizer: The model's tokenizer.
        max_length: Longest input in sub-words.
        problems: Takes a warning for overlong examples, and one where many sub-words are unknown.
    """
    labels = Counter(label for example in file.examples for label in example.labels or ())
    overlong = unknown = None
    if task is not None and tokenizer is not None and file.examples:
        encoded = task.encode([example.without_labels() for example in file.examples], tokenizer, max_length)
        encoded.warn(file.examples, max_length, problems)
        overlong = len(encoded.overlong) / len(file.examples)
        counted = Unknown(tokenizer)
        counted.add(file.examples, encoded.features)
        counted.warn(problems)
        unknown = counted.share()
    ordered, unlabelled = dict(sorted(labels.items())), sum(example.labels is None for example in file.examples)
    place = (file.data, file.language, file.split, str(file.path))
    return FileSurvey(*place, len(file.examples), ordered, unlabelled, overlong, unknown)


def _percent(share: float | None) -> str:
    return "–" if share is None else f"{100 * share:.1f}"

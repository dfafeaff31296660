"""Examples that occur twice: in a train file, in train and test of a language, or in another language."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from isogloss.data.problems import Problems
from isogloss.examples import Example


@dataclass(frozen=True, slots=True)
class ReadFile:
    """A file that was read.

    Attributes:
        data: Name of its data set.
        language: Its language.
        split: Its split.
        path: Where it is.
        examples: Its good examples.
    """

    data: str
    language: str
    split: str
    path: Path
    examples: list[Example]


def check_repetition(read: Sequence[ReadFile], problems: Problems) -> None:
    """Warn of examples that repeat one of their train file, or of any train file of their language in dev or test."""
    trained: defaultdict[str, set[tuple[str, ...]]] = defaultdict(set)
    for file in (file for file in read if file.split == "train"):
        seen: set[tuple[str, ...]] = set()
        for example in file.examples:
            if example.content in seen:
                problems.warning(file.path, example.line, "train example that occurs before in this file")
            seen.add(example.content)
        trained[file.language] |= seen
    for file in (file for file in read if file.split != "train"):
        for example in file.examples:
            if example.content in trained[file.language]:
                problems.warning(file.path, example.line, "occurs in the train data of the same language too")


def check_leaks(read: Sequence[ReadFile], problems: Problems) -> None:
    """Warn of train examples of one language that stand, translated or as they are, in dev or test of another.

    Parallel data sets give a sentence the same id in every language. That ids mean this is only believed of a data
    set if its ids are not just the numbers of rows, and if no id stands for two contents in one language, in train here
    and dev or test there: ids that begin anew in each file do so at once.

    Args:
        read: All files of a task.
        problems: Takes the warnings.
    """
    contents: defaultdict[tuple[str, ...], set[str]] = defaultdict(set)
    for file in read:
        if file.split == "train":
            for example in file.examples:
                contents[example.content].add(file.language)
    for file in (file for file in read if file.split != "train"):
        for example in file.examples:
            others = contents.get(example.content, set()) - {file.language}
            if others:
                named = ", ".join(sorted(others))
                problems.warning(file.path, example.line, f"occurs in the train data of another language too ({named})")
    for data in sorted({file.data for file in read}):
        _check_parallel([file for file in read if file.data == data], problems)


def _check_parallel(read: Sequence[ReadFile], problems: Problems) -> None:
    """The part of `check_leaks` that goes by ids, of one data set."""
    if any(_only_numbered(file) for file in read):
        return
    trained: dict[tuple[str, str], Example] = {
        (example.id, file.language): example for file in read if file.split == "train" for example in file.examples
    }
    languages: defaultdict[str, set[str]] = defaultdict(set)
    for name, language in trained:
        languages[name].add(language)
    found: list[tuple[ReadFile, Example, set[str]]] = []
    for file in (file for file in read if file.split != "train"):
        for example in file.examples:
            same = trained.get((example.id, file.language))
            if same is not None and same.content != example.content:
                return  # the ids of each file begin anew
            others = languages[example.id] - {file.language}
            if others:
                found.append((file, example, others))
    both = {file.language for file in read if file.split == "train"} & {
        file.language for file in read if file.split != "train"
    }
    # Without a language that has train and evaluation data nothing speaks for ids that hold across files.
    for file, example, others in found if both else ():
        problems.warning(
            file.path,
            example.line,
            f"has the id of a train example of {', '.join(sorted(others))}: its translation, in a parallel data set",
        )


def _only_numbered(file: ReadFile) -> bool:
    """Whether the ids of a file are 1, 2, 3 and so on, which readers give where there are none."""
    return all(example.id == str(number) for number, example in enumerate(file.examples, start=1))

"""All labelled data of a run: training examples by language, evaluation examples by data set, language and split."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from isogloss.data.problems import Problems
from isogloss.examples import Example


@dataclass(frozen=True, order=True, slots=True)
class Cell:
    """A place in the grid of evaluations: which data, which language, which split.

    Attributes:
        data: Name of the data set.
        language: Language of the texts; for questions that of the contexts.
        split: dev or test.
        question_language: For questions the language of these; else None.
    """

    data: str
    language: str
    split: str
    question_language: str | None = None


@dataclass(frozen=True)
class Corpus:
    """What a run reads.

    Attributes:
        train: Training examples by language, in the order of the recipe's ``train_languages``; then those of the
            few-shot languages.
        labels: The label set: the union over all training files.
        evaluation: Evaluation examples by cell (dev and test).
        files: SHA-256 of every file read, by path.
        problems: The warnings met while reading.
        targets: Languages with training examples that are no source languages: a few examples, or translations.
        evaluated: The languages with dev or test files, whether these were read or not.
    """

    train: Mapping[str, Sequence[Example]]
    labels: tuple[str, ...]
    evaluation: Mapping[Cell, Sequence[Example]]
    files: Mapping[str, str]
    problems: Problems
    targets: tuple[str, ...] = ()
    evaluated: tuple[str, ...] = ()

    @property
    def sources(self) -> tuple[str, ...]:
        """The source languages: those trained on in full."""
        return tuple(language for language in self.train if language not in self.targets)

    def cells(self, split: str) -> list[Cell]:
        """The cells of a split, sorted."""
        return sorted(cell for cell in self.evaluation if cell.split == split)

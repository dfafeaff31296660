"""How a run is measured: on the data of its task. A score becomes a row in `isogloss.run.evaluation`."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

import numpy as np
from torch import nn

from isogloss.common.randomness import generator
from isogloss.data.corpus import Cell, Corpus
from isogloss.data.problems import Problems
from isogloss.run.divergence import constant_answer
from isogloss.run.evaluation import Evaluator, Mode, Shown, score_cells
from isogloss.run.folder import RunFolder, cell_of

ResultRows = list[dict[str, Any]]


class Scoring(Protocol):
    """What an experiment asks of whoever measures its model; all rows have the columns of results.jsonl."""

    def dev(self, model: nn.Module, step: int | None, selection: str | None) -> ResultRows:
        """Scores on dev data, also written to the run folder."""

    def final(self, model: nn.Module, step: int | None, selection: str) -> ResultRows:
        """Scores of the model that the run ends with."""

    def stored(self) -> ResultRows:
        """The final scores of a run that has ended."""

    def choose(self, rows: ResultRows) -> float | None:
        """What a selection compares: one number, higher is better; None: nothing was measured."""

    def doubts(self, rows: ResultRows) -> list[str]:
        """Warnings that rows of final scores give rise to."""


@dataclass
class TaskScoring:
    """Scores on the dev and test data of a task; implements `Scoring`.

    Attributes:
        folder: Where scores and predictions are kept.
        corpus: The data.
        evaluator: Predicts and scores.
        columns: Values of the columns of rows that say how the run was trained.
        tests: Whether the test data are scored at the end.
        others: Modes beside that of the evaluator, which the final model is scored in too.
        targets_choose: Whether all languages that are evaluated choose the weights, and not the source languages alone.
        sample: Examples of a cell that are looked at on the way, where it has no part in choosing the weights; 0: the
            cell is scored at the end alone; None: all.
    """

    folder: RunFolder
    corpus: Corpus
    evaluator: Evaluator
    columns: Mapping[str, Any]
    tests: bool = False
    others: Sequence[Mode] = ()
    targets_choose: bool = False
    sample: int | None = None
    _encoded: dict[Cell, Shown] = field(default_factory=dict)
    _sampled: dict[Cell, Shown] = field(default_factory=dict)

    def encode(self, split: str, problems: Problems) -> None:
        """Make the features of a split's examples, once; overlong examples go to ``problems``."""
        for cell in self.corpus.cells(split):
            if cell not in self._encoded:
                examples = self.corpus.evaluation[cell]
                self._encoded[cell] = Shown(examples, self.evaluator.encode(examples, problems))

    def dev(self, model: nn.Module, step: int | None, selection: str | None) -> ResultRows:
        """Scores on the dev data: all of a cell that chooses the weights, of another one a sample."""
        cells = {cell: shown for cell in self.corpus.cells("dev") if (shown := self._on_the_way(cell)).examples}
        return self._score(self.evaluator, cells, model, step, selection)

    def final(self, model: nn.Module, step: int | None, selection: str) -> ResultRows:
        """Scores on the dev data and, if that is wanted, on the test data, in all modes."""
        if self.tests:
            problems = Problems()
            self.encode("test", problems)
            if self.evaluator.group.rank == 0 and problems.told:
                print(*problems.told, sep="\n", file=sys.stderr)
        rows: ResultRows = []
        for split in ("dev", *(["test"] if self.tests else [])):
            cells = {cell: self._encoded[cell] for cell in self.corpus.cells(split)}
            for mode in (self.evaluator.mode, *self.others):
                rows += self._score(replace(self.evaluator, mode=mode), cells, model, step, selection)
        return rows

    def stored(self) -> ResultRows:
        """The last final scores."""
        tested = self.corpus.cells("test") if self.tests else []
        modes = [mode.at_test for mode in (self.evaluator.mode, *self.others)]
        return self.folder.final_rows([*self.corpus.cells("dev"), *tested], modes)

    def choose(self, rows: ResultRows) -> float | None:
        """Mean dev score on the primary metric over the languages that may choose: the sources, or all."""
        primary = [row for row in rows if row["metric"] == self.evaluator.task.metrics[0]]
        values = [row["value"] for row in primary if self._chooses(cell_of(row))]
        return sum(values) / len(values) if values else None

    def doubts(self, rows: ResultRows) -> list[str]:
        """A warning for each source language whose accuracy is not above that of a constant answer."""
        found: list[str] = []
        for row in rows:
            cell, known = cell_of(row), self.corpus.sources
            if row["at_test"] != self.evaluator.mode.at_test:
                continue  # said once, however many modes there are
            if row["metric"] == "accuracy" and {row["language"], cell.language} <= set(known):
                labels = [label for example in self.corpus.evaluation[cell] for label in example.labels or ()]
                found += constant_answer(f"{row['language']} ({cell.data}, {cell.split})", row["value"], labels)
        return found

    def _chooses(self, cell: Cell) -> bool:
        """Whether scores on a cell have a part in choosing the weights."""
        return self.targets_choose or {cell.language, cell.question_language} - {None} <= set(self.corpus.sources)

    def _on_the_way(self, cell: Cell) -> Shown:
        """What is looked at of a cell at every evaluation: always the same, whatever the run and its seed."""
        whole = self._encoded[cell]
        if self.sample is None or self.sample >= len(whole.examples) or self._chooses(cell):
            return whole
        if cell not in self._sampled:
            draw = generator("evaluation sample", cell.data, cell.language, cell.question_language or "")
            chosen = np.sort(draw.permutation(len(whole.examples))[: self.sample]).tolist()
            examples = [whole.examples[place] for place in chosen]
            # What there is to say of them has been said of all.
            self._sampled[cell] = Shown(examples, self.evaluator.encode(examples, Problems()))
        return self._sampled[cell]

    def _score(
        self,
        evaluator: Evaluator,
        cells: Mapping[Cell, Shown],
        model: nn.Module,
        step: int | None,
        selection: str | None,
    ) -> ResultRows:
        columns = {
            **self.columns,
            "run": str(self.folder.path),
            "train_languages": sorted(self.corpus.sources),
            "step": step,
            "selection": selection,
        }
        return score_cells(evaluator, model, cells, self.folder, columns)

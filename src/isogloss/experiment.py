"""One run: its parts, what happens after each of its steps, and how it ends."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from isogloss.checkpoints import save_checkpoint
from isogloss.data.corpus import Cell, Corpus
from isogloss.data.problems import Problems
from isogloss.distributed import Communicator
from isogloss.evaluation import Evaluator, score_cells
from isogloss.loop import Training, train_until
from isogloss.models.encoder import Loaded
from isogloss.optim.lookahead import evaluation_weights
from isogloss.recipe.schema import Recipe
from isogloss.recording import Recorder
from isogloss.runs import RunFolder
from isogloss.selection import Selection
from isogloss.types import Example, Feature
from isogloss.writing import write_model


@dataclass
class Experiment:
    """A run that has been built and can be walked.

    Attributes:
        recipe: The recipe with nothing left open, of one seed.
        folder: Where the run is kept.
        corpus: Its data.
        loaded: Model and tokenizer.
        training: The parts of the loop.
        selection: Which weights it ends with.
        evaluator: Predicts and scores.
        recorder: Its history.
        ranks: The processes it runs in.
    """

    recipe: Recipe
    folder: RunFolder
    corpus: Corpus
    loaded: Loaded
    training: Training
    selection: Selection
    evaluator: Evaluator
    recorder: Recorder
    ranks: Communicator
    _encoded: dict[Cell, tuple[Sequence[Example], Sequence[Feature]]] = field(default_factory=dict)

    def encode(self, split: str, problems: Problems) -> None:
        """Make the features of a split's examples, once; overlong examples go to ``problems``."""
        for cell in self.corpus.cells(split):
            if cell not in self._encoded:
                examples = self.corpus.evaluation[cell]
                self._encoded[cell] = (examples, self.evaluator.encode(examples, problems))

    def run(self) -> list[dict[str, Any]]:
        """Train to the end and score the selected weights; a run that has ended is left as it is.

        Returns:
            The rows of the final scores: dev, and test if the recipe asks for it.
        """
        if self.training.progress.step == self.recipe.steps and self.folder.is_finished():
            self.recorder.close()
            tested = self.corpus.cells("test") if self.recipe.test else []
            return self.folder.final_rows([*self.corpus.cells("dev"), *tested])
        train_until(self.training, self.recipe.steps or 0, self._after_step)
        with evaluation_weights(self.training.optimizer):
            self.selection.apply(self.training.model)
            rows = self._score("dev", self.selection.step, self.recipe.selection)
            if self.recipe.test:
                problems = Problems()
                self.encode("test", problems)
                if self.ranks.rank == 0 and problems.warnings:
                    print(*problems.warnings, sep="\n", file=sys.stderr)
                rows += self._score("test", self.selection.step, self.recipe.selection)
            if self.ranks.rank == 0:
                write_model(self.folder.model, self.training.model, self.loaded.tokenizer)
        self.ranks.wait()
        self.recorder.close()
        return rows

    def _after_step(self, probed: list[dict[str, Any]]) -> None:
        recipe, step = self.recipe, self.training.progress.step
        is_last = step == recipe.steps
        saves = is_last or step % (recipe.save_steps or 1) == 0
        self.recorder.step(step, self._epoch())
        for row in probed:
            self.recorder.log(row)
        # The meter is read before every checkpoint, so that no checkpoint has to hold it.
        if saves or step % (recipe.logging_steps or 1) == 0:
            losses = self.training.meter.read(self.ranks)
            self.recorder.log_losses(losses, self.training.optimizer.param_groups[0]["lr"])
        with self.recorder.pause():
            if is_last or step % (recipe.evaluation_steps or 1) == 0:
                self._evaluate_and_select(step)
            if saves:
                self._save()

    def _evaluate_and_select(self, step: int) -> None:
        with evaluation_weights(self.training.optimizer):
            rows = self._score("dev", step, None)
            self.selection.consider(self.training.model, step, self._selection_score(rows))
        if rows:
            self.recorder.log({f"eval_{row['data']}_{row['language']}_{row['metric']}": row["value"] for row in rows})

    def _selection_score(self, rows: list[dict[str, Any]]) -> float | None:
        """Mean dev score on the primary metric over the languages that may choose: the sources, or all."""
        by_target = self.recipe.selection == "target-dev"
        primary = [row for row in rows if row["metric"] == self.evaluator.task.metrics[0]]
        values = [row["value"] for row in primary if by_target or row["language"] in self.corpus.train]
        return sum(values) / len(values) if values else None

    def _score(self, split: str, step: int | None, selection: str | None) -> list[dict[str, Any]]:
        columns = {
            "run": str(self.folder.path),
            "method": self.recipe.method,
            "train_languages": sorted(self.corpus.train),
            "seed": self.recipe.seeds[0],
            "step": step,
            "selection": selection,
        }
        cells = {cell: self._encoded[cell] for cell in self.corpus.cells(split)}
        return score_cells(self.evaluator, self.training.model, cells, self.folder, columns)

    def _save(self) -> None:
        state = self.recorder.state
        state.best_metric, state.best_global_step = self.selection.score, self.selection.step
        save_checkpoint(
            self.folder.path,
            self.training,
            self.selection,
            tokenizer=self.loaded.tokenizer,
            trainer_state=self.recorder.as_dict(),
            ranks=self.ranks,
            keep=self.recipe.save_total_limit,
        )
        if self.ranks.rank == 0:
            self.recorder.save(self.folder.trainer_state)

    def _epoch(self) -> float:
        seen = sum(self.training.progress.draws.values()) * (self.recipe.batch_size or 0)
        return seen / sum(len(examples) for examples in self.corpus.train.values())

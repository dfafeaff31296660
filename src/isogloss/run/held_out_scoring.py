"""How a run on text is measured: by language, on held-out sentences, by whatever says what it has learned."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

import torch
from torch import nn

from isogloss.common.distributed import Communicator
from isogloss.data.corpus import Cell
from isogloss.models.holding import evaluating
from isogloss.protocols import Progress
from isogloss.run.evaluation import result_rows
from isogloss.run.folder import RunFolder
from isogloss.run.memory import enough_memory
from isogloss.run.scoring import ResultRows

DATA = "held-out text"


class Measure(Protocol):
    """What is measured on held-out sentences.

    Attributes:
        task: What rows call it.
        metric: The score that stands for all of them.
        higher_is_better: Whether more of it is better.
        batch_size: Sentences per forward pass.
    """

    task: ClassVar[str]
    metric: ClassVar[str]
    higher_is_better: ClassVar[bool]
    batch_size: int

    def sizes(self) -> dict[str, int]:
        """Held-out sentences by language."""

    def __call__(self, model: nn.Module, language: str) -> dict[str, float]:
        """Scores of a model in evaluation mode on the sentences of a language, without gradient."""


@dataclass
class HeldOutScoring:
    """Scores on held-out sentences, which are the same in every evaluation; implements `isogloss.run.scoring.Scoring`.

    Attributes:
        folder: Where scores are kept.
        measure: What is measured.
        group: Processes that share the work.
        progress: How far the run is.
        tokens: Sub-words in a batch of each source, by its name.
    """

    folder: RunFolder
    measure: Measure
    group: Communicator
    progress: Progress
    tokens: dict[str, int]

    def seen(self) -> int:
        """Sub-words trained on so far, padding included."""
        return sum(self.tokens[source] * draws for source, draws in self.progress.draws.items())

    def dev(self, model: nn.Module, step: int | None, selection: str | None) -> ResultRows:
        """Scores by language."""
        rows = self._measure(model, step, selection)
        if self.group.rank == 0:
            self.folder.add_results(rows)
        return rows

    def final(self, model: nn.Module, step: int | None, selection: str) -> ResultRows:
        """The same for the final model."""
        return self.dev(model, step, selection)

    def stored(self) -> ResultRows:
        """The final scores of a run that has ended."""
        return self.folder.final_rows([Cell(DATA, language, "dev") for language in self.measure.sizes()])

    def choose(self, rows: ResultRows) -> float | None:
        """Mean of the metric over the languages, negative where less is better."""
        values = [row["value"] for row in rows if row["metric"] == self.measure.metric]
        mean = sum(values) / len(values) if values else None
        return mean if mean is None or self.measure.higher_is_better else -mean

    def doubts(self, rows: ResultRows) -> list[str]:
        """None: the loss says it."""
        return []

    @torch.no_grad()
    def _measure(self, model: nn.Module, step: int | None, selection: str | None) -> ResultRows:
        rows: ResultRows = []
        sizes = self.measure.sizes()
        with evaluating(model), enough_memory("evaluation", self._advice):
            for number, (language, size) in enumerate(sizes.items()):
                if not size:
                    continue
                # Languages are shared out among the processes.
                mine = number % self.group.world_size == self.group.rank
                own = [self.measure(model, language)] if mine else []
                (scores,) = self.group.gather(own)
                columns: dict[str, Any] = {
                    "run": str(self.folder.path),
                    "method": "pretraining",
                    "task": self.measure.task,
                    "train_languages": sorted(sizes),
                    "step": step,
                    "selection": selection,
                }
                rows += result_rows(scores, Cell(DATA, language, "dev"), size, **columns)
        return rows

    def _advice(self) -> str:
        return (
            f"{self.measure.batch_size} sentences go through the model at a time; a smaller evaluation_batch_size "
            "gives the same scores up to rounding, also with --resume"
        )

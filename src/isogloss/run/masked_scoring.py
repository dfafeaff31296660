"""How pre-training is measured: the share of masked sub-words that the model finds, per language, on held-out text."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from isogloss.common.distributed import Communicator
from isogloss.data.corpus import Cell
from isogloss.models.extensions.adapters import of_languages
from isogloss.models.holding import evaluating
from isogloss.objectives.masked_lm import masked_logits
from isogloss.objectives.supervised import IGNORED
from isogloss.protocols import Progress
from isogloss.run.evaluation import result_rows
from isogloss.run.folder import RunFolder
from isogloss.run.memory import enough_memory
from isogloss.run.scoring import ResultRows
from isogloss.streams.masked import Masking, masked_batches

DATA = "held-out text"


@dataclass
class MaskedScoring:
    """Masked accuracy and loss on held-out sentences; implements `isogloss.run.scoring.Scoring`.

    The masks are always the same, so that scores of different steps and runs can be compared.

    Attributes:
        folder: Where scores are kept.
        sentences: By language, the held-out sentences as sub-words, special ones included.
        masking: Hides sub-words.
        batch_size: Sentences per forward pass.
        autocast: Makes the context of a forward pass.
        group: Processes that share the work.
        progress: How far the run is.
        tokens: Sub-words in a batch of each source.
    """

    folder: RunFolder
    sentences: Mapping[str, Sequence[np.ndarray]]
    masking: Masking
    batch_size: int
    autocast: Callable[[], AbstractContextManager[Any]]
    group: Communicator
    progress: Progress
    tokens: Mapping[str, int]

    def seen(self) -> int:
        """Sub-words trained on so far, padding included."""
        return sum(self.tokens[source] * draws for source, draws in self.progress.draws.items())

    def dev(self, model: nn.Module, step: int | None, selection: str | None) -> ResultRows:
        """Masked accuracy and loss by language."""
        rows = self._measure(model, step, selection)
        if self.group.rank == 0:
            self.folder.add_results(rows)
        return rows

    def final(self, model: nn.Module, step: int | None, selection: str) -> ResultRows:
        """The same for the final model."""
        rows = self._measure(model, step, selection)
        if self.group.rank == 0:
            self.folder.add_results(rows)
        return rows

    def stored(self) -> ResultRows:
        """The final scores of a run that has ended."""
        return self.folder.final_rows([Cell(DATA, language, "dev") for language in self.sentences])

    def choose(self, rows: ResultRows) -> float | None:
        """Mean masked accuracy over the languages."""
        values = [row["value"] for row in rows if row["metric"] == "masked_accuracy"]
        return sum(values) / len(values) if values else None

    def doubts(self, rows: ResultRows) -> list[str]:
        """None: the loss says it."""
        return []

    @torch.no_grad()
    def _measure(self, model: nn.Module, step: int | None, selection: str | None) -> ResultRows:
        rows: ResultRows = []
        with evaluating(model), enough_memory("evaluation", self._advice):
            for number, (language, sentences) in enumerate(self.sentences.items()):
                if not sentences:
                    continue
                # Languages are shared out among the processes.
                mine = number % self.group.world_size == self.group.rank
                own = [self._language(model, language, sentences)] if mine else []
                (scores,) = self.group.gather(own)
                columns: dict[str, Any] = {
                    "run": str(self.folder.path),
                    "method": "pretraining",
                    "task": "mlm",
                    "train_languages": sorted(self.sentences),
                    "step": step,
                    "selection": selection,
                }
                rows += result_rows(scores, Cell(DATA, language, "dev"), len(sentences), **columns)
        return rows

    def _language(self, model: nn.Module, language: str, sentences: Sequence[np.ndarray]) -> dict[str, float]:
        device = next(model.parameters()).device
        found, loss, places = 0, 0.0, 0
        for batch in masked_batches(sentences, language, self.masking, self.batch_size):
            batch = batch.to(device)
            assert batch.labels is not None
            masked = batch.labels != IGNORED
            with self.autocast(), of_languages(model, batch.languages, masked):
                logits = masked_logits(model, batch.inputs, masked).float()
            targets = batch.labels[masked]
            found += int((logits.argmax(dim=-1) == targets).sum())
            loss += float(functional.cross_entropy(logits, targets, reduction="sum"))
            places += len(targets)
        return {"masked_accuracy": found / max(1, places), "masked_loss": loss / max(1, places)}

    def _advice(self) -> str:
        return (
            f"{self.batch_size} sentences go through the model at a time; a smaller evaluation_batch_size gives the "
            "same scores up to rounding, also with --resume"
        )

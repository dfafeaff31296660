"""How a student is measured: how far its relations, states and first places are from its teacher's."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, ClassVar

from torch import nn

from isogloss.objectives.distillation import Distillation
from isogloss.protocols import Batch
from isogloss.streams.taught import TaughtRow


@dataclass
class DistilledMeasure:
    """The loss of distillation and each of its terms; implements `isogloss.run.held_out_scoring.Measure`.

    Attributes:
        sentences: By language, the held-out sentences in the sub-words of both models.
        collate: Makes a batch of them.
        objective: The loss.
        batch_size: Sentences per forward pass.
        autocast: Makes the context of a forward pass.
    """

    task: ClassVar[str] = "distillation"
    metric: ClassVar[str] = "distillation_loss"
    higher_is_better: ClassVar[bool] = False

    sentences: Mapping[str, Sequence[TaughtRow]]
    collate: Callable[[Sequence[TaughtRow]], Batch]
    objective: Distillation
    batch_size: int
    autocast: Callable[[], AbstractContextManager[Any]]

    def sizes(self) -> dict[str, int]:
        """Held-out sentences by language."""
        return {language: len(own) for language, own in self.sentences.items()}

    def __call__(self, model: nn.Module, language: str) -> dict[str, float]:
        """Each term as a mean over all places of the language, and their sum, ``distillation_loss``."""
        device = next(model.parameters()).device
        sums, places = defaultdict[str, float](float), defaultdict[str, int](int)
        # Sentences of like length stand together, so that little is padding.
        ordered = sorted(self.sentences[language], key=lambda row: len(row.student))
        for start in range(0, len(ordered), self.batch_size):
            batch = self.collate(ordered[start : start + self.batch_size]).to(device)
            with self.autocast():
                losses = self.objective(model, batch)
            for term, count in self.objective.counts(batch).items():
                sums[term] += float(losses[term].sum())
                places[term] += int(count.sum())
        means = {term: sums[term] / max(1, places[term]) for term in places}
        return {self.metric: sum(means.values()), **means}

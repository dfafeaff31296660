"""How masked language modelling is measured: the share of masked sub-words that the model finds, and its loss."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from torch import nn
from torch.nn import functional

from isogloss.models.extensions.adapters import of_languages
from isogloss.objectives.masked_lm import masked_logits
from isogloss.objectives.supervised import IGNORED
from isogloss.streams.masked import Masking, masked_batches


@dataclass
class MaskedMeasure:
    """Masked accuracy and loss of sentences; implements `isogloss.run.held_out_scoring.Measure`.

    The masks are always the same, so that scores of different steps and runs can be compared.

    Attributes:
        sentences: By language, the held-out sentences as sub-words, special ones included.
        masking: Hides sub-words.
        batch_size: Sentences per forward pass.
        autocast: Makes the context of a forward pass.
    """

    task: ClassVar[str] = "mlm"
    metric: ClassVar[str] = "masked_accuracy"
    higher_is_better: ClassVar[bool] = True

    sentences: Mapping[str, Sequence[np.ndarray]]
    masking: Masking
    batch_size: int
    autocast: Callable[[], AbstractContextManager[Any]]

    def sizes(self) -> dict[str, int]:
        """Held-out sentences by language."""
        return {language: len(own) for language, own in self.sentences.items()}

    def __call__(self, model: nn.Module, language: str) -> dict[str, float]:
        """``masked_accuracy`` in [0, 1] and ``masked_loss``, both over all masked sub-words of the language."""
        device = next(model.parameters()).device
        found, loss, places = 0, 0.0, 0
        for batch in masked_batches(self.sentences[language], language, self.masking, self.batch_size):
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

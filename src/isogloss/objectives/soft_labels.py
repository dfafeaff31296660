"""The loss of a student that learns what a teacher answers, without gold labels."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from isogloss.objectives.distributions import softened_divergence
from isogloss.objectives.supervised import labelled_items, outputs
from isogloss.protocols import Batch

TERM = "soft_labels"


class SoftLabels:
    """T² · KL(q ‖ p) with q, p = softmax(logits / T) of teacher and student; implements `Objective`.

    Taken at the items of each text, as in `isogloss.objectives.supervised.Supervised`: a text, or a token. What their
    labels are is not looked at, only where there are any. The factor T² keeps the gradients of the size that they have
    at T = 1.

    Args:
        teacher: A model trained before, in evaluation mode, over the same labels and sub-words; it gets no gradient.
        temperature: T > 0; above 1 probabilities are evened out.

    Raises:
        ValueError: A batch has no labels to say where its items are.

    Example:
        A model has nothing to learn from itself:

        >>> from transformers import BertConfig, BertForSequenceClassification
        >>> sizes = {"num_hidden_layers": 1, "num_attention_heads": 1, "hidden_size": 4, "intermediate_size": 4}
        >>> model = BertForSequenceClassification(BertConfig(vocab_size=10, **sizes)).eval()
        >>> inputs = {"input_ids": torch.tensor([[5, 6]]), "attention_mask": torch.ones(1, 2, dtype=torch.int64)}
        >>> SoftLabels(model)(model, Batch(inputs, torch.tensor([0]), ("en",)))["soft_labels"].item()
        0.0

    Reference:
        Hinton, Vinyals, Dean, *Distilling the Knowledge in a Neural Network*, arXiv 1503.02531, 2015.
    """

    def __init__(self, teacher: nn.Module, temperature: float = 2.0) -> None:
        self.teacher, self.temperature = teacher, temperature

    def counts(self, batch: Batch) -> dict[str, Tensor]:
        """Items of each text ``[b]``."""
        return {TERM: labelled_items(_labels(batch))}

    def __call__(self, model: nn.Module, batch: Batch) -> dict[str, Tensor]:
        """The loss of each text, summed over its items ``[b]``."""
        with torch.no_grad():
            taught = outputs(self.teacher, batch)
        return {TERM: softened_divergence(taught, outputs(model, batch), _labels(batch), self.temperature)}


def _labels(batch: Batch) -> Tensor:
    if batch.labels is None:
        raise ValueError("soft labels need a batch with labels, which say where its items are")
    return batch.labels

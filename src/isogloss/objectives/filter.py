"""The loss of FILTER: the task on a text and its translation, fused in some layers, and what a teacher says of it."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from isogloss.models.extensions.pairing import pairing_of
from isogloss.objectives.distributions import softened_divergence
from isogloss.objectives.side_by_side import padding_of, paired_logits, parted, side_by_side
from isogloss.objectives.supervised import cross_entropy, labelled_items
from isogloss.protocols import Batch


class Filter:
    """CE(y, p_s) + (1 − α) · CE(y, p_t) + α · T² · KL(q_t ‖ p_t), the latter two softened by T; implements `Objective`.

    t is a target text and s, beside it, the source text that it is a translation of; where the model has a
    `isogloss.models.extensions.fusion.Fusion`, they meet in some layers. q_t is what the teacher predicts for t, shown
    the same pair. Without teacher α is 0. The terms are ``target``, ``source`` and ``teacher``, each a mean over the
    labelled items of its texts; a source text without labels loses nothing.

    Args:
        teacher: A model trained before, in evaluation mode; None: phase 1.
        share: α in [0, 1], share of the teacher in what the target loses.
        temperature: T > 0; above 1 probabilities are evened out.

    Raises:
        ValueError: A batch holds no pairs, or no labels.

    Example:
        In phase 1, without a fusion, it is the sum of the plain losses of both texts:

        >>> from transformers import BertConfig, BertForSequenceClassification
        >>> from isogloss.objectives import Supervised
        >>> sizes = {"num_hidden_layers": 1, "num_attention_heads": 1, "hidden_size": 4, "intermediate_size": 4}
        >>> model = BertForSequenceClassification(BertConfig(vocab_size=10, **sizes)).eval()
        >>> inputs = {"input_ids": torch.tensor([[5, 6]]), "attention_mask": torch.ones(1, 2, dtype=torch.int64)}
        >>> text = Batch(inputs, torch.tensor([1]), ("en",))
        >>> terms = Filter()(model, Batch(inputs, torch.tensor([1]), ("en",), beside=text))
        >>> round((terms["target"] + terms["source"] - 2 * Supervised()(model, text)["task"]).item(), 5)
        0.0

    Reference:
        Fang et al., *FILTER: An Enhanced Fusion Method for Cross-lingual Language Understanding*, AAAI 2021.
    """

    def __init__(self, teacher: nn.Module | None = None, *, share: float = 0.5, temperature: float = 1.0) -> None:
        self.teacher, self.temperature = teacher, temperature
        self.share = 0.0 if teacher is None else share

    def counts(self, batch: Batch) -> dict[str, Tensor]:
        """Labelled items of each text ``[b]``."""
        if batch.beside is None or batch.labels is None:
            raise ValueError("the objective needs a batch of pairs with labels")
        target = labelled_items(batch.labels)
        source = torch.zeros_like(target) if batch.beside.labels is None else labelled_items(batch.beside.labels)
        counts = {"target": target, "source": source}
        return counts if self.teacher is None else {**counts, "teacher": target}

    def __call__(self, model: nn.Module, batch: Batch) -> dict[str, Tensor]:
        """Each term of each pair, summed over its labelled items ``[b]``."""
        both = side_by_side(batch, padding_of(model))
        logits, logits_beside = paired_logits(model, pairing_of(model), both)
        target, source = parted(both)
        assert target.labels is not None and source.labels is not None
        terms = {
            "target": (1 - self.share) * cross_entropy(logits, target.labels, target.extras.get("soft")),
            "source": cross_entropy(logits_beside, source.labels, source.extras.get("soft")),
        }
        if self.teacher is not None:
            with torch.no_grad():
                taught, _ = paired_logits(self.teacher, pairing_of(self.teacher), both)
            terms["teacher"] = self.share * softened_divergence(taught, logits, target.labels, self.temperature)
        return terms

"""The loss of xTune: the task, agreement with an augmented form of each text, and with an earlier model on it."""

from __future__ import annotations

from contextlib import nullcontext

import torch
from torch import Tensor, nn

from isogloss.models.noise import noise_on_second_half
from isogloss.objectives.distributions import distributions, divergence, items
from isogloss.objectives.side_by_side import padding_of, parted, side_by_side
from isogloss.objectives.supervised import cross_entropy, labelled_items, outputs
from isogloss.protocols import Batch


class XTune:
    """CE(y, p) + λ₁ · [KL(p̄ ‖ q) + KL(q̄ ‖ p)] + λ₂ · KL(t ‖ q); implements `Objective`.

    p is what the model predicts for a text, q for the augmented form beside it, t what the teacher predicts for the
    latter; a bar: without gradient. The three terms are ``task``, ``consistency`` and ``teacher``. Each divergence is
    summed over the outcomes and a mean over the items: texts, questions, tokens, or ends of answers, whose positions
    are taken word by word (`isogloss.objectives.distributions`). Both forms go through the model as one batch.

    Args:
        consistency: λ₁ ≥ 0.
        teacher: A model trained before, in evaluation mode; None: there is no third term.
        model_consistency: λ₂ ≥ 0.
        hard_labels: Whether t is the teacher's best outcome alone.
        noise: Size of Gaussian noise on the embeddings of the augmented form, see `isogloss.models.noise`; 0: none.

    Raises:
        ValueError: A batch holds no pairs, or no labels.

    Example:
        A text beside itself agrees with itself, and loses what it loses alone:

        >>> from transformers import BertConfig, BertForSequenceClassification
        >>> from isogloss.objectives import Supervised
        >>> sizes = {"num_hidden_layers": 1, "num_attention_heads": 1, "hidden_size": 4, "intermediate_size": 4}
        >>> model = BertForSequenceClassification(BertConfig(vocab_size=10, **sizes)).eval()
        >>> inputs = {"input_ids": torch.tensor([[5, 6]]), "attention_mask": torch.ones(1, 2, dtype=torch.int64)}
        >>> text = Batch(inputs, torch.tensor([1]), ("en",))
        >>> terms = XTune()(model, Batch(inputs, torch.tensor([1]), ("en",), beside=text))
        >>> abs(terms["consistency"].item()) < 1e-6
        True
        >>> round((terms["task"] - Supervised()(model, text)["task"]).item(), 5)
        0.0

    Reference:
        Zheng et al., *Consistency Regularization for Cross-Lingual Fine-Tuning*, ACL 2021.
    """

    def __init__(
        self,
        *,
        consistency: float = 5.0,
        teacher: nn.Module | None = None,
        model_consistency: float = 1.0,
        hard_labels: bool = False,
        noise: float = 0.0,
    ) -> None:
        self.consistency, self.teacher, self.model_consistency = consistency, teacher, model_consistency
        self.hard_labels, self.noise = hard_labels, noise

    def counts(self, batch: Batch) -> dict[str, Tensor]:
        """Labelled items of each text, and all its items ``[b]``."""
        if batch.beside is None or batch.labels is None:
            raise ValueError("the objective needs a batch of pairs with labels")
        counts = {"task": labelled_items(batch.labels), "consistency": items(batch)}
        return counts if self.teacher is None else {**counts, "teacher": items(batch)}

    def __call__(self, model: nn.Module, batch: Batch) -> dict[str, Tensor]:
        """Each term of each text, summed over its items ``[b]``."""
        both = side_by_side(batch, padding_of(model))
        noise = noise_on_second_half(model, self.noise) if self.noise else nullcontext()  # type: ignore[arg-type]
        with noise:
            logits, logits_beside = outputs(model, both).chunk(2)
        first, second = parted(both)
        assert first.labels is not None
        own, other = distributions(logits, first), distributions(logits_beside, second)
        agreement = divergence(own.detached(), other) + divergence(other.detached(), own)
        terms = {
            "task": cross_entropy(logits, first.labels, first.extras.get("soft")),
            "consistency": self.consistency * agreement,
        }
        if self.teacher is not None:
            with torch.no_grad():
                taught = distributions(outputs(self.teacher, second), second)
            taught = taught.surest() if self.hard_labels else taught
            terms["teacher"] = self.model_consistency * divergence(taught, other)
        return terms

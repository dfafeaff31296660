"""The loss of X-Mixup: the task on a text and on its translation, which must agree."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from isogloss.models.extensions.mixing import Mixing
from isogloss.objectives.side_by_side import Halves, States, halves, padding_of, side_by_side
from isogloss.objectives.supervised import IGNORED, cross_entropy, labelled_items
from isogloss.protocols import Batch


class XMixup:
    """α · CE(y, p_s) + (1 − α) · CE(y, p_t) + k · KL(p_s ‖ p_t) + m · MSE(r_s, r_t); implements `Objective`.

    A pair is a target text and, beside it, the source text that it is a translation of; s and t are the two, p what the
    model predicts and r a vector of the last hidden states. Where the target is mixed, p_t and r_t are of the mixture.
    The cross-entropies are the terms ``target`` and ``source``, over the labelled items of each text; ``kl`` and
    ``mse`` are one for each pair. A source text without labels, such as a back-translation of a tagged sentence, has no
    cross-entropy, and that of its target has weight 1, as in the released code. KL is taken where a text has one
    distribution (classification, multiple choice), MSE is the mean over the d units, in multiple choice over the
    alternatives of an example too. Both in float32.

    Args:
        mixing: Mixes each target with its source inside the encoder; None: it does not, and what is left is training on
            translations with consistency.
        source_weight: α in [0, 1].
        kl: k ≥ 0.
        mse: m ≥ 0.
        states: Makes r.
        detach_source: Whether consistency pulls the target alone.
        places: The length that pairs are padded to, which matters for a vector that sees padding
            (`isogloss.objectives.side_by_side.released_mean`); None: that of the longest text of a batch.

    Raises:
        ValueError: A batch holds no pairs, or no labels.

    Example:
        Without mixing, a text that is its own translation agrees with itself, and loses what it loses alone:

        >>> from transformers import BertConfig, BertForSequenceClassification
        >>> from isogloss.objectives import Supervised
        >>> from isogloss.objectives.side_by_side import first_place
        >>> sizes = {"num_hidden_layers": 1, "num_attention_heads": 1, "hidden_size": 4, "intermediate_size": 4}
        >>> model = BertForSequenceClassification(BertConfig(vocab_size=10, **sizes)).eval()
        >>> inputs = {"input_ids": torch.tensor([[5, 6]]), "attention_mask": torch.ones(1, 2, dtype=torch.int64)}
        >>> text = Batch(inputs, torch.tensor([1]), ("en",))
        >>> pair = Batch(inputs, torch.tensor([1]), ("en",), beside=text)
        >>> terms = XMixup(None, source_weight=0.5, kl=1.0, mse=1.0, states=first_place)(model, pair)
        >>> sorted(terms), round((terms["source"] + terms["target"] - Supervised()(model, text)["task"]).item(), 5)
        (['kl', 'mse', 'source', 'target'], 0.0)
        >>> terms["kl"].item(), terms["mse"].item()
        (0.0, 0.0)

    Reference:
        Yang, Chen, Zhou, Li, *Enhancing Cross-lingual Transfer by Manifold Mixup*, ICLR 2022, arXiv 2205.04182.
    """

    def __init__(
        self,
        mixing: Mixing | None,
        *,
        source_weight: float,
        kl: float,
        mse: float,
        states: States,
        detach_source: bool = False,
        places: int | None = None,
    ) -> None:
        self.mixing, self.source_weight, self.kl, self.mse = mixing, source_weight, kl, mse
        self.states, self.detach_source, self.places = states, detach_source, places

    def counts(self, batch: Batch) -> dict[str, Tensor]:
        """Labelled items of each text, and one for each pair ``[b]``."""
        if batch.beside is None:
            raise ValueError("the objective needs a batch of pairs")
        target, source = _labelled(batch), _labelled(batch.beside)
        # Where a source has no labels its pair counts as any other, or the few sources with labels would weigh more.
        counts = {"target": target, "source": torch.where(source == 0, target, source)}
        if self.kl and _one_distribution(batch):
            counts["kl"] = torch.ones_like(target)
        if self.mse:
            counts["mse"] = torch.ones_like(target)
        return counts

    def __call__(self, model: nn.Module, batch: Batch) -> dict[str, Tensor]:
        """Each term of each pair, cross-entropies summed over its labelled items ``[b]``."""
        both = side_by_side(batch, padding_of(model), self.places)
        found = halves(model, self.mixing, both, self.states)  # type: ignore[arg-type]
        assert both.labels is not None
        labels, labels_beside = both.labels.chunk(2)
        soft, soft_beside = both.extras["soft"].chunk(2) if "soft" in both.extras else (None, None)
        alone = (labels_beside == IGNORED).flatten(1).all(dim=1) if labels.dim() > 1 else labels_beside == IGNORED
        weight = torch.where(alone, 1.0, 1 - self.source_weight)  # [b]
        terms = {
            "target": weight * cross_entropy(found.logits, labels, soft),
            "source": self.source_weight * cross_entropy(found.beside, labels_beside, soft_beside),
        }
        if self.kl and _one_distribution(batch):
            terms["kl"] = self.kl * self._divergence(found)
        if self.mse:
            source = found.states_beside.detach() if self.detach_source else found.states_beside
            each = (found.states - source).square().mean(dim=1).reshape(len(batch), -1)  # [b, 1] or [b, c]
            real = both.extras["alternatives"].chunk(2)[0] if "alternatives" in both.extras else torch.ones_like(each)
            terms["mse"] = self.mse * (each * real).sum(dim=1) / real.sum(dim=1)
        return terms

    def _divergence(self, found: Halves) -> Tensor:
        """KL(p_s ‖ p_t) ``[b]``; an alternative that an example does not have has no part in it."""
        source = found.beside.detach() if self.detach_source else found.beside
        logs, logs_beside = functional.log_softmax(found.logits, dim=-1), functional.log_softmax(source, dim=-1)
        lacking = torch.isneginf(found.beside)
        return (logs_beside.exp() * (logs_beside.masked_fill(lacking, 0) - logs.masked_fill(lacking, 0))).sum(dim=-1)


def _one_distribution(batch: Batch) -> bool:
    """Whether each example has one label."""
    return batch.labels is not None and batch.labels.dim() == 1


def _labelled(batch: Batch) -> Tensor:
    """Number of labelled items of each text ``[b]``; none has any where the batch has no labels."""
    if batch.labels is None:
        return torch.zeros(len(batch), dtype=torch.int64, device=batch.inputs["input_ids"].device)
    return labelled_items(batch.labels)

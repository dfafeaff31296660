"""The loss of Manifold Mixup: the task on texts whose sentence states are mixed two by two, and their labels alike."""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import Tensor, nn
from torch.nn import functional

from isogloss.models.sentence_states import mixed_first_places
from isogloss.objectives.side_by_side import padding_of, side_by_side
from isogloss.objectives.supervised import outputs
from isogloss.protocols import Batch

SHARE = "share"
"""The extra of a batch that holds λ of each pair ``[b]``."""


class ManifoldMixup:
    """λ · CE(y, p) + (1 − λ) · CE(y', p); implements `Objective`.

    y and y' are the labels of the two texts of a pair, and p is what the model predicts where the state of the first
    place, which stands for the text in classification, is λ · h + (1 − λ) · h' after one layer. λ comes with the batch
    (`isogloss.streams.mixed`). The second text goes its own way and is not scored. At test time texts stand alone, and
    nothing is mixed.

    Args:
        layer: The layer whose output is mixed, see `isogloss.models.sentence_states.layer_of`.

    Raises:
        ValueError: A batch holds no pairs, no shares or no labels of texts.

    Example:
        A text mixed with itself loses what it loses alone:

        >>> from transformers import BertConfig, BertForSequenceClassification
        >>> from isogloss.models.sentence_states import layer_of
        >>> from isogloss.objectives import Supervised
        >>> sizes = {"num_hidden_layers": 1, "num_attention_heads": 1, "hidden_size": 4, "intermediate_size": 4}
        >>> model = BertForSequenceClassification(BertConfig(vocab_size=10, **sizes)).eval()
        >>> inputs = {"input_ids": torch.tensor([[5, 6]]), "attention_mask": torch.ones(1, 2, dtype=torch.int64)}
        >>> text = Batch(inputs, torch.tensor([1]), ("en",))
        >>> pair = replace(text, beside=text, extras={SHARE: torch.tensor([0.3])})
        >>> terms = ManifoldMixup(layer_of(model, None))(model, pair)
        >>> round((terms["task"] - Supervised()(model, text)["task"]).item(), 5)
        0.0

    Reference:
        Verma et al., *Manifold Mixup: Better Representations by Interpolating Hidden States*, ICML 2019.
    """

    def __init__(self, layer: nn.Module) -> None:
        self.layer = layer

    def counts(self, batch: Batch) -> dict[str, Tensor]:
        """One for each pair ``[b]``."""
        labels, _, _ = _parts(batch)
        return {"task": torch.ones_like(labels)}

    def __call__(self, model: nn.Module, batch: Batch) -> dict[str, Tensor]:
        """The loss of each pair ``[b]``."""
        labels, others, shares = _parts(batch)
        rest = {name: own for name, own in batch.extras.items() if name != SHARE}
        both = side_by_side(replace(batch, extras=rest), padding_of(model))
        with mixed_first_places(self.layer, shares):
            logits = outputs(model, both)[: len(batch)]
        own, other = (functional.cross_entropy(logits, wanted, reduction="none") for wanted in (labels, others))
        return {"task": shares * own + (1 - shares) * other}


def _parts(batch: Batch) -> tuple[Tensor, Tensor, Tensor]:
    """Labels of both halves and shares, ``[b]`` each."""
    if batch.beside is None or SHARE not in batch.extras:
        raise ValueError("the objective needs a batch of pairs with shares")
    if batch.labels is None or batch.beside.labels is None or batch.labels.dim() != 1:
        raise ValueError("the objective needs a batch of pairs with a label for each text")
    return batch.labels, batch.beside.labels, batch.extras[SHARE]

"""The plain loss of labelled data."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from isogloss.models.extensions.adapters import of_languages
from isogloss.protocols import Batch

IGNORED = -100


def outputs(model: nn.Module, batch: Batch) -> Tensor:
    """The model's logits for a batch, averaged over each token, or of its sum, where the batch has anchors.

    In multiple choice they are −∞ for the alternatives that an example does not have.

    With a_j the anchor of sub-word j, the output at place i is the mean of the logits l_j of all j with a_j = i, and
    zero where there is none. Where the batch is to be ``summed`` it is what the output layer, l = W h + β, makes of
    the sum of their states h_j: Σ_j (l_j − β) + β.

    For questions the logits are over the positions of an answer's first and last sub-word, and
    padding has none, so that they do not depend on the length of other examples.

    Shape:
        ``[b, s, c]`` for tagging, ``[b, 2, s]`` for questions, else ``[b, c]``, with c alternatives in multiple choice;
        in float32.
    """
    with of_languages(model, batch.languages):
        output = model(**batch.inputs)
    if hasattr(output, "start_logits"):
        ends = torch.stack([output.start_logits, output.end_logits], dim=1).float()
        return ends.masked_fill(batch.inputs["attention_mask"].unsqueeze(1) == 0, -torch.inf)
    logits: Tensor = output.logits.float()
    if "alternatives" in batch.extras:
        return logits.masked_fill(~batch.extras["alternatives"], -torch.inf)
    if "anchors" not in batch.extras:
        return logits
    anchors = batch.extras["anchors"]
    # A product of matrices, because sums by index come out in another order each time on a GPU.
    places = torch.arange(anchors.shape[1], device=logits.device)
    members = (anchors.unsqueeze(1) == places.unsqueeze(1)).float()  # [b, i, j]: does j go to i?
    with torch.autocast(logits.device.type, enabled=False):
        if "summed" in batch.extras:
            # Every token classifier of transformers has its output layer there.
            bias = model.get_parameter("classifier.bias").float()
            return members @ (logits - bias) + bias
        return members @ logits / members.sum(dim=2, keepdim=True).clamp(min=1)


def cross_entropy(
    logits: Tensor, labels: Tensor, soft: Tensor | None = None, class_weights: Tensor | None = None
) -> Tensor:
    """−Σᵢ log softmax(logitsᵢ)[labelᵢ] over the labelled items i of each example ``[b]``.

    Where an item has soft labels q it is −Σ_c q_c log softmax(logitsᵢ)_c. With class weights w, each class counts w_c
    times: w[labelᵢ] or w_c q_c takes the place of 1 and q_c.

    Args:
        logits: ``[b, s, c]``, ``[b, 2, s]`` or ``[b, c]``, float32.
        labels: ``[b, s]``, ``[b, 2]`` or ``[b]``; -100 where an item has no label, soft or not.
        soft: ``[b, s, c]``, 0 for items without soft labels; None: no item has any.
        class_weights: w ``[c]``; None: all 1.

    Example:
        >>> even = torch.zeros(1, 2, 2)
        >>> cross_entropy(even, torch.tensor([[1, IGNORED]]), torch.tensor([[[0.5, 0.5], [0.0, 0.0]]]))
        tensor([0.6931])
    """
    losses = functional.cross_entropy(
        logits.flatten(0, -2), labels.flatten(), class_weights, ignore_index=IGNORED, reduction="none"
    ).reshape(labels.shape)
    if soft is not None:
        counted = soft if class_weights is None else soft * class_weights
        own = -(counted * functional.log_softmax(logits, dim=-1)).sum(dim=-1)
        losses = torch.where(soft.any(dim=-1), own, losses)
    return losses.reshape(len(labels), -1).sum(dim=1)


def labelled_items(labels: Tensor) -> Tensor:
    """Number of labelled items of each example ``[b]``, from labels ``[b, s]``, ``[b, 2]`` or ``[b]``."""
    return (labels != IGNORED).reshape(len(labels), -1).sum(dim=1)


def weighted_items(labels: Tensor, soft: Tensor | None, class_weights: Tensor) -> Tensor:
    """Σᵢ w[labelᵢ] over the labelled items i of each example ``[b]``; of soft labels q an item has Σ_c w_c q_c.

    Args:
        labels: ``[b, s]`` or ``[b]``.
        soft: ``[b, s, c]``, 0 for items without soft labels; None: no item has any.
        class_weights: w ``[c]``.
    """
    weights = torch.where(labels == IGNORED, 0.0, class_weights[labels.clamp(min=0)])
    if soft is not None:
        weights = torch.where(soft.any(dim=-1), (soft * class_weights).sum(dim=-1), weights)
    return weights.reshape(len(labels), -1).sum(dim=1)


class Supervised:
    """Cross-entropy of the gold labels: −Σᵢ log softmax(logitsᵢ)[labelᵢ] over the labelled items i of each example.

    An item is a token in tagging, a text in classification, a question in multiple choice, and one of the two ends of
    an answer in question answering. Soft labels stand in for gold ones, see `cross_entropy`. It is taken in float32,
    also under autocast.

    With class weights w the loss of a batch is Σᵢ w[labelᵢ] · −log softmax(logitsᵢ)[labelᵢ] / Σᵢ w[labelᵢ], the mean
    that `torch.nn.CrossEntropyLoss` takes with ``weight``, over the global batch; so only their ratios matter.

    Args:
        class_weights: w ``[c]``, above 0, in the order of the task's labels; None: all 1.

    Shape:
        logits ``[b, s, c]`` with labels ``[b, s]``, ``[b, 2, s]`` with ``[b, 2]``, or ``[b, c]`` with ``[b]`` → loss
        ``[b]``.

    Raises:
        ValueError: The batch has no labels.

    Example:
        A tagger that finds all of four tags equally likely loses log 4 = 1.386 per labelled token:

        >>> from types import SimpleNamespace
        >>> unsure = lambda input_ids: SimpleNamespace(logits=torch.zeros(1, 3, 4))
        >>> batch = Batch({"input_ids": torch.tensor([[7, 8, 9]])}, torch.tensor([[0, 2, IGNORED]]), ("en",))
        >>> Supervised().counts(batch), Supervised()(unsure, batch)
        ({'task': tensor([2])}, {'task': tensor([2.7726])})
    """

    def __init__(self, class_weights: Tensor | None = None) -> None:
        # No item counts less than 1, so that a sum over items is below 1 only where there are none.
        self._class_weights = None if class_weights is None else class_weights / class_weights.min()

    def counts(self, batch: Batch) -> dict[str, Tensor]:
        """Number of labelled items of each example ``[b]``, or the sum of the weights of their classes."""
        labels = _labels(batch)
        if self._class_weights is None:
            return {"task": labelled_items(labels)}
        return {"task": weighted_items(labels, batch.extras.get("soft"), self._class_weights.to(labels.device))}

    def __call__(self, model: nn.Module, batch: Batch) -> dict[str, Tensor]:
        """Loss of each example, summed over its labelled items ``[b]``."""
        labels = _labels(batch)
        logits = outputs(model, batch)
        weights = None if self._class_weights is None else self._class_weights.to(logits.device)
        return {"task": cross_entropy(logits, labels, batch.extras.get("soft"), weights)}


def _labels(batch: Batch) -> Tensor:
    if batch.labels is None:
        raise ValueError("the supervised objective needs a batch with labels")
    return batch.labels

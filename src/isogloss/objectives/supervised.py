"""The plain loss of labelled data."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional

from isogloss.types import Batch

IGNORED = -100


class Supervised:
    """Cross-entropy of the gold labels: −Σᵢ log softmax(logitsᵢ)[labelᵢ] over the labelled items i of each example.

    An item is a token in tagging and a text in classification. The cross-entropy is taken in float32, also under
    autocast.

    Shape:
        logits ``[b, s, c]`` with labels ``[b, s]``, or ``[b, c]`` with ``[b]`` → loss ``[b]``.

    Raises:
        ValueError: The batch has no labels.
    """

    def counts(self, batch: Batch) -> dict[str, Tensor]:
        """Number of labelled items of each example ``[b]``."""
        labels = _labels(batch)
        return {"task": (labels != IGNORED).reshape(len(batch), -1).sum(dim=1)}

    def __call__(self, model: nn.Module, batch: Batch) -> dict[str, Tensor]:
        """Loss of each example, summed over its labelled items ``[b]``."""
        labels = _labels(batch)
        logits = model(**batch.inputs).logits.float()
        losses = functional.cross_entropy(
            logits.flatten(0, -2), labels.flatten(), ignore_index=IGNORED, reduction="none"
        )  # [b * s] or [b]
        return {"task": losses.reshape(len(batch), -1).sum(dim=1)}


def _labels(batch: Batch) -> Tensor:
    if batch.labels is None:
        raise ValueError("the supervised objective needs a batch with labels")
    return batch.labels

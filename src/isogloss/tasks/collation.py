"""Padding: from features to a batch."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from transformers import PreTrainedTokenizerBase

from isogloss.protocols import Batch, Feature
from isogloss.tasks.task import IGNORED


def collate(features: Sequence[Feature], tokenizer: PreTrainedTokenizerBase) -> Batch:
    """Pad features on the right to the longest of them.

    Sub-word ids are padded with the tokenizer's padding id, other inputs (mask, types) with 0, labels with -100.

    Args:
        features: The b features, at least one, all of one task.
        tokenizer: Tokenizer that made them.

    Returns:
        Inputs ``[b, s]``; labels ``[b, s]`` (tagging) or ``[b]``, or None if no feature has any; ``anchors`` ``[b, s]``
        among the extras if the features have any; ``soft`` ``[b, s, c]`` if some have soft labels.
    """
    width = max(len(feature) for feature in features)
    padding = {"input_ids": int(tokenizer.pad_token_id)}
    inputs = {
        name: padded([feature.inputs[name] for feature in features], width, padding.get(name, 0))
        for name in features[0].inputs
    }
    # Padding is in no token: it is its own anchor.
    anchors = [[*feature.anchors, *range(len(feature), width)] for feature in features if feature.anchors]
    extras = {"anchors": torch.tensor(anchors)} if anchors else {}
    return Batch(
        inputs,
        _labels(features, width),
        tuple(feature.language for feature in features),
        extras | _soft(features, width),
    )


def _soft(features: Sequence[Feature], width: int) -> dict[str, Tensor]:
    """How probable each class is at the sub-words of features with soft labels, if there are any ``[b, s, c]``."""
    rows = {place: feature.soft for place, feature in enumerate(features) if feature.soft is not None}
    if not rows:
        return {}
    found = torch.zeros(len(features), width, next(iter(rows.values())).shape[1])
    for place, shares in rows.items():
        words = [position for position, word in enumerate(features[place].words) if word >= 0]
        found[place, words] = torch.from_numpy(shares)
    return {"soft": found}


def _labels(features: Sequence[Feature], width: int) -> Tensor | None:
    targets = [feature.labels for feature in features]
    if all(target is None for target in targets):
        return None
    if any(isinstance(target, int) for target in targets):
        return torch.tensor([IGNORED if target is None else target for target in targets])
    return padded([target if isinstance(target, Sequence) else () for target in targets], width, IGNORED)


def padded(rows: Sequence[Sequence[int]], width: int, value: int) -> Tensor:
    """The n rows filled with ``value`` on the right, ``[n, width]``."""
    return torch.tensor([[*row, *[value] * (width - len(row))] for row in rows])

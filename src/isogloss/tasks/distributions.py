"""How probable a model finds each class, where a task has classes: for each token of a sentence, or for a text."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from torch import Tensor

from isogloss.protocols import Feature


def distributions(logits: Tensor, features: Sequence[Feature]) -> list[np.ndarray]:
    """Softmax of the logits, in place of the `decode` of a task; its `assemble` takes them too.

    Args:
        logits: ``[b, s, c]`` in tagging, ``[b, c]`` in classification.
        features: The b features.

    Returns:
        Float32; of each feature ``[w, c]`` for the w sub-words that stand for tokens, or ``[c]``.

    Example:
        >>> import torch
        >>> feature = Feature({"input_ids": [0, 7, 8, 2]}, None, "en", 0, words=[-1, 0, -1, -1])
        >>> distributions(torch.zeros(1, 4, 2), [feature])[0].tolist()
        [[0.5, 0.5]]
    """
    shares = logits.double().softmax(dim=-1).float().numpy()
    return [
        row[[place for place, word in enumerate(feature.words) if word >= 0]] if feature.words else row
        for row, feature in zip(shares, features, strict=True)
    ]

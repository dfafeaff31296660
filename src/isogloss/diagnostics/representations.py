"""How alike an encoder represents the same sentences in different languages.

Shapes: n sentences, l layers, d components of a vector.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import combinations

import torch
from torch import Tensor

from isogloss.common.errors import IsoglossError
from isogloss.diagnostics.retrieval import retrieval_accuracy


def linear_cka(left: Tensor, right: Tensor) -> float:
    """Linear centred kernel alignment of two representations of the same n things.

    ‖X̃ᵀỸ‖²_F / (‖X̃ᵀX̃‖_F · ‖ỸᵀỸ‖_F), where X̃ = X − mean of its rows and Ỹ likewise: every feature is centred. It does not
    change when either side is rotated, shifted or scaled as a whole, and so does not see whether vectors of
    translations lie near each other: retrieval does. With fewer sentences than components it is biased upwards, even
    for unrelated representations; compare values of the same n only.

    Args:
        left: X, ``[n, d]``.
        right: Y, ``[n, e]``; row i is of the same thing as row i of X.

    Returns:
        A value in [0, 1]; NaN where all rows of a side are equal.

    Raises:
        IsoglossError: Not two matrices with as many rows, at least 2, all finite.

    Example:
        >>> x = torch.tensor([[1.0, 0.0], [0.0, 1.0], [2.0, 3.0]])
        >>> round(linear_cka(x, 5 * x.flip(1) - 1), 6)
        1.0

    Reference:
        Kornblith et al., *Similarity of Neural Network Representations Revisited*, ICML 2019.
    """
    for side in (left, right):
        if side.dim() != 2 or len(side) < 2 or len(side) != len(left) or not torch.isfinite(side).all():
            raise IsoglossError(
                "linear CKA needs two matrices with equally many rows, at least 2, all finite; found the shapes "
                f"{list(left.shape)} and {list(right.shape)}"
            )
    x, y = (side.double() - side.double().mean(dim=0) for side in (left, right))
    scale = torch.linalg.matrix_norm(x.T @ x) * torch.linalg.matrix_norm(y.T @ y)
    return float(torch.linalg.matrix_norm(x.T @ y) ** 2 / scale)


def similarities(vectors: Mapping[str, Tensor]) -> dict[tuple[str, str], list[tuple[float, float]]]:
    """Linear CKA and retrieval accuracy between languages, layer by layer.

    Args:
        vectors: By language, vectors of the same n sentences ``[l + 1, n, d]`` as
            `isogloss.diagnostics.layer_vectors` gives them: means over sub-words, the embeddings first.

    Returns:
        Per pair of languages, for each of the l + 1 layers: the CKA, and the share of sentences whose nearest sentence
        of the other language is their translation (cosine, not centred), mean of both directions.

    Raises:
        IsoglossError: As `linear_cka` and `isogloss.diagnostics.retrieval_accuracy`.
    """
    found = {}
    for one, other in combinations(vectors, 2):
        layers = list(zip(vectors[one], vectors[other], strict=True))
        found[one, other] = [(linear_cka(x, y), (_accuracy(x, y) + _accuracy(y, x)) / 2) for x, y in layers]
    return found


def _accuracy(queries: Tensor, candidates: Tensor) -> float:
    return retrieval_accuracy(queries, candidates, centred=False)

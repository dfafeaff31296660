"""Embeddings that already know translations: sub-words that occur in the same sentences of a parallel text."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from scipy import sparse
from sklearn.utils.extmath import randomized_svd
from torch import Tensor


def aligned_embeddings(
    units: Sequence[Sequence[int] | np.ndarray], vocabulary_size: int, dimension: int, *, seed: int
) -> tuple[Tensor, Tensor]:
    """Vectors of sub-words from the parallel sentences that they occur in, whatever the language.

    With n units (a sentence in all its languages) and X[v, u] = √(number of languages in which sub-word v occurs in
    unit u), the positive pointwise mutual information P[v, u] = max(0, log(X[v, u] · ΣX / (X[v, ·] · X[·, u]))) is
    factored as P ≈ U S Vᵀ; the vector of v is row v of U √S, scaled to length 1. Translations occur in the same units,
    so they get neighbouring vectors, without a dictionary.

    Args:
        units: Per unit the sub-words of its sentences; a sub-word is given once per language in which it occurs.
        vocabulary_size: Number of sub-words V.
        dimension: Length d of a vector; at most the number of units.
        seed: Seed of the randomised factorisation.

    Returns:
        Vectors ``[V, d]`` of length 1 (zero where a sub-word is in no unit), and whether a sub-word has one ``[V]``.

    Reference:
        Levy, Søgaard, Goldberg, *A Strong Baseline for Learning Cross-Lingual Word Embeddings from Sentence
        Alignments*, EACL 2017; Søgaard et al., *Inverted indexing for cross-lingual NLP*, ACL 2015.

    Example:
        >>> vectors, known = aligned_embeddings([[0, 2], [1, 3], [0, 2], [1, 3]], 5, 2, seed=0)
        >>> bool(vectors[0] @ vectors[2] > 0.99), bool(vectors[0] @ vectors[1] < 0.01), known.tolist()
        (True, True, [True, True, True, True, False])
    """
    rows = np.concatenate([np.asarray(unit, dtype=np.int64) for unit in units])
    columns = np.repeat(np.arange(len(units)), [len(unit) for unit in units])
    shape = (vocabulary_size, len(units))
    counts = sparse.coo_matrix((np.ones(len(rows)), (rows, columns)), shape=shape).tocsr().sqrt().tocoo()
    of_row, of_column = (np.asarray(counts.sum(axis=axis)).ravel() for axis in (1, 0))
    information = np.log(counts.data * counts.sum() / (of_row[counts.row] * of_column[counts.col]))
    positive = information > 0
    matrix = sparse.csr_matrix(
        (information[positive].astype(np.float32), (counts.row[positive], counts.col[positive])), shape=shape
    )
    left, values, _ = randomized_svd(matrix, dimension, n_iter=3, random_state=seed % 2**32)
    vectors = left * np.sqrt(values)
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    known = lengths[:, 0] > 1e-6
    scaled = np.where(known[:, None], vectors / np.maximum(lengths, 1e-6), 0)
    return torch.from_numpy(scaled.astype(np.float32)), torch.from_numpy(known)

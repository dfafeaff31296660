"""Embeddings that already know translations: sub-words of the same parallel sentences, and of the same neighbours."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import reduce

import numpy as np
import torch
from numpy.typing import NDArray
from scipy import sparse
from sklearn.cluster import MiniBatchKMeans
from sklearn.utils.extmath import randomized_svd
from torch import Tensor

Integers = NDArray[np.integer]


def aligned_embeddings(
    units: Sequence[Sequence[int] | Integers],
    texts: Mapping[str, Integers],
    vocabulary_size: int,
    dimension: int,
    *,
    seed: int,
    clusters: int = 500,
    offsets: Sequence[int] = (-2, -1, 1, 2),
    share: float = 0.5,
) -> tuple[Tensor, Tensor]:
    """Vectors of sub-words from the parallel sentences that they occur in and from their neighbours in running text.

    First come translations. With X[v, u] = √(number of languages in which sub-word v occurs in unit u), a sentence in
    all its languages, the positive pointwise mutual information P of X is factored as P ≈ U S Vᵀ, and row v of U √S,
    scaled to length 1, is the vector of v: translations occur in the same units, so they become neighbours in space.

    Then comes syntax. These vectors are put into C clusters by k-means, whose members are translations of each other
    and near-synonyms; with N[v, c, l, o] = how often, in language l, a sub-word of cluster c stands o places after v,
    Q[v, (o, c)] = max(0, log(Σ_l N[v, c, l, o] / Σ_l N[v, ·, l, o] N[·, c, l, o] / N[·, ·, l, o])). Expecting each
    language's own frequencies keeps apart what a sub-word does from which language it is of. P and a·Q, each first
    scaled to rows of length 1 in the root mean square, are then factored side by side in the same way.

    Args:
        units: Per unit the sub-words of its sentences; a sub-word is given once per language in which it occurs.
        texts: Per language its text, all sub-words in a row.
        vocabulary_size: Number of sub-words V.
        dimension: Length d of a vector; at most V and the number of units.
        seed: Seed of the randomised factorisations and of k-means.
        clusters: Number C of clusters, at most V of them.
        offsets: The places o of neighbours, none of them 0.
        share: Weight a of neighbours; 0 for translations alone. The defaults of these three were chosen by the
            tagging that ``docs/results/embeddings.py`` does.

    Returns:
        Vectors ``[V, d]`` of length 1 (zero where a sub-word occurs nowhere), and whether a sub-word has one ``[V]``.

    Reference:
        Levy, Søgaard, Goldberg, *A Strong Baseline for Learning Cross-Lingual Word Embeddings from Sentence
        Alignments*, EACL 2017, for the first part. The second follows the idea of clusters of translations as
        contexts in Ammar et al., *Massively Multilingual Word Embeddings*, 2016; the expectation per
        language is our own.

    Example:
        >>> units, texts = [[0, 2], [1, 3], [0, 2], [1, 3]], {"en": np.array([0, 1, 0]), "de": np.array([2, 3, 2])}
        >>> vectors, known = aligned_embeddings(units, texts, 5, 2, seed=0)
        >>> bool(vectors[0] @ vectors[2] > 0.99), bool(vectors[0] @ vectors[1] < 0.1), known.tolist()
        (True, True, [True, True, True, True, False])
    """
    state = seed % 2**32
    translations = _translations(units, vocabulary_size)
    vectors = _factor(translations, dimension, state)
    if share:
        clustering = MiniBatchKMeans(min(clusters, vocabulary_size), random_state=state, n_init=1, batch_size=4096)
        cluster_of = clustering.fit(vectors).predict(vectors)
        neighbours = sparse.hstack([_neighbours(list(texts.values()), cluster_of, offset) for offset in offsets])
        both = sparse.hstack([_unit_rows(translations), share * _unit_rows(neighbours)]).tocsr()
        vectors = _factor(both, dimension, state)
    return torch.from_numpy(vectors), torch.from_numpy(np.linalg.norm(vectors, axis=1) > 0)


def _translations(units: Sequence[Sequence[int] | Integers], size: int) -> sparse.csr_matrix:
    """P: sub-words by units."""
    rows = np.concatenate([np.asarray(unit, dtype=np.int64) for unit in units])
    columns = np.repeat(np.arange(len(units)), [len(unit) for unit in units])
    counts = sparse.coo_matrix((np.ones(len(rows)), (rows, columns)), shape=(size, len(units))).tocsr().sqrt()
    of_row, of_column = (np.asarray(counts.sum(axis=axis)).ravel() for axis in (1, 0))
    counts = counts.tocoo()
    return _positive(counts, of_row[counts.row] * of_column[counts.col] / counts.sum())


def _neighbours(texts: Sequence[Integers], cluster_of: Integers, offset: int) -> sparse.csr_matrix:
    """Q for one offset: sub-words by clusters."""
    tables = [_neighbour_counts(ids.astype(np.int64), cluster_of, offset) for ids in texts if len(ids) > abs(offset)]
    counts = reduce(lambda left, right: left + right, tables).tocoo()
    expected = np.zeros(len(counts.data))
    for table in tables:
        of_row, of_column = (np.asarray(table.sum(axis=axis)).ravel() for axis in (1, 0))
        expected += of_row[counts.row] * of_column[counts.col] / table.sum()
    return _positive(counts, expected)


def _neighbour_counts(ids: Integers, cluster_of: Integers, offset: int) -> sparse.csr_matrix:
    own, other = (ids[:-offset], ids[offset:]) if offset > 0 else (ids[-offset:], ids[:offset])
    shape = (len(cluster_of), int(cluster_of.max()) + 1)
    return sparse.coo_matrix((np.ones(len(own)), (own, cluster_of[other])), shape=shape).tocsr()


def _positive(counts: sparse.coo_matrix, expected: NDArray[np.float64]) -> sparse.csr_matrix:
    """Positive pointwise mutual information: how much more often than expected, as a logarithm."""
    information = np.log(counts.data / expected)
    kept = information > 0
    places = counts.row[kept], counts.col[kept]
    return sparse.csr_matrix((information[kept].astype(np.float32), places), shape=counts.shape)


def _unit_rows(matrix: sparse.spmatrix) -> sparse.csr_matrix:
    """The matrix scaled so that its rows have length 1 in the root mean square."""
    return matrix.tocsr() / max(float(sparse.linalg.norm(matrix)) / np.sqrt(matrix.shape[0]), 1e-12)


def _factor(matrix: sparse.csr_matrix, dimension: int, state: int) -> NDArray[np.float32]:
    """Rows of U √S, scaled to length 1; zero for rows of zeros."""
    left, values, _ = randomized_svd(matrix, dimension, n_iter=3, random_state=state)
    vectors = left * np.sqrt(values)
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.where(lengths > 1e-6, vectors / np.maximum(lengths, 1e-6), 0).astype(np.float32)

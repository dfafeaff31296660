from __future__ import annotations

import numpy as np
import pytest
import torch

from isogloss.models.aligned_embeddings import aligned_embeddings

WORDS, CLASSES = 24, 3
SPECIAL = 5
SIZE = SPECIAL + 2 * WORDS
"""Two languages of 24 words, 8 of each class; word i of the second translates word i of the first."""


def draw(number: int, seed: int) -> list[list[int]]:
    """Sentences in which the classes follow each other in a circle."""
    random = np.random.default_rng(seed)
    return [[SPECIAL + CLASSES * int(random.integers(WORDS // CLASSES)) + k for k in range(CLASSES)] * 2
            for _ in range(number)]  # fmt: skip


@pytest.fixture(scope="module")
def vectors() -> torch.Tensor:
    sentences = draw(200, 0)
    units = [[*sorted(set(words)), *(word + WORDS for word in sorted(set(words)))] for words in sentences]
    running = [word for words in draw(2000, 1) for word in words]
    texts = {"a": np.array(running, dtype=np.int32), "b": np.array(running, dtype=np.int32) + WORDS}
    found, known = aligned_embeddings(units, texts, SIZE, 12, seed=0)
    assert known.tolist() == [False] * SPECIAL + [True] * (2 * WORDS)
    assert torch.allclose(found[SPECIAL:].norm(dim=1), torch.ones(2 * WORDS), atol=1e-5)
    assert not found[:SPECIAL].any()
    return found[SPECIAL:]


def test_translations_are_nearest(vectors: torch.Tensor):
    similar = vectors[:WORDS] @ vectors[WORDS:].T
    assert similar.argmax(dim=1).tolist() == list(range(WORDS))


def test_words_of_one_class_are_closer_than_words_of_another(vectors: torch.Tensor):
    # In the parallel sentences a class tells nothing, as each holds words of every class: neighbours tell it.
    similar = vectors[:WORDS] @ vectors[WORDS:].T
    of_class = torch.arange(WORDS) % CLASSES
    same = (of_class[:, None] == of_class[None]) & ~torch.eye(WORDS, dtype=torch.bool)
    assert similar[same].mean() > similar[of_class[:, None] != of_class[None]].mean() + 0.1


def test_a_seed_gives_the_same_vectors():
    units = [[0, 2], [1, 3], [0, 2], [1, 3], [0, 1, 2, 3]]
    texts = {"en": np.array([0, 1, 0, 1]), "de": np.array([2, 3, 2, 3]), "empty": np.array([], dtype=np.int32)}
    first, second = (aligned_embeddings(units, texts, 4, 3, seed=-1)[0] for _ in range(2))
    assert torch.equal(first, second)

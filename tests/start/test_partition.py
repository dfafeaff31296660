"""Parts of a corpus: of equal size at random, or of like examples."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
import torch

from isogloss import IsoglossError
from isogloss.protocols import Batch, Feature
from isogloss.streams.partition import likeness_parts, mean_vectors, random_parts


def test_random_parts_are_of_equal_size_and_depend_on_the_seed():
    of = random_parts(11, 4, seed=0)
    assert sorted(Counter(of.tolist()).values()) == [2, 3, 3, 3]
    assert of.tolist() == random_parts(11, 4, seed=0).tolist() != random_parts(11, 4, seed=1).tolist()


def test_like_examples_are_in_one_part():
    random = np.random.default_rng(0)
    groups = random.permutation(np.arange(60) % 3)
    centres = 10 * random.normal(size=(3, 8))
    vectors = centres[groups] + random.normal(size=(60, 8))
    of = likeness_parts(vectors, 3, components=2, seed=5)
    assert len(set(zip(groups.tolist(), of.tolist(), strict=True))) == 3
    assert of.tolist() == likeness_parts(vectors, 3, components=2, seed=5).tolist()


def test_only_the_first_components_are_looked_at():
    random = np.random.default_rng(0)
    loud, quiet = np.arange(40) % 2, np.arange(40) // 2 % 2
    vectors = np.stack([100.0 * loud, 10.0 * quiet + 0.01 * random.normal(size=40)], axis=1)
    of = likeness_parts(vectors, 2, components=1, seed=0)
    assert len(set(zip(loud.tolist(), of.tolist(), strict=True))) == 2


def test_there_are_no_more_parts_than_different_examples():
    with pytest.raises(IsoglossError, match="at most the 2 examples that differ, found 3"):
        likeness_parts(np.array([[0.0], [1.0], [1.0]]), 3, components=1, seed=0)


class Embedding(torch.nn.Module):
    """The state of a sub-word is its id, and with dropout not even that."""

    def __init__(self) -> None:
        super().__init__()
        self.scale = torch.nn.Parameter(torch.ones(2))

    def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> object:
        states = torch.nn.functional.dropout(input_ids[..., None] * self.scale, training=self.training)
        return type("Output", (), {"last_hidden_state": states})


def test_a_vector_is_the_mean_over_all_sub_words_of_an_example():
    def feature(example: int, *ids: int) -> Feature:
        return Feature({"input_ids": ids}, None, "en", example)

    def collate(features: list[Feature]) -> Batch:
        ids = [torch.tensor(feature.inputs["input_ids"]) for feature in features]
        padded = torch.nn.utils.rnn.pad_sequence(ids, batch_first=True, padding_value=99)
        return Batch({"input_ids": padded, "attention_mask": (padded != 99).long()}, None, ("en",) * len(ids))

    encoder = Embedding().train()
    # Example 0 has two windows, example 1 has none, and batches of 2 pad.
    features = [feature(2, 7), feature(0, 1, 2, 3), feature(0, 8, 6), feature(3, 5, 5, 5, 1)]
    found = mean_vectors(encoder, features, collate, 2)  # type: ignore[arg-type]
    assert found.tolist() == [[4.0, 4.0], [7.0, 7.0], [4.0, 4.0]]
    assert encoder.training

"""Vectors of texts and of their translations."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from transformers import BertConfig, BertModel

from isogloss.diagnostics.paired import paired_vectors
from isogloss.objectives.side_by_side import mean_of_places
from isogloss.protocols import Batch, Feature

CONFIG = BertConfig(hidden_size=8, intermediate_size=8, num_attention_heads=2, num_hidden_layers=2, vocab_size=30)


def collate(features: Sequence[Feature]) -> Batch:
    """Choices of alternatives of three sub-words each; those that one lacks are copies of its first."""
    rows = [torch.tensor(feature.inputs["input_ids"]).view(-1, 3) for feature in features]
    number = max(map(len, rows))
    ids = torch.stack([torch.cat([own, own[:1].expand(number - len(own), -1)]) for own in rows])
    there = torch.tensor([[place < len(own) for place in range(number)] for own in rows])
    return Batch(
        {"input_ids": ids, "attention_mask": torch.ones_like(ids)}, None, ("de",) * len(rows), {"alternatives": there}
    )


def test_the_vector_of_a_choice_is_the_mean_over_its_own_alternatives():
    torch.manual_seed(0)
    model = BertModel(CONFIG)
    two, three = (Feature({"input_ids": [*range(5, 5 + 3 * n)]}, None, "de", n) for n in (2, 3))
    found = [paired_vectors(model, collate, own, own, states=mean_of_places)[0][:, 0] for own in ([two], [two, three])]
    torch.testing.assert_close(found[0], found[1])

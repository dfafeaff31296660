from __future__ import annotations

import torch
from torch import nn

from isogloss.optim import parameter_groups
from tests.laws.small import Tagger


class Tied(Tagger):
    """A tagger that predicts its input: the output matrix is that of the embeddings."""

    def __init__(self) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(5)
        self.output = nn.Linear(5, 11)
        self.output.weight = self.embeddings.weight


def named(model: nn.Module, groups: list[dict]) -> list[set[str]]:
    return [{name for name, p in model.named_parameters() if any(p is q for q in group["params"])} for group in groups]


def test_vectors_do_not_decay_and_tied_weights_come_once():
    model = Tied()
    groups = parameter_groups(model, weight_decay=0.1)
    assert [group["weight_decay"] for group in groups] == [0.0, 0.1]
    assert named(model, groups) == [
        {"hidden.bias", "norm.weight", "norm.bias", "output.bias"},
        {"embeddings.weight", "hidden.weight", "head.weight"},
    ]
    assert sum(len(group["params"]) for group in groups) == len(list(model.parameters()))
    torch.optim.AdamW(groups, lr=0.1)


def test_parameters_may_have_options_of_their_own():
    model = Tagger()
    own = {"head.weight": {"alpha": 1.0}, "hidden.bias": {"alpha": 1.0}}
    groups = parameter_groups(model, weight_decay=0.1, own=own)
    assert named(model, groups) == [{"embeddings.weight", "hidden.weight"}, {"hidden.bias"}, {"head.weight"}]
    assert [group.get("alpha") for group in groups] == [None, 1.0, 1.0]
    assert [group["weight_decay"] for group in groups] == [0.1, 0.0, 0.1]


def test_frozen_parameters_are_there_from_the_start():
    model = Tagger()
    model.hidden.requires_grad_(False)
    assert sum(len(group["params"]) for group in parameter_groups(model, weight_decay=0.0)) == 4

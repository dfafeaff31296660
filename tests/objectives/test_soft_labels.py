"""A student learns what a teacher answers: nothing from itself, the equation by hand, and no look at gold labels."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor
from transformers import AutoModelForSequenceClassification, AutoModelForTokenClassification

from isogloss.objectives.soft_labels import SoftLabels
from isogloss.objectives.supervised import IGNORED
from isogloss.protocols import Batch
from tests.support.encoders import build

AUTO = {"tags": AutoModelForTokenClassification, "texts": AutoModelForSequenceClassification}


def model(kind: str, seed: int) -> Any:
    found = build("bert", AUTO[kind]).eval()
    torch.manual_seed(seed)
    for parameter in found.parameters():
        parameter.data.add_(torch.randn_like(parameter) * 0.3)
    return found


def batch(kind: str, gold: int = 0, size: int = 4) -> Batch:
    ids = torch.tensor([[5, 6, 7, 8], [9, 10, 0, 0]])
    ids = torch.nn.functional.pad(ids, (0, size - 4))
    labels = torch.tensor([gold, gold])
    if kind == "tags":
        labels = torch.full((2, size), IGNORED)
        for text, place in ((0, 1), (0, 3), (1, 0)):
            labels[text, place] = gold
    return Batch({"input_ids": ids, "attention_mask": (ids > 0).long()}, labels, ("en", "de"))


@pytest.mark.parametrize("kind", AUTO)
def test_a_model_has_nothing_to_learn_from_itself(kind: str):
    own = model(kind, 1)
    assert torch.equal(SoftLabels(own)(own, batch(kind))["soft_labels"], torch.zeros(2))
    assert (SoftLabels(own)(model(kind, 2), batch(kind))["soft_labels"] > 1e-3).all()


def by_hand(teacher: Any, student: Any, shown: Batch, temperature: float) -> Tensor:
    """T² Σ_c q_c (log q_c − log p_c), item by item."""
    assert shown.labels is not None
    total = torch.zeros(())
    taught, found = (own(**shown.inputs).logits for own in (teacher, student))
    for place in (shown.labels != IGNORED).nonzero().tolist():
        q = torch.softmax(taught[tuple(place)].detach() / temperature, dim=-1)
        p = torch.softmax(found[tuple(place)] / temperature, dim=-1)
        total = total + temperature**2 * sum(q[c] * (q[c].log() - p[c].log()) for c in range(len(q)))
    return total


@pytest.mark.parametrize("kind", AUTO)
@pytest.mark.parametrize("temperature", [1.0, 3.0])
def test_the_loss_is_that_of_the_paper(kind: str, temperature: float):
    teacher, student = model(kind, 1), model(kind, 2)
    gradients = []
    for loss in (
        SoftLabels(teacher, temperature)(student, batch(kind))["soft_labels"].sum(),
        by_hand(teacher, student, batch(kind), temperature),
    ):
        student.zero_grad()
        loss.backward()
        gradients.append([loss.detach(), *(own.grad for own in student.parameters() if own.grad is not None)])
    for one, other in zip(*gradients, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-6)
    assert all(own.grad is None for own in teacher.parameters())


@pytest.mark.parametrize("kind", AUTO)
def test_neither_gold_labels_nor_padding_count(kind: str):
    objective, student = SoftLabels(model(kind, 1)), model(kind, 2)
    losses = [objective(student, batch(kind, **how))["soft_labels"] for how in ({}, {"gold": 1}, {"size": 7})]
    assert torch.equal(losses[0], losses[1])
    torch.testing.assert_close(losses[0], losses[2])
    assert objective.counts(batch(kind))["soft_labels"].tolist() == ([2, 1] if kind == "tags" else [1, 1])


def test_without_places_there_is_nothing_to_ask():
    shown = batch("texts")
    with pytest.raises(ValueError, match="where its items are"):
        SoftLabels(model("texts", 1)).counts(Batch(shown.inputs, None, shown.languages))
